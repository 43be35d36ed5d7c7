// Compiled once per instruction-set level and precision (RNNCORE_REAL): the kernels of every cell.
#include "targets/layers.hpp"

#include <new>

#include "cells/dense.hpp"
#include "cells/elman.hpp"
#include "cells/matrix_sequence.hpp"
#include "walks/simulate.hpp"

namespace rnncore::RNNCORE_TARGET {

template <class Cell>
void destroy_cell(void* cell) {
    static_cast<Cell*>(cell)->destroy();
    delete static_cast<Cell*>(cell);
}

template <class Cell, class Real>
Layer<Real> make_layer(const typename Cell::Parameters& parameters) {
    Layer<Real> layer{};
    Cell* cell = new (std::nothrow) Cell();
    if (!cell) return layer;
    if (!cell->create(parameters)) {
        destroy_cell<Cell>(cell);
        return layer;
    }
    layer.cell = cell;
    layer.input_size = cell->input_size;
    layer.output_size = cell->size;
    layer.state_size = Cell::has_state ? cell->size : 0;
    layer.padded_size = padded<Real>(cell->size);
    layer.simulate = simulate_chunk<Cell, Real>;
    layer.scratch_size = simulate_scratch<Cell, Real>;
    layer.destroy = destroy_cell<Cell>;
    return layer;
}

template <>
Layer<RNNCORE_REAL> make_elman<RNNCORE_REAL>(const Elman<RNNCORE_REAL>& elman, bool batched) {
    using Real = RNNCORE_REAL;
    if (elman.sparse_hh) return make_layer<ElmanCell<Real, SparseRecurrence<Real>>, Real>(elman);
    return batched ? make_layer<ElmanCell<Real, BatchRecurrence<Real>>, Real>(elman)
                   : make_layer<ElmanCell<Real, SingleRecurrence<Real>>, Real>(elman);
}

template <>
Layer<RNNCORE_REAL> make_dense<RNNCORE_REAL>(const Dense<RNNCORE_REAL>& dense) {
    return make_layer<DenseCell<RNNCORE_REAL>, RNNCORE_REAL>(dense);
}

template <>
Layer<RNNCORE_REAL> make_matrix_sequence<RNNCORE_REAL>(const MatrixSequence<RNNCORE_REAL>& sequence) {
    return make_layer<MatrixSequenceCell<RNNCORE_REAL>, RNNCORE_REAL>(sequence);
}

}  // namespace rnncore::RNNCORE_TARGET
