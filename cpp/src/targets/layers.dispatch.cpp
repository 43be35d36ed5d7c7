// Compiled once per instruction-set level and precision (RNNCORE_REAL): the kernels of every cell.
#include "cells/delay_line.hpp"
#include "cells/dense.hpp"
#include "cells/elman.hpp"
#include "cells/matrix_sequence.hpp"
#include "dense/orthonormalise.hpp"
#include "dense/scaling.hpp"
#include "targets/make_layer.hpp"

namespace rnncore::RNNCORE_TARGET {

template <>
Layer<RNNCORE_REAL> make_elman<RNNCORE_REAL>(const Elman<RNNCORE_REAL>& elman, Layout layout) {
    using Real = RNNCORE_REAL;
    if (elman.sparse_hh) return make_layer<ElmanCell<Real, SparseRecurrence<Real>>, Real>(elman, layout);
    return is_batch(layout) ? make_layer<ElmanCell<Real, BatchRecurrence<Real>>, Real>(elman, layout)
                            : make_layer<ElmanCell<Real, SingleRecurrence<Real>>, Real>(elman, layout);
}

template <>
Layer<RNNCORE_REAL> make_dense<RNNCORE_REAL>(const Dense<RNNCORE_REAL>& dense, Layout layout) {
    return make_layer<DenseCell<RNNCORE_REAL>, RNNCORE_REAL>(dense, layout);
}

template <>
Layer<RNNCORE_REAL> make_matrix_sequence<RNNCORE_REAL>(const MatrixSequence<RNNCORE_REAL>& sequence, Layout layout) {
    return make_layer<MatrixSequenceCell<RNNCORE_REAL>, RNNCORE_REAL>(sequence, layout);
}

template <>
Layer<RNNCORE_REAL> make_delay_line<RNNCORE_REAL>(const DelayLine<RNNCORE_REAL>& line, Layout layout) {
    return make_layer<DelayLineCell<RNNCORE_REAL>, RNNCORE_REAL>(line, layout);
}

template void rescale(RNNCORE_REAL*, Index, Index, Index, std::int64_t*, bool);
template void orthonormalise(RNNCORE_REAL*, Index, Index, Index, RNNCORE_REAL*);
template void column_squares(const RNNCORE_REAL*, Index, Index, Index, double*);
template void group_squares(const RNNCORE_REAL*, Index, Index, Index, const std::int32_t*, Index, double*,
                            std::int64_t*);

}  // namespace rnncore::RNNCORE_TARGET
