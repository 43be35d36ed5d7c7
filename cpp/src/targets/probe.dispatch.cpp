// Compiled once per instruction-set level: loops that reach its limits.
#include "rnncore/probe.hpp"

#include <utility>

#include "simd/vector.hpp"
#include "targets/layers.hpp"

namespace rnncore::RNNCORE_TARGET {
namespace {

// The compiler must have the value in a vector register here, and may neither drop nor merge what produced it.
template <class V>
inline __attribute__((always_inline)) void keep_in_register(V& v) {
#if defined(RNNCORE_VECTOR_BYTES)  // wider than a register
    asm volatile("" : "+m"(v));
#elif defined(__aarch64__)
    asm volatile("" : "+w"(v));
#elif defined(__AVX512F__)
    asm volatile("" : "+v"(v));
#else
    asm volatile("" : "+x"(v));
#endif
}

// Latency times throughput is 8 on the machines of today, 16 on some Arm cores; two registers hold the factors.
constexpr std::size_t accumulators = vector_registers == 32 ? 24 : 12;

// Written out by the pack rather than as a loop over an array, which GCC keeps in memory.
template <class Real, std::size_t... each>
std::int64_t fma_rounds(std::int64_t rounds, std::index_sequence<each...>) {
    Vector<Real> factor = broadcast<Real>(Real(0.5)), other = broadcast<Real>(Real(0.25));
    Vector<Real> sums[] = {broadcast<Real>(Real(each))...};
    for (std::int64_t round = 0; round < rounds; ++round) {
        keep_in_register(factor);
        keep_in_register(other);
        ((sums[each] = fma<Real>(factor, other, sums[each])), ...);
        (keep_in_register(sums[each]), ...);
    }
    return rounds * static_cast<std::int64_t>(accumulators) * lanes<Real> * 2;
}

template <class Real>
std::int64_t probe_fma(std::int64_t rounds) {
    return fma_rounds<Real>(rounds, std::make_index_sequence<accumulators>{});
}

constexpr int vectors_per_block = 8;
constexpr std::int64_t block_bytes = vectors_per_block * vector_bytes;

std::int64_t probe_load(const void* buffer, std::int64_t bytes, std::int64_t repeats) {
    const float* values = static_cast<const float*>(buffer);
    const std::int64_t blocks = bytes / block_bytes;
    for (std::int64_t repeat = 0; repeat < repeats; ++repeat) {
        const float* from = values;
        for (std::int64_t block = 0; block < blocks; ++block, from += vectors_per_block * lanes<float>) {
#pragma GCC unroll 8
            for (int i = 0; i < vectors_per_block; ++i) {
                Vector<float> v = load<float>(from + i * lanes<float>);
                keep_in_register(v);
            }
        }
    }
    return blocks * block_bytes * repeats;
}

std::int64_t probe_store(void* buffer, std::int64_t bytes, std::int64_t repeats) {
    float* values = static_cast<float*>(buffer);
    const std::int64_t blocks = bytes / block_bytes;
    Vector<float> v = broadcast<float>(1.0f);
    for (std::int64_t repeat = 0; repeat < repeats; ++repeat) {
        float* to = values;
        for (std::int64_t block = 0; block < blocks; ++block, to += vectors_per_block * lanes<float>) {
            keep_in_register(v);  // or the compiler may call memset
#pragma GCC unroll 8
            for (int i = 0; i < vectors_per_block; ++i) store<float>(to + i * lanes<float>, v);
        }
        asm volatile("" : : : "memory");  // the next pass may not replace this one
    }
    return blocks * block_bytes * repeats;
}

}  // namespace

const Probe level_probe = {probe_fma<float>, probe_fma<double>, probe_load, probe_store};

}  // namespace rnncore::RNNCORE_TARGET
