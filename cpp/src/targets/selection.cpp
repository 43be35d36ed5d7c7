// Compiled for the plainest machine: which levels there are, and which of them this machine can run.
#include "targets/selection.hpp"

#include <cstdlib>
#include <stdexcept>
#include <vector>

#include "rnncore/targets.hpp"
#include "target_list.hpp"

namespace rnncore {

#define RNNCORE_DECLARE(name)   \
    namespace name {            \
    extern const Target target; \
    }
RNNCORE_FOR_EACH_TARGET(RNNCORE_DECLARE)
#undef RNNCORE_DECLARE

namespace {

const std::vector<Target>& all_targets() {
#define RNNCORE_CALL(name) name::target,
    static const std::vector<Target> targets = {RNNCORE_FOR_EACH_TARGET(RNNCORE_CALL)};
#undef RNNCORE_CALL
    return targets;
}

// The x86-64 psABI levels, but for what no kernel uses; the operating system's part is checked too.
bool supported(const std::string& name) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    const bool v2 = __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt");
    const bool v3 = v2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
    const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512vl");
    if (name == "x86_v4") return v4;
    if (name == "x86_v3" || name == "x86_wide") return v3;
    return name == "x86_v2" && v2;
#else
    return name == "neon";
#endif
}

std::string names() {
    std::string list;
    for (const Target& target : all_targets()) list += (list.empty() ? "" : ", ") + std::string(target.name);
    return list;
}

const Target& find_by_name(const std::string& name, const std::string& source) {
    for (const Target& target : all_targets()) {
        if (name != target.name) continue;
        if (!supported(name)) throw std::runtime_error(source + ": this machine cannot run " + name);
        return target;
    }
    throw std::invalid_argument(source + " must be one of " + names() + "; got '" + name + "'");
}

}  // namespace

std::vector<TargetDescription> compiled_targets() {
    std::vector<TargetDescription> descriptions;
    for (const Target& target : all_targets())
        descriptions.push_back({target.name, target.instructions, target.vector_bytes, supported(target.name)});
    return descriptions;
}

std::string selected_target() { return find_target({}).name; }

const Target& find_target(const std::string& name) {
    if (!name.empty()) return find_by_name(name, "target");
    const char* forced = std::getenv("RNNCORE_TARGET");
    if (forced && *forced) return find_by_name(forced, "RNNCORE_TARGET");
    for (const Target& target : all_targets())
        if (supported(target.name)) return target;
    throw std::runtime_error("this machine can run none of the compiled instruction-set levels: " + names());
}

const Probe& probe(const std::string& target) { return *find_target(target).probe; }

template <>
const Kernels<float>& kernels_of(const Target& target) {
    return target.float_kernels;
}

template <>
const Kernels<double>& kernels_of(const Target& target) {
    return target.double_kernels;
}

}  // namespace rnncore
