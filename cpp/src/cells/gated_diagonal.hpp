// c_t = ψ(z_g) c_{t-1} + φ(z), z_g = W_gate x_t + b_gate, z = W_ih x_t + b, each unit by itself
//
// ∂c_t/∂c_{t-1} = diag(ψ(z_g)), ∂c_t/∂x_t = diag(c_{t-1} ψ'(z_g)) W_gate + diag(φ'(z)) W_ih
#pragma once

#include "cells/activation.hpp"
#include "cells/gathering.hpp"
#include "cells/transposed_inputs.hpp"
#include "dense/gate_block_product.hpp"
#include "dense/tile_drives.hpp"
#include "rnncore/layout.hpp"
#include "walks/block_step.hpp"
#include "walks/simulate.hpp"

namespace rnncore::RNNCORE_TARGET {

template <class Real>
struct GatedDiagonalCell {
    static constexpr bool has_state = true, gated = false, unitwise = true;
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
    Index block_scratch() const { return 2 * padded<Real>(size); }

    // Gates and inputs of a tile of units.
    Index work_size(Index steps) const {
        return 2 * steps * lanes<Real> * (input.weight.tiles ? input.weight.tile_vectors(0) : 0);
    }

    void advance(const UnitSteps<Real>& part) const {
        for_each_tile(input.weight, [&](auto vectors, Index tile) { run<vectors.value>(tile, part); });
        if (part.slopes) linearise(part);
    }

    // Inputs go from the product into the steps, unless something is to be done with them or they are to be kept.
    template <int V>
    void run(Index tile, const UnitSteps<Real>& part) const {
        constexpr Index units = V * lanes<Real>;
        const Index first = input.weight.tile_start(tile) * lanes<Real>, steps = part.steps;
        Real *const gates = part.work, *const inputs = gates + steps * units;
        const auto store_gates = [&](Index t, const Vector<Real>* z) __attribute__((always_inline)) {
            store_vectors<V>(gates + t * units, z);
            prefetch_for_writing(part.rows + t * part.step + first, units);
        };
        for_each_drive<V>(gate_input, tile, part.inputs, part.input_step, steps, store_gates);
        keep(gates, part, 1, first, units);
        if (gate_activation) gate_activation(1, nullptr, gates, steps * V);
        keep(gates, part, 0, first, units);

        Vector<Real> c[V];
        load_vectors<V>(part.before + first, c);
        const auto step = [&](Index t, const Vector<Real>* in) __attribute__((always_inline)) {
#pragma GCC unroll 8
            for (int v = 0; v < V; ++v) c[v] = fma<Real>(load<Real>(gates + t * units + v * lanes<Real>), c[v], in[v]);
            store_vectors<V>(part.rows + t * part.step + first, c);
        };
        if (!activation && !part.slopes)
            return for_each_drive<V>(input, tile, part.inputs, part.input_step, steps, step);
        const auto store_inputs = [&](Index t, const Vector<Real>* z) __attribute__((always_inline)) {
            store_vectors<V>(inputs + t * units, z);
        };
        for_each_drive<V>(input, tile, part.inputs, part.input_step, steps, store_inputs);
        keep(inputs, part, 2, first, units);
        if (activation) activation(1, nullptr, inputs, steps * V);
        for (Index t = 0; t < steps; ++t) {
            Vector<Real> in[V];
            load_vectors<V>(inputs + t * units, in);
            step(t, in);
        }
    }

    // Rows of `units` units from the first one on, as their part of one slope where slopes are wanted.
    void keep(const Real* from, const UnitSteps<Real>& part, Index slope, Index first, Index units) const {
        const Index row = padded<Real>(size);
        if (part.slopes)
            copy_rows<Real>(from, units, 0, part.slopes + slope * row + first, slopes * row, 0, part.steps, 1, units);
    }

    // From ψ(z_g), z_g, z to ψ(z_g), c ψ'(z_g), φ'(z).
    void linearise(const UnitSteps<Real>& part) const {
        const Index row = padded<Real>(size), vectors = row / lanes<Real>;
        for (Index t = 0; t < part.steps; ++t) {
            Real *const by_gate = part.slopes + slopes * t * row + row, *const by_input = by_gate + row;
            const Real* const previous = t ? part.rows + (t - 1) * part.step : part.before;
            gate_linearisation(1, by_gate, vectors);
            linearisation(1, by_input, vectors);
            for (Index u = 0; u < row; u += lanes<Real>)
                store<Real>(by_gate + u, load<Real>(previous + u) * load<Real>(by_gate + u));
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
