// A cell behind the function pointers that the rest of the library knows it by.
#pragma once

#include <new>

#include "targets/layers.hpp"
#include "walks/simulate.hpp"
#include "walks/simulate_gated.hpp"

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
void pull_back_inputs_of(const void* cell, const DeltaRows<Real>& rows) {
    static_cast<const Cell*>(cell)->pull_back_inputs(rows);
}

template <class Cell, class Real>
void gather_of(const void* cell, const GradientRows<Real>& rows) {
    static_cast<const Cell*>(cell)->gather(rows);
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
    layer.state_size = cell->state_size();
    layer.padded_size = layer.working_size = padded<Real>(cell->size);
    layer.padded_state = padded<Real>(layer.state_size);
    layer.slopes_size = Cell::slopes * layer.padded_size;
    layer.block_scratch = cell->block_scratch();
    if constexpr (Cell::gated) {
        layer.working_size += cell->drive_row();
        layer.simulate = simulate_gated_chunk<Cell, Real>;
        layer.scratch_size = simulate_gated_scratch<Cell, Real>;
    } else {
        if constexpr (Cell::unitwise) layer.working_size += cell->work_size(1);
        layer.simulate = simulate_chunk<Cell, Real>;
        layer.scratch_size = simulate_scratch<Cell, Real>;
    }
    if (layout == Layout::tangent) layer.tangent = tangent_of<Cell, Real>;
    if (goes_back(layout)) {
        layer.pull_back = pull_back_of<Cell, Real>;
        layer.pull_back_inputs = pull_back_inputs_of<Cell, Real>;
        layer.gather = gather_of<Cell, Real>;
        layer.gradient_scratch = cell->gradient_scratch();
    }
    layer.destroy = destroy_cell<Cell>;
    return layer;
}

}  // namespace rnncore::RNNCORE_TARGET
