// r, z = σ(W_hh h + W_ih x + b), n = tanh(W_in x + b_n + W_hn (r h)), h' = (1 - z) n + z h: two products after each
// other.
//
// Jacobian: m = r dh + α_r dz_r, dh' = α_z dz_z + β (W_hn m + W_in dx) + z dh, with
// β = (1 - z) tanh'(…), α_r = h σ'_r, α_z = (h - n) σ'_z.
#pragma once

#include "cells/gathering.hpp"
#include "cells/transposed_inputs.hpp"
#include "dense/gate_block_product.hpp"
#include "dense/gate_rows.hpp"
#include "dense/input_projection.hpp"
#include "rnncore/layout.hpp"
#include "simd/math.hpp"
#include "walks/block_step.hpp"
#include "walks/simulate_gated.hpp"

namespace rnncore::RNNCORE_TARGET {

template <class Real>
struct ResetBeforeGruCell {
    static constexpr bool gated = true, has_memory = false;
    static constexpr Index slopes = 5;
    using Parameters = GRU<Real>;

    Index size = 0, input_size = 0;
    bool batch = false;
    InputProjection<Real> gates_input, candidate_input;
    PackedMatrix<Real> gates, candidate;                        // of h; of r h
    PackedMatrix<Real> input_gates, input_candidate;            // walks with tangents
    PackedMatrix<Real> transposed_gates, transposed_candidate;  // walks backward
    TransposedInputs<Real> transposed_inputs;

    bool create(const GRU<Real>& gru, Layout layout) {
        size = gru.size;
        input_size = gru.weight_ih ? gru.input_size : 0;
        const Index n = size;
        const Real* const hn = gru.weight_hh + 2 * n * n;
        const Real* const in = gru.weight_ih ? gru.weight_ih + 2 * n * input_size : nullptr;
        const GateRows<Real> hh(gru.weight_hh, 2, n, n), ih(gru.weight_ih, 2, n, input_size), bias(gru.bias, 2, n, 1);
        if (hh.failed() || ih.failed() || bias.failed()) return false;
        if (layout == Layout::tangent &&
            !(pack<Real>(input_gates, ih.data(), ih.rows(), input_size, 1, gate_tile_vectors(2), 2) &&
              pack<Real>(input_candidate, in, n, input_size, 1, single_tile_vectors)))
            return false;
        if (goes_back(layout) &&
            !(pack_transposed<Real>(transposed_gates, gru.weight_hh, 2 * n, n, most_tile_vectors(layout)) &&
              pack_transposed<Real>(transposed_candidate, hn, n, n, most_tile_vectors(layout)) &&
              transposed_inputs.create(gru.weight_ih, 3 * n, input_size)))
            return false;
        batch = is_batch(layout);
        return gates_input.create(ih.data(), bias.data(), ih.rows(), input_size) &&
               candidate_input.create(in, gru.bias ? gru.bias + 2 * n : nullptr, n, input_size) &&
               pack<Real>(gates, hh.data(), hh.rows(), n, 1, batch ? batch_tile_vectors : gate_tile_vectors(2), 2) &&
               pack<Real>(candidate, hn, n, n, 1, batch ? batch_tile_vectors : single_tile_vectors);
    }

    void destroy() {
        gates_input.destroy();
        candidate_input.destroy();
        transposed_inputs.destroy();
        Real* const owned[] = {gates.data,           candidate.data,        input_gates.data,
                               input_candidate.data, transposed_gates.data, transposed_candidate.data};
        for (Real* part : owned) std::free(part);
    }

    Index state_size() const { return size; }
    Index drive_row() const { return 3 * padded<Real>(size); }
    Index work_size(Index width) const { return width * padded<Real>(size); }
    Index block_scratch() const { return 4 * padded<Real>(size); }

    // The rows of r and z of all steps, then those of n.
    void project(const Real* inputs, Index input_step, Index input_sequence, Real* drives, Index steps,
                 Index width) const {
        const Index row = padded<Real>(size);
        gates_input.project(inputs, input_step, input_sequence, drives, width * 2 * row, 2 * row, steps, width);
        candidate_input.project(inputs, input_step, input_sequence, drives + steps * width * 2 * row, width * row, row,
                                steps, width);
    }

