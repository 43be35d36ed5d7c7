// Compiled once per instruction-set level and precision (RNNCORE_REAL): the kernels of every cell.
#include "targets/layers.hpp"

#include <new>

#include "cells/dense.hpp"
#include "cells/elman.hpp"
#include "cells/matrix_sequence.hpp"
#include "dense/orthonormalise.hpp"
#include "dense/scaling.hpp"
#include "walks/simulate.hpp"

namespace rnncore::RNNCORE_TARGET {

template <class Cell>
void destroy_cell(void* cell) {
    static_cast<Cell*>(cell)->destroy();
    delete static_cast<Cell*>(cell);
}

template <class Cell, class Real>
void tangent_of(const void* cell, const TangentStep<Real>& step) {
    static_cast<const Cell*>(cell)->tangent(step);
}

template <class Cell, class Real>
void pull_back_of(const void* cell, const CotangentStep<Real>& step) {
    static_cast<const Cell*>(cell)->pull_back(step);
}

template <class Cell, class Real>
Layer<Real> make_layer(const typename Cell::Parameters& parameters, Layout layout) {
    Layer<Real> layer{};
    Cell* cell = new (std::nothrow) Cell();
    if (!cell) return layer;
    if (!cell->create(parameters, layout)) {
        destroy_cell<Cell>(cell);
        return layer;
    }
    layer.cell = cell;
    layer.input_size = cell->input_size;
    layer.output_size = cell->size;
    layer.state_size = Cell::has_state ? cell->size : 0;
    layer.padded_size = padded<Real>(cell->size);
    layer.slopes_size = Cell::has_slopes ? layer.padded_size : 0;
    layer.simulate = simulate_chunk<Cell, Real>;
    if constexpr (Cell::has_jacobian) {
        if (layout == Layout::tangent) layer.tangent = tangent_of<Cell, Real>;
        if (layout == Layout::adjoint) layer.pull_back = pull_back_of<Cell, Real>;
    }
    layer.scratch_size = simulate_scratch<Cell, Real>;
    layer.destroy = destroy_cell<Cell>;
    return layer;
}

template <>
Layer<RNNCORE_REAL> make_elman<RNNCORE_REAL>(const Elman<RNNCORE_REAL>& elman, Layout layout) {
    using Real = RNNCORE_REAL;
    if (elman.sparse_hh) return make_layer<ElmanCell<Real, SparseRecurrence<Real>>, Real>(elman, layout);
    return layout == Layout::batch ? make_layer<ElmanCell<Real, BatchRecurrence<Real>>, Real>(elman, layout)
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

template void rescale(RNNCORE_REAL*, Index, Index, Index, std::int64_t*, bool);
template void orthonormalise(RNNCORE_REAL*, Index, Index, Index, RNNCORE_REAL*);
template void column_squares(const RNNCORE_REAL*, Index, Index, Index, double*);
template void group_squares(const RNNCORE_REAL*, Index, Index, Index, const std::int32_t*, Index, double*,
                            std::int64_t*);

}  // namespace rnncore::RNNCORE_TARGET
