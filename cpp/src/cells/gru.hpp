// r, z = σ(W_hh h + W_ih x + b), n = tanh(W_in x + b_n + r q), q = W_hn h + b_hn, h' = (1 - z) n + z h
//
// Jacobian: dh' = α_r dz_r + α_z dz_z + α_n dq + β dx_n + z dh, dx_n = W_in dx, with
// β = (1 - z) n', n' = tanh'(…), α_r = β q σ'_r, α_z = (h - n) σ'_z, α_n = β r.
#pragma once

#include "cells/gated_cell.hpp"
#include "simd/math.hpp"
#include "walks/block_step.hpp"

namespace rnncore::RNNCORE_TARGET {

template <class Real>
struct GruUnits {
    static constexpr int gates = 3, slopes = 5;
    static constexpr bool starts_from_drive = false;

    Real* bias_hn = nullptr;  // padded

    void destroy() { std::free(bias_hn); }

    [[gnu::always_inline]] Vector<Real> start(const Real* drive, Index unit, int gate) const {
        return gate < 2 ? load<Real>(drive + gate * lanes<Real>) : load<Real>(bias_hn + unit);
    }

    [[gnu::always_inline]] Vector<Real> finish(Vector<Real>* z, const Real* drive, const UnitsAt<Real>& at) const {
        const Vector<Real> h = load<Real>(at.previous + at.unit);
        const Vector<Real> candidate = fma<Real>(sigmoid<Real>(z[0]), z[2], load<Real>(drive + 2 * lanes<Real>));
        if (at.trace) {
            const Vector<Real> traced[slopes] = {z[0], z[1], candidate, z[2], h};
            for (int s = 0; s < slopes; ++s) store<Real>(at.trace + s * at.row + at.unit, traced[s]);
        }
        const Vector<Real> n = tanh<Real>(candidate);
        const Vector<Real> update = sigmoid<Real>(z[1]);
        return fma<Real>(update, h, fma<Real>(-update, n, n));  // an open gate keeps h to the last bit
    }

    // z_r, z_z, tanh's argument, q, h become α_r, α_z, α_n, β, z.
    void linearise(Real* trace, Index row) const {
        for (Index u = 0; u < row; u += lanes<Real>, trace += lanes<Real>) {
            const Vector<Real> z_r = load<Real>(trace), z_z = load<Real>(trace + row),
                               candidate = load<Real>(trace + 2 * row), q = load<Real>(trace + 3 * row),
                               h = load<Real>(trace + 4 * row);
            const Vector<Real> beta = sigmoid<Real>(-z_z) * tanh_slope<Real>(candidate);
            store<Real>(trace, beta * q * sigmoid_slope<Real>(z_r));
            store<Real>(trace + row, (h - tanh<Real>(candidate)) * sigmoid_slope<Real>(z_z));
            store<Real>(trace + 2 * row, beta * sigmoid<Real>(z_r));
            store<Real>(trace + 3 * row, beta);
            store<Real>(trace + 4 * row, sigmoid<Real>(z_z));
        }
    }
};

template <class Real>
struct GruCell : GatedCell<Real, GruUnits<Real>> {
    static constexpr bool has_memory = false;
    using Parameters = GRU<Real>;
    using Base = GatedCell<Real, GruUnits<Real>>;
    using Base::input_gates, Base::input_size, Base::recurrence, Base::size, Base::transposed_inputs,
        Base::transposed_recurrence, Base::units;

    bool create(const GRU<Real>& gru, Layout layout) {
        return this->create_gates(gru, layout) && copy_padded(gru.bias_hn, size, units.bias_hn) &&
               (!goes_back(layout) || transpose_recurrence(gru.weight_hh, most_tile_vectors(layout)));
    }

    // Columns in the order n, r, z.
    bool transpose_recurrence(const Real* weight_hh, int most_vectors) {
        const Index block = size * size;
        Real* const reordered = static_cast<Real*>(allocate(sizeof(Real) * 3 * block));
        if (!reordered) return false;
        std::memcpy(reordered, weight_hh + 2 * block, sizeof(Real) * block);
        std::memcpy(reordered + block, weight_hh, sizeof(Real) * 2 * block);
        const bool packed = pack_transposed<Real>(transposed_recurrence, reordered, 3 * size, size, most_vectors);
        std::free(reordered);
        return packed;
    }

    Index state_size() const { return size; }

    void tangent(const TangentStep<Real>& step) const {
        const Index row = padded<Real>(size);
        const Real *a_r = step.slopes, *a_z = a_r + row, *a_n = a_z + row, *beta = a_n + row, *kept = beta + row,
                   *state = step.state;
        Real* const result = step.result;
        const bool driven = step.inputs && input_size > 0;
        if (driven)
            multiply_gates<Real, 3>(
                input_gates, size, step.inputs, step.shape, step.scratch,
                [=](const auto& rows, Index u, Index count, const Vector<Real>* z) __attribute__((always_inline)) {
                    const Vector<Real> sum = rows.slope(a_r, u) * z[0] + rows.slope(a_z, u) * z[1];
                    rows.put(result, u, count, fma<Real>(rows.slope(beta, u), z[2], sum));
                });
        multiply_gates<Real, 3>(
            recurrence.weight, size, state, step.shape, step.scratch,
            [=](const auto& rows, Index u, Index count, const Vector<Real>* z) __attribute__((always_inline)) {
                Vector<Real> sum = rows.slope(kept, u) * rows.get(state, u);
                if (driven) sum += rows.get(result, u);
                sum = fma<Real>(rows.slope(a_r, u), z[0], sum);
                sum = fma<Real>(rows.slope(a_z, u), z[1], sum);
                rows.put(result, u, count, fma<Real>(rows.slope(a_n, u), z[2], sum));
            });
    }

    // Scratch: the cotangents of q, z_r, z_z, x_n.
    void pull_back(const CotangentStep<Real>& step) const {
        const Index row = padded<Real>(size), n = size;
        const Real* const a = step.slopes;
        const Real* const by_part[4] = {a + 2 * row, a, a + row, a + 3 * row};
        if (step.above) add_block(step.above, n, step.shape, step.state);
        for_each_unit<Real>(n, step.shape, [&](const auto& rows, Index u, Index count) {
            const Vector<Real> of = rows.get(step.state, u);
            for (Index g = 0; g < 4; ++g) rows.put(step.scratch, g * n + u, count, rows.slope(by_part[g], u) * of);
            rows.put(step.result, u, count, rows.slope(a + 4 * row, u) * of);
        });
        multiply_block<Real>(transposed_recurrence, step.scratch, step.shape, {nullptr, 0, nullptr, true}, step.result);
        if (step.below) transposed_inputs.multiply(step.scratch + n * step.shape.stride, step.shape, step.below);
    }

    void pull_back_inputs(const DeltaRows<Real>& rows) const { transposed_inputs.multiply_rows(rows, size); }

    Index gradient_scratch() const { return 0; }

    void gather(const GradientRows<Real>& rows) const {
        const Index n = size, gates = 2 * n;
        double* const* const to = rows.gradients.parameters;
        gather_matrix(rows, n, gates, before_of(rows), n, to[0]);
        gather_matrix(rows, 0, n, before_of(rows), n, to[0] ? to[0] + gates * n : nullptr);
        gather_matrix(rows, n, 3 * n, inputs_of(rows), input_size, to[1]);
        gather_bias(rows, n, 3 * n, to[2]);
        gather_bias(rows, n, gates, to[3]);
        gather_bias(rows, 0, n, to[3] ? to[3] + gates : nullptr);
    }
};

}  // namespace rnncore::RNNCORE_TARGET