    void advance(const GatedSteps<Real>& part) const {
        const Index row = part.row, width = part.width;
        Real *sums = part.drives, *candidates = part.drives + part.steps * width * 2 * row, *out = part.rows;
        const Real* previous = part.before;
        Index previous_sequence = row;
        for (Index t = 0; t < part.steps; ++t) {
            add_products(gates, previous, previous_sequence, sums, 2 * row, width);
            for (Index b = 0; b < width; ++b)
                for (Index u = 0; u < row; u += lanes<Real>)
                    store<Real>(part.work + b * row + u, sigmoid<Real>(load<Real>(sums + b * 2 * row + 2 * u)) *
                                                             load<Real>(previous + b * previous_sequence + u));
            add_products(candidate, part.work, row, candidates, row, width);
            for (Index b = 0; b < width; ++b)
                for (Index u = 0; u < row; u += lanes<Real>) {
                    const Vector<Real> h = load<Real>(previous + b * previous_sequence + u);
                    const Vector<Real> z_z = load<Real>(sums + b * 2 * row + 2 * u + lanes<Real>);
                    const Vector<Real> n = tanh<Real>(load<Real>(candidates + b * row + u));
                    const Vector<Real> update = sigmoid<Real>(z_z);
                    // An open gate keeps h to the last bit.
                    store<Real>(out + b * part.sequence + u, fma<Real>(update, h, fma<Real>(-update, n, n)));
                }
            for (Index b = 0; part.slopes.first && b < width; ++b)
                linearise(sums + b * 2 * row, candidates + b * row, previous + b * previous_sequence,
                          slopes_of(part.slopes, b) + t * slopes * row, row);
            previous = out;
            previous_sequence = part.sequence;
            sums += width * 2 * row;
            candidates += width * row;
            out += part.step;
        }
    }

    // The tiles of a batch are made for many sequences at a time, others for one.
    void add_products(const PackedMatrix<Real>& weight, const Real* vectors, Index vector, Real* sums, Index sum,
                      Index width) const {
        const Index together = batch ? width : 1;
        for (Index b = 0; b < width; b += together)
            for (Index i = 0; i < weight.tiles; ++i)
                add_tile_product<Real>(weight, i, together, {vectors + b * vector, 0, vector, together},
                                       {sums + b * sum, 0, sum, together});
    }

    // α_r, α_z, β, z, r
    static void linearise(const Real* sums, const Real* candidates, const Real* previous, Real* to, Index row) {
        for (Index u = 0; u < row; u += lanes<Real>, to += lanes<Real>) {
            const Vector<Real> z_r = load<Real>(sums + 2 * u), z_z = load<Real>(sums + 2 * u + lanes<Real>),
                               candidate = load<Real>(candidates + u), h = load<Real>(previous + u);
            store<Real>(to, h * sigmoid_slope<Real>(z_r));
            store<Real>(to + row, (h - tanh<Real>(candidate)) * sigmoid_slope<Real>(z_z));
            store<Real>(to + 2 * row, sigmoid<Real>(-z_z) * tanh_slope<Real>(candidate));
            store<Real>(to + 3 * row, sigmoid<Real>(z_z));
            store<Real>(to + 4 * row, sigmoid<Real>(z_r));
        }
    }

