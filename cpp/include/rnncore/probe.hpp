// What a machine can do at most, at one instruction-set level: the limits that benchmarks hold kernels against.
#pragma once

#include <cstdint>
#include <string>

namespace rnncore {

// Loops of a fixed amount of work that no compiler can remove; the caller times them.
struct Probe {
    // Independent multiply-adds in registers. Returns the operations done, two per lane and multiply-add.
    std::int64_t (*fma_float32)(std::int64_t rounds);
    std::int64_t (*fma_float64)(std::int64_t rounds);

    // Reads (writes) the buffer from end to end, again and again. Returns the bytes moved: whole blocks of 8 vectors.
    std::int64_t (*load)(const void* buffer, std::int64_t bytes, std::int64_t repeats);
    std::int64_t (*store)(void* buffer, std::int64_t bytes, std::int64_t repeats);
};

// An empty target name means selected_target().
const Probe& probe(const std::string& target = {});

}  // namespace rnncore
