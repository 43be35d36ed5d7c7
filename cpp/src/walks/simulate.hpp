// The walk forward in time of one layer over one chunk of steps: a template over the cell, which knows only its step.
#pragma once

#include "dense/packed_matrix.hpp"
#include "targets/target.hpp"

namespace rnncore::RNNCORE_TARGET {

template <class Real>
inline Real* slopes_of(const SlopeRows<Real>& rows, Index sequence) {
    return rows.first ? rows.first + sequence * rows.sequence : nullptr;
}

template <class Real>
inline void copy_rows(const Real* from, Index from_step, Index from_sequence, Real* to, Index to_step,
                      Index to_sequence, Index steps, Index width, Index size) {
    for (Index t = 0; t < steps; ++t)
        for (Index b = 0; b < width; ++b)
            std::memcpy(to + t * to_step + b * to_sequence, from + t * from_step + b * from_sequence,
                        sizeof(Real) * size);
}

// Steps of one sequence of a cell whose units go each by itself. Rows are padded; strides count elements.
template <class Real>
struct UnitSteps {
    Index steps;
    const Real* inputs;  // null: zero inputs
    Index input_step;
    const Real* before;  // the state before the first step
    Real* rows;          // receives the state after each step
    Index step;
    Real* slopes;  // null: not wanted
    Real* work;    // cell.work_size(steps) elements
};

// Scratch: rows of the chunk where the outputs cannot serve, then the padded state before the chunk, then the cell's.
template <class Cell, class Real>
Index simulate_scratch(const void* object, Index steps, Index width) {
    const Cell& cell = *static_cast<const Cell*>(object);
    Index work = 0;
    if constexpr (Cell::unitwise) work = cell.work_size(steps);
    return (steps + 1) * width * padded<Real>(cell.size) + work;
}

template <class Cell, class Real>
void simulate_chunk(const void* object, const LayerChunk<Real>& chunk) {
    const Cell& cell = *static_cast<const Cell*>(object);
    const Index size = cell.size, row = padded<Real>(size), steps = chunk.steps, width = chunk.width;

    // Rows of whole vectors can be the caller's.
    const bool direct = chunk.outputs && chunk.output_sequence % lanes<Real> == 0 && chunk.output_sequence >= row;
    Real* rows = direct ? chunk.outputs : chunk.scratch;
    const Index step = direct ? chunk.output_step : width * row;
    const Index sequence = direct ? chunk.output_sequence : row;
    // Steps are worked out in place: first the drive z_t, then h_t over it, but where each unit goes by itself.
    if constexpr (!Cell::unitwise)
        cell.input.project(chunk.inputs, chunk.input_step, chunk.input_sequence, rows, step, sequence, steps, width);

    if constexpr (Cell::has_state) {
        Real* before = chunk.scratch + steps * width * row;
        std::memset(before, 0, sizeof(Real) * width * row);
        copy_rows<Real>(chunk.state, 0, chunk.state_sequence, before, 0, row, 1, width, size);
        if constexpr (Cell::unitwise)
            for (Index b = 0; b < width; ++b)
                cell.advance(UnitSteps<Real>{steps, chunk.inputs ? chunk.inputs + b * chunk.input_sequence : nullptr,
                                             chunk.input_step, before + b * row, rows + b * sequence, step,
                                             slopes_of(chunk.slopes, b), before + width * row});
        else
            cell.advance(chunk.start, before, row, rows, step, sequence, steps, width, chunk.slopes);
        copy_rows<Real>(rows + (steps - 1) * step, 0, sequence, chunk.state, 0, chunk.state_sequence, 1, width, size);
        if (chunk.states)
            copy_rows<Real>(rows, step, sequence, chunk.states, chunk.states_step, chunk.states_sequence, steps, width,
                            size);
    } else {
        cell.finish(rows, step, sequence, steps, width, chunk.slopes);
    }
    if (chunk.outputs && !direct)
        copy_rows<Real>(rows, step, sequence, chunk.outputs, chunk.output_step, chunk.output_sequence, steps, width,
                        size);
}

}  // namespace rnncore::RNNCORE_TARGET
