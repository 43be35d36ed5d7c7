// What LSTM and GRU share: the products with the rows of all gates, and the walk forward. Units: see
// cells/gated_recurrence.hpp; it also has `slopes`, vectors of units that linearising one step leaves, and `linearise`.
#pragma once

#include "cells/gated_recurrence.hpp"
#include "cells/gathering.hpp"
#include "cells/transposed_inputs.hpp"
#include "dense/gate_block_product.hpp"
#include "dense/input_projection.hpp"

namespace rnncore::RNNCORE_TARGET {

template <class Real, class Units>
struct GatedCell {
    static constexpr bool gated = true;
    static constexpr int gates = Units::gates;
    static constexpr Index slopes = Units::slopes;

    Index size = 0, input_size = 0;
    InputProjection<Real> input;
    GatedRecurrence<Real, Units> recurrence;
    Units units;
    PackedMatrix<Real> input_gates;            // walks with tangents
    PackedMatrix<Real> transposed_recurrence;  // walks backward; packed by the derived cell
    TransposedInputs<Real> transposed_inputs;

    template <class Parameters>
    bool create_gates(const Parameters& cell, Layout layout) {
        size = cell.size;
        input_size = cell.weight_ih ? cell.input_size : 0;
        const GateRows<Real> hh(cell.weight_hh, gates, size, size), ih(cell.weight_ih, gates, size, input_size),
            bias(cell.bias, gates, size, 1);
        if (hh.failed() || ih.failed() || bias.failed()) return false;
        if (layout == Layout::tangent &&
            !pack<Real>(input_gates, ih.data(), ih.rows(), input_size, 1, gate_tile_vectors(gates), gates))
            return false;
        if (goes_back(layout) && !transposed_inputs.create(cell.weight_ih, gates * size, input_size)) return false;
        return input.create(ih.data(), bias.data(), ih.rows(), input_size) && recurrence.create(hh, size, layout);
    }

    void destroy() {
        input.destroy();
        recurrence.destroy();
        units.destroy();
        transposed_inputs.destroy();
        std::free(input_gates.data);
        std::free(transposed_recurrence.data);
    }

    Index drive_row() const { return gates * padded<Real>(size); }
    Index work_size(Index width) const { return recurrence.work_size(width); }
    Index block_scratch() const { return 4 * padded<Real>(size); }

    void project(const Real* inputs, Index input_step, Index input_sequence, Real* drives, Index steps,
                 Index width) const {
        input.project(inputs, input_step, input_sequence, drives, width * drive_row(), drive_row(), steps, width);
    }

    void advance(const GatedSteps<Real>& part) const {
        recurrence.advance(units, part);
        if (!part.slopes.first) return;
        for (Index b = 0; b < part.width; ++b)
            for (Index t = 0; t < part.steps; ++t)
                units.linearise(slopes_of(part.slopes, b) + t * slopes * part.row, part.row);
    }
};

}  // namespace rnncore::RNNCORE_TARGET
