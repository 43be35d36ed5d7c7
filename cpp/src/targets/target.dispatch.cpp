// Compiled once per instruction-set level: the table of that level.
#include "simd/vector.hpp"
#include "targets/layers.hpp"

#define RNNCORE_QUOTE(name) #name
#define RNNCORE_QUOTE_VALUE(name) RNNCORE_QUOTE(name)

namespace rnncore::RNNCORE_TARGET {

template <class Real>
static constexpr BlockKernels<Real> blocks = {rescale<Real>, orthonormalise<Real>, column_squares<Real>,
                                              group_squares<Real>};

// Data, not a function: nothing compiled for this level may run before the choice.
extern constexpr Target target = {
    RNNCORE_QUOTE_VALUE(RNNCORE_TARGET),
#if defined(__AVX512F__) && defined(__AVX512VL__)
    "AVX-512 F VL BW DQ CD, FMA",
#elif defined(__AVX2__) && defined(__FMA__)
    "AVX2, FMA",
#elif defined(__SSE4_2__)
    "SSE4.2",
#elif defined(__aarch64__)
    "Advanced SIMD",
#else
#error "this level's compiler flags name no known instruction set"
#endif
    vector_bytes,
    {make_elman<float>, make_dense<float>, make_matrix_sequence<float>, make_lstm<float>, make_gru<float>,
     make_diagonal<float>, make_gated_diagonal<float>, make_delay_line<float>, blocks<float>, apply_function<float>},
    {make_elman<double>, make_dense<double>, make_matrix_sequence<double>, make_lstm<double>, make_gru<double>,
     make_diagonal<double>, make_gated_diagonal<double>, make_delay_line<double>, blocks<double>,
     apply_function<double>},
    &level_probe};

}  // namespace rnncore::RNNCORE_TARGET
