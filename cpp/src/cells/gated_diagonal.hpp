// c_t = ψ(z_g) c_{t-1} + φ(z), z_g = W_gate x_t + b_gate, z = W_ih x_t + b, each unit by itself
//
// ∂c_t/∂c_{t-1} = diag(ψ(z_g)), ∂c_t/∂x_t = diag(c_{t-1} ψ'(z_g)) W_gate + diag(φ'(z)) W_ih
#pragma once

#include "cells/activation.hpp"
#include "cells/gathering.hpp"
#include "cells/transposed_inputs.hpp"
#include "dense/gate_block_product.hpp"
#include "dense/input_projection.hpp"
#include "rnncore/layout.hpp"
#include "walks/block_step.hpp"
#include "walks/simulate_gated.hpp"

namespace rnncore::RNNCORE_TARGET {

template <class Real>
struct GatedDiagonalCell {
    static constexpr bool gated = true, has_memory = false;
    static constexpr Index slopes = 3;
    using Parameters = GatedDiagonal<Real>;

    Index size = 0, input_size = 0;
    InputProjection<Real> gate_input, input;
    PackedMatrix<Real> input_gates;            // walks with tangents
    TransposedInputs<Real> transposed_inputs;  // walks backward: of gates, then of inputs
    Activation<Real> gate_activation = nullptr, activation = nullptr;
    Linearisation<Real> gate_linearisation = nullptr, linearisation = nullptr;

    bool create(const GatedDiagonal<Real>& cell, Layout layout) {
        size = cell.size;
        input_size = cell.input_size;
        gate_activation = choose_activation<Real>(cell.gate_nonlinearity, false);
        activation = choose_activation<Real>(cell.nonlinearity, false);
        gate_linearisation = choose_linearisation<Real>(cell.gate_nonlinearity);
        linearisation = choose_linearisation<Real>(cell.nonlinearity);
        if (layout != Layout::tangent && !goes_back(layout)) return create_inputs(cell);
        const Index block = size * input_size;
        Real* const both = static_cast<Real*>(allocate(sizeof(Real) * 2 * block));
        if (!both) return false;
        std::memcpy(both, cell.weight_gate, sizeof(Real) * block);
        std::memcpy(both + block, cell.weight_ih, sizeof(Real) * block);
        const bool made =
            create_inputs(cell) &&
            (layout == Layout::tangent ? create_gates(both) : transposed_inputs.create(both, 2 * size, input_size));
        std::free(both);
        return made;
    }

    bool create_inputs(const GatedDiagonal<Real>& cell) {
        return gate_input.create(cell.weight_gate, cell.bias_gate, size, input_size) &&
               input.create(cell.weight_ih, cell.bias, size, input_size);
    }

    bool create_gates(const Real* both) {
        const GateRows<Real> rows(both, 2, size, input_size);
        return !rows.failed() &&
               pack<Real>(input_gates, rows.data(), rows.rows(), input_size, 1, gate_tile_vectors(2), 2);
    }

    void destroy() {
        gate_input.destroy();
        input.destroy();
        transposed_inputs.destroy();
        std::free(input_gates.data);
    }

    Index state_size() const { return size; }
    Index drive_row() const { return 2 * padded<Real>(size); }
    Index work_size(Index) const { return 0; }
    Index block_scratch() const { return drive_row(); }

    // The rows of the gates of all steps, then those of the inputs.
    void project(const Real* inputs, Index input_step, Index input_sequence, Real* drives, Index steps,
                 Index width) const {
        const Index row = padded<Real>(size);
        gate_input.project(inputs, input_step, input_sequence, drives, width * row, row, steps, width);
        input.project(inputs, input_step, input_sequence, drives + steps * width * row, width * row, row, steps, width);
    }

