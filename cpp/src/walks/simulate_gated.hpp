// The walk forward in time of one layer whose drive has more rows than its state has units: those of its gates.
#pragma once

#include "walks/simulate.hpp"

namespace rnncore::RNNCORE_TARGET {

// Steps start + 1 … start + steps of `width` sequences. Rows are padded; strides count elements.
template <class Real>
struct GatedSteps {
    Index start, steps, width;
    Index row;           // length of a row of units
    Real* drives;        // as the cell's project left them
    const Real* before;  // h before the first step: (width, row)
    Real* memory;        // c, where there is one: (width, row), before the first step, then after the last
    Real* memories;      // c after each step: (steps, width, row); null: not wanted
    Real* rows;          // receives h
    Index step, sequence;
    SlopeRows<Real> slopes;
    Real* work;  // cell.work_size(width) elements
};

// Elements of scratch, part by part.
template <class Cell, class Real>
struct GatedScratch {
    Index drives, rows, before, memory, memories, work;
    GatedScratch(const Cell& cell, Index steps, Index width)
        : drives(steps * width * cell.drive_row()),
          rows(steps * width * padded<Real>(cell.size)),
          before(width * padded<Real>(cell.size)),
          memory(Cell::has_memory ? before : 0),
          memories(Cell::has_memory ? rows : 0),
          work(cell.work_size(width)) {}
    Index total() const { return drives + rows + before + memory + memories + work; }
};

template <class Cell, class Real>
Index simulate_gated_scratch(const void* cell, Index steps, Index width) {
    return GatedScratch<Cell, Real>(*static_cast<const Cell*>(cell), steps, width).total();
}

template <class Cell, class Real>
void simulate_gated_chunk(const void* object, const LayerChunk<Real>& chunk) {
    const Cell& cell = *static_cast<const Cell*>(object);
    const Index size = cell.size, row = padded<Real>(size), steps = chunk.steps, width = chunk.width;
    const GatedScratch<Cell, Real> scratch(cell, steps, width);
    const bool direct = chunk.outputs && chunk.output_sequence % lanes<Real> == 0 && chunk.output_sequence >= row;

    GatedSteps<Real> part{};
    part.start = chunk.start;
    part.steps = steps;
    part.width = width;
    part.row = row;
    part.drives = chunk.scratch;
    Real* const rows = part.drives + scratch.drives;
    Real* const before = rows + scratch.rows;
    part.before = before;
    part.memory = before + scratch.before;
    part.memories = Cell::has_memory && chunk.states ? part.memory + scratch.memory : nullptr;
    part.work = part.memory + scratch.memory + scratch.memories;
    part.rows = direct ? chunk.outputs : rows;
    part.step = direct ? chunk.output_step : width * row;
    part.sequence = direct ? chunk.output_sequence : row;
    part.slopes = chunk.slopes;

    cell.project(chunk.inputs, chunk.input_step, chunk.input_sequence, part.drives, steps, width);
    std::memset(before, 0, sizeof(Real) * (scratch.before + scratch.memory));
    copy_rows<Real>(chunk.state, 0, chunk.state_sequence, before, 0, row, 1, width, size);
    if (Cell::has_memory)
        copy_rows<Real>(chunk.state + size, 0, chunk.state_sequence, part.memory, 0, row, 1, width, size);
    cell.advance(part);
    copy_rows<Real>(part.rows + (steps - 1) * part.step, 0, part.sequence, chunk.state, 0, chunk.state_sequence, 1,
                    width, size);
    if (Cell::has_memory)
        copy_rows<Real>(part.memory, 0, row, chunk.state + size, 0, chunk.state_sequence, 1, width, size);
    if (chunk.states)
        copy_rows<Real>(part.rows, part.step, part.sequence, chunk.states, chunk.states_step, chunk.states_sequence,
                        steps, width, size);
    if (part.memories)
        copy_rows<Real>(part.memories, width * row, row, chunk.states + size, chunk.states_step, chunk.states_sequence,
                        steps, width, size);
    if (chunk.outputs && !direct)
        copy_rows<Real>(part.rows, part.step, part.sequence, chunk.outputs, chunk.output_step, chunk.output_sequence,
                        steps, width, size);
}

}  // namespace rnncore::RNNCORE_TARGET