    // Scratch: m, then work memory.
    void tangent(const TangentStep<Real>& step) const {
        const Index row = padded<Real>(size);
        const Real *a_r = step.slopes, *a_z = a_r + row, *beta = a_z + row, *kept = beta + row, *r = kept + row,
                   *state = step.state;
        Real *const result = step.result, *const m = step.scratch, *const sums = m + row * step.shape.stride;
        const bool driven = step.inputs && input_size > 0;
        const auto add_candidate = [=](const auto& rows, Index u, Index count, const Vector<Real>* z)
            __attribute__((always_inline)) {
            rows.put(result, u, count, fma<Real>(rows.slope(beta, u), z[0], rows.get(result, u)));
        };
        if (driven)
            multiply_gates<Real, 2>(
                input_gates, size, step.inputs, step.shape, sums,
                [=](const auto& rows, Index u, Index count, const Vector<Real>* z) __attribute__((always_inline)) {
                    rows.put(m, u, count, rows.slope(a_r, u) * z[0]);
                    rows.put(result, u, count, rows.slope(a_z, u) * z[1]);
                });
        multiply_gates<Real, 2>(
            gates, size, state, step.shape,
            sums, [=](const auto& rows, Index u, Index count, const Vector<Real>* z) __attribute__((always_inline)) {
                const Vector<Real> dh = rows.get(state, u);
                Vector<Real> reset = rows.slope(r, u) * dh, sum = rows.slope(kept, u) * dh;
                if (driven) {
                    reset += rows.get(m, u);
                    sum += rows.get(result, u);
                }
                rows.put(m, u, count, fma<Real>(rows.slope(a_r, u), z[0], reset));
                rows.put(result, u, count, fma<Real>(rows.slope(a_z, u), z[1], sum));
            });
        multiply_gates<Real, 1>(candidate, size, m, step.shape, sums, add_candidate);
        if (driven) multiply_gates<Real, 1>(input_candidate, size, step.inputs, step.shape, sums, add_candidate);
    }

    // Scratch: the cotangents of z_r, z_z, tanh's argument, m.
    void pull_back(const CotangentStep<Real>& step) const {
        const Index row = padded<Real>(size), n = size;
        const Real *a_r = step.slopes, *a_z = a_r + row, *beta = a_z + row, *kept = beta + row, *r = kept + row;
        Real *const z_r = step.scratch, *const z_z = z_r + n * step.shape.stride,
                    *const argument = z_z + n * step.shape.stride,
                    *const m = step.scratch + 3 * row * step.shape.stride;
        if (step.above) add_block(step.above, n, step.shape, step.state);
        const auto scaled = [&](const Real* slopes, const Real* from, Real* to) {
            for_each_unit<Real>(n, step.shape, [&](const auto& rows, Index u, Index count) {
                rows.put(to, u, count, rows.slope(slopes, u) * rows.get(from, u));
            });
        };
        scaled(beta, step.state, argument);
        multiply_block<Real>(transposed_candidate, argument, step.shape, {}, m);
        scaled(a_r, m, z_r);
        scaled(a_z, step.state, z_z);
        for_each_unit<Real>(n, step.shape, [&](const auto& rows, Index u, Index count) {
            const Vector<Real> through = rows.slope(r, u) * rows.get(m, u);
            rows.put(step.result, u, count, fma<Real>(rows.slope(kept, u), rows.get(step.state, u), through));
        });
        multiply_block<Real>(transposed_gates, step.scratch, step.shape, {nullptr, 0, nullptr, true}, step.result);
        if (step.below) transposed_inputs.multiply(step.scratch, step.shape, step.below);
    }

    void pull_back_inputs(const DeltaRows<Real>& rows) const { transposed_inputs.multiply_rows(rows, 0); }

    Index gradient_scratch() const { return gradient_block * padded<Real>(size); }

    void gather(const GradientRows<Real>& rows) const {
        const Index n = size, row = padded<Real>(size), gates = 2 * n;
        double* const* const to = rows.gradients.parameters;
        gather_matrix(rows, 0, gates, before_of(rows), n, to[0]);
        if (to[0]) {  // W_hn saw r h
            for (Index k = 0; k < rows.count; ++k)
                scale_rows(rows.slopes + k * rows.slopes_step + 4 * row, rows.before + k * rows.before_step, n, {1, 1},
                           rows.scratch + k * row);
            gather_matrix(rows, gates, n, {rows.scratch, row}, n, to[0] + gates * n);
        }
        gather_matrix(rows, 0, 3 * n, inputs_of(rows), input_size, to[1]);
        gather_bias(rows, 0, 3 * n, to[2]);
        gather_bias(rows, 0, 3 * n, to[3]);
    }
};

}  // namespace rnncore::RNNCORE_TARGET
