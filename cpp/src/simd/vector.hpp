// Vectors of one instruction-set level: GCC/Clang vector extensions, with the few operations those do not spell.
//
// This header, and whatever includes it, is compiled once per level. RNNCORE_TARGET is that level's name and the
// namespace of all that is compiled for it, so that no inline function of one level can be linked into another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#ifndef RNNCORE_TARGET
#error "define RNNCORE_TARGET, the name of the instruction-set level to compile for"
#endif

namespace rnncore::RNNCORE_TARGET {

#if defined(RNNCORE_VECTOR_BYTES)  // a width the machine lacks, to test the code of wider machines
inline constexpr int vector_bytes = RNNCORE_VECTOR_BYTES;
#elif defined(__AVX512F__)
inline constexpr int vector_bytes = 64;
#elif defined(__AVX__)
inline constexpr int vector_bytes = 32;
#else
inline constexpr int vector_bytes = 16;
#endif

// Registers the compiler may fill with accumulators.
#if defined(__AVX512F__) || defined(__aarch64__) || defined(RNNCORE_VECTOR_BYTES)
inline constexpr int vector_registers = 32;
#else
inline constexpr int vector_registers = 16;
#endif

// The layout of IEEE 754 numbers.
template <class Real>
struct Format;

template <>
struct Format<float> {
    static constexpr int fraction_bits = 23, exponent_bias = 127;
    static constexpr float smallest_normal = 0x1p-126f, infinity = __builtin_inff(), nan = __builtin_nanf("");
};

template <>
struct Format<double> {
    static constexpr int fraction_bits = 52, exponent_bias = 1023;
    static constexpr double smallest_normal = 0x1p-1022, infinity = __builtin_inf(), nan = __builtin_nan("");
};

template <class Real>
struct VectorTypes;

template <>
struct VectorTypes<float> {
    typedef float Reals __attribute__((vector_size(vector_bytes)));
    typedef std::int32_t Integers __attribute__((vector_size(vector_bytes)));
    typedef std::uint32_t Naturals __attribute__((vector_size(vector_bytes)));
};

template <>
struct VectorTypes<double> {
    typedef double Reals __attribute__((vector_size(vector_bytes)));
    typedef std::int64_t Integers __attribute__((vector_size(vector_bytes)));
    typedef std::uint64_t Naturals __attribute__((vector_size(vector_bytes)));
};

template <class Real>
using Vector = typename VectorTypes<Real>::Reals;

// Comparisons of Vectors give Integers: all bits set where true. `mask ? a : b` selects lane by lane.
template <class Real>
using Integers = typename VectorTypes<Real>::Integers;

template <class Real>
inline constexpr int lanes = vector_bytes / static_cast<int>(sizeof(Real));

template <class Real>
[[gnu::always_inline]] inline Vector<Real> load(const Real* from) {
    Vector<Real> v;
    std::memcpy(&v, from, sizeof v);
    return v;
}

template <class Real>
[[gnu::always_inline]] inline void store(Real* to, Vector<Real> v) {
    std::memcpy(to, &v, sizeof v);
}

// x - 0 rather than 0 + x: it keeps the sign of -0.
template <class Real>
[[gnu::always_inline]] inline Vector<Real> broadcast(Real x) {
    return x - Vector<Real>{};
}

template <class Real>
[[gnu::always_inline]] inline Integers<Real> as_integers(Vector<Real> v) {
    Integers<Real> bits;
    std::memcpy(&bits, &v, sizeof v);
    return bits;
}

template <class Real>
[[gnu::always_inline]] inline Vector<Real> as_reals(Integers<Real> bits) {
    Vector<Real> v;
    std::memcpy(&v, &bits, sizeof v);
    return v;
}

// The bits of |v|, which as integers order as the magnitudes do, infinity and then NaN above all.
template <class Real>
[[gnu::always_inline]] inline Integers<Real> magnitude_bits(Vector<Real> v) {
    return as_integers<Real>(v) & ~as_integers<Real>(broadcast(Real(-0.0)));
}

// Even lanes and odd ones change places.
template <class Real>
[[gnu::always_inline]] inline Vector<Real> exchange_pairs(Vector<Real> v) {
#if defined(__clang__)
    Vector<Real> exchanged;
    for (int i = 0; i < lanes<Real>; ++i) exchanged[i] = v[i ^ 1];
    return exchanged;
#else
    Integers<Real> order;
    for (int i = 0; i < lanes<Real>; ++i) order[i] = i ^ 1;
    return __builtin_shuffle(v, order);
#endif
}

// Logical: zeros come in from the left.
template <class Real>
[[gnu::always_inline]] inline Integers<Real> shift_right(Integers<Real> bits, int count) {
    return (Integers<Real>)((typename VectorTypes<Real>::Naturals)bits >> count);
}

#if defined(__FMA__) || defined(__aarch64__)
inline constexpr bool fused = true;
#else
inline constexpr bool fused = false;
#endif

// a * b + c, with one rounding where fused.
template <class Real>
inline Real scalar_fma(Real a, Real b, Real c) {
    if constexpr (!fused)
        return a * b + c;
    else if constexpr (sizeof(Real) == 4)
        return __builtin_fmaf(a, b, c);
    else
        return __builtin_fma(a, b, c);
}

// The same, lane by lane.
template <class Real>
[[gnu::always_inline]] inline Vector<Real> fma(Vector<Real> a, Vector<Real> b, Vector<Real> c) {
#if defined(__aarch64__)
    if constexpr (sizeof(Real) == 4) {
        return (Vector<Real>)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
    } else {
        return (Vector<Real>)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
    }
#elif defined(__AVX512F__)
    if constexpr (sizeof(Real) == 4) {
        return (Vector<Real>)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
    } else {
        return (Vector<Real>)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
    }
#elif defined(__FMA__)
    if constexpr (vector_bytes != 32) {  // the code of wider machines, under test
        for (int i = 0; i < lanes<Real>; ++i) c[i] = scalar_fma(Real(a[i]), Real(b[i]), Real(c[i]));
        return c;
    } else if constexpr (sizeof(Real) == 4) {
        return (Vector<Real>)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
    } else {
        return (Vector<Real>)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
    }
#else
    return a * b + c;
#endif
}

}  // namespace rnncore::RNNCORE_TARGET
