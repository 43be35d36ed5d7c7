// Instruction-set levels the library was compiled for, and the one that runs.
#pragma once

#include <string>
#include <vector>

namespace rnncore {

struct TargetDescription {
    std::string name;          // "x86_v3"
    std::string instructions;  // what the compiler was allowed to use for it, from its own macros
    int vector_bytes;
    bool supported;  // by this machine
};

// Every level compiled in, best first.
std::vector<TargetDescription> compiled_targets();

// The level used when none is named: RNNCORE_TARGET from the environment, else the best supported one.
// Throws std::invalid_argument for an unknown name, std::runtime_error where the machine cannot run it.
std::string selected_target();

}  // namespace rnncore