    void advance(const GatedSteps<Real>& part) const {
        const Index row = part.row, plane = part.steps * part.width * row;
        Real *const gates = part.drives, *const inputs = gates + plane;
        for (Index b = 0; part.slopes.first && b < part.width; ++b)
            for (Index t = 0; t < part.steps; ++t) {
                Real* const to = slopes_of(part.slopes, b) + slopes * t * row;
                const Index from = (t * part.width + b) * row;
                std::memcpy(to + row, gates + from, sizeof(Real) * row);
                std::memcpy(to + 2 * row, inputs + from, sizeof(Real) * row);
            }
        if (gate_activation) gate_activation(1, nullptr, gates, plane / lanes<Real>);
        if (activation) activation(1, nullptr, inputs, plane / lanes<Real>);
        for (Index b = 0; b < part.width; ++b)
            for (Index u = 0; u < row; u += lanes<Real>) {
                Vector<Real> c = load<Real>(part.before + b * row + u);
                const Real* gate = gates + b * row + u;
                const Real* in = inputs + b * row + u;
                Real* to = part.rows + b * part.sequence + u;
                for (Index t = 0; t < part.steps;
                     ++t, gate += part.width * row, in += part.width * row, to += part.step) {
                    c = fma<Real>(load<Real>(gate), c, load<Real>(in));
                    store<Real>(to, c);
                    __builtin_prefetch(to + part.steps * part.step, 1);
                }
            }
        if (part.slopes.first)
            for (Index b = 0; b < part.width; ++b) linearise(part, gates, b);
    }

    // ψ(z_g), c ψ'(z_g), φ'(z)
    void linearise(const GatedSteps<Real>& part, const Real* gates, Index b) const {
        const Index row = part.row, vectors = row / lanes<Real>;
        const Real* previous = part.before + b * row;
        for (Index t = 0; t < part.steps; ++t) {
            Real* const to = slopes_of(part.slopes, b) + slopes * t * row;
            std::memcpy(to, gates + (t * part.width + b) * row, sizeof(Real) * row);
            gate_linearisation(1, to + row, vectors);
            linearisation(1, to + 2 * row, vectors);
            for (Index u = 0; u < row; u += lanes<Real>)
                store<Real>(to + row + u, load<Real>(previous + u) * load<Real>(to + row + u));
            previous = part.rows + t * part.step + b * part.sequence;
        }
    }

    void tangent(const TangentStep<Real>& step) const {
        const Index row = padded<Real>(size);
        const Real *kept = step.slopes, *by_gate = kept + row, *by_input = by_gate + row, *state = step.state;
        Real* const result = step.result;
        scale_rows(kept, state, size, step.shape, result);
        if (!step.inputs) return;
        multiply_gates<Real, 2>(
            input_gates, size, step.inputs, step.shape, step.scratch,
            [=](const auto& rows, Index u, Index count, const Vector<Real>* z) __attribute__((always_inline)) {
                const Vector<Real> sum = fma<Real>(rows.slope(by_gate, u), z[0], rows.get(result, u));
                rows.put(result, u, count, fma<Real>(rows.slope(by_input, u), z[1], sum));
            });
    }

    void pull_back(const CotangentStep<Real>& step) const {
        const Index row = padded<Real>(size), n = size;
        if (step.above) add_block(step.above, n, step.shape, step.state);
        scale_rows(step.slopes, step.state, n, step.shape, step.result);
        if (!step.below && !step.deltas) return;
        for (Index g = 0; g < 2; ++g)
            for_each_unit<Real>(n, step.shape, [&](const auto& rows, Index u, Index count) {
                const Vector<Real> slope = rows.slope(step.slopes + (g + 1) * row, u);
                rows.put(step.scratch, g * n + u, count, slope * rows.get(step.state, u));
            });
        if (step.below) transposed_inputs.multiply(step.scratch, step.shape, step.below);
    }

    void pull_back_inputs(const DeltaRows<Real>& rows) const { transposed_inputs.multiply_rows(rows, 0); }

    Index gradient_scratch() const { return 0; }

    void gather(const GradientRows<Real>& rows) const {
        double* const* const to = rows.gradients.parameters;
        gather_matrix(rows, size, size, inputs_of(rows), input_size, to[0]);
        gather_matrix(rows, 0, size, inputs_of(rows), input_size, to[1]);
        gather_bias(rows, size, size, to[2]);
        gather_bias(rows, 0, size, to[3]);
    }
};

}  // namespace rnncore::RNNCORE_TARGET
