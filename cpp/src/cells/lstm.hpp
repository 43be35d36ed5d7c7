// i, f, o = σ(z_i + p_i c, z_f + p_f c, z_o + p_o c'), g = tanh(z_g), z = W_hh h + W_ih x + b
// c' = f c + i g, h' = o tanh(c')
//
// Jacobian: dc' = k dc + a_i dz_i + a_f dz_f + a_g dz_g, dh' = a_o dz_o + β dc', dz = W_hh dh + W_ih dx, with
// a_i = g σ'_i, a_f = c σ'_f, a_g = i tanh'_g, a_o = tanh(c') σ'_o, k = f + p_i a_i + p_f a_f, β = o tanh'(c') + p_o
// a_o.
#pragma once

#include "cells/gated_cell.hpp"
#include "simd/math.hpp"
#include "walks/block_step.hpp"

namespace rnncore::RNNCORE_TARGET {

template <class Real>
struct LstmUnits {
    static constexpr int gates = 4, slopes = 6;
    static constexpr bool starts_from_drive = true;

    Real *peephole_i = nullptr, *peephole_f = nullptr, *peephole_o = nullptr;  // null: none

    bool create(const LSTM<Real>& lstm) {
        return (!lstm.peephole_i || copy_padded(lstm.peephole_i, lstm.size, peephole_i)) &&
               (!lstm.peephole_f || copy_padded(lstm.peephole_f, lstm.size, peephole_f)) &&
               (!lstm.peephole_o || copy_padded(lstm.peephole_o, lstm.size, peephole_o));
    }

    void destroy() {
        std::free(peephole_i);
        std::free(peephole_f);
        std::free(peephole_o);
    }

    [[gnu::always_inline]] Vector<Real> start(const Real* drive, Index, int gate) const {
        return load<Real>(drive + gate * lanes<Real>);
    }

    [[gnu::always_inline]] Vector<Real> finish(Vector<Real>* z, const Real*, const UnitsAt<Real>& at) const {
        const Vector<Real> c = load<Real>(at.memory + at.unit);
        if (peephole_i) z[0] = fma<Real>(load<Real>(peephole_i + at.unit), c, z[0]);
        if (peephole_f) z[1] = fma<Real>(load<Real>(peephole_f + at.unit), c, z[1]);
        const Vector<Real> admitted = sigmoid<Real>(z[0]) * tanh<Real>(z[2]);
        const Vector<Real> next = fma<Real>(sigmoid<Real>(z[1]), c, admitted);
        if (peephole_o) z[3] = fma<Real>(load<Real>(peephole_o + at.unit), next, z[3]);
        store<Real>(at.next_memory + at.unit, next);
        if (at.trace) {
            const Vector<Real> traced[slopes] = {z[0], z[1], z[2], z[3], c, next};
            for (int s = 0; s < slopes; ++s) store<Real>(at.trace + s * at.row + at.unit, traced[s]);
        }
        return sigmoid<Real>(z[3]) * tanh<Real>(next);
    }

    // z_i, z_f, z_g, z_o, c, c' become a_i, a_f, a_g, a_o, k, β.
    void linearise(Real* trace, Index row) const {
        for (Index u = 0; u < row; u += lanes<Real>, trace += lanes<Real>) {
            const Vector<Real> z_i = load<Real>(trace), z_f = load<Real>(trace + row),
                               z_g = load<Real>(trace + 2 * row), z_o = load<Real>(trace + 3 * row),
                               c = load<Real>(trace + 4 * row), next = load<Real>(trace + 5 * row),
                               tanh_next = tanh<Real>(next);
            const Vector<Real> a_i = tanh<Real>(z_g) * sigmoid_slope<Real>(z_i), a_f = c * sigmoid_slope<Real>(z_f),
                               a_o = tanh_next * sigmoid_slope<Real>(z_o);
            Vector<Real> k = sigmoid<Real>(z_f), beta = sigmoid<Real>(z_o) * tanh_slope<Real>(next);
            if (peephole_i) k = fma<Real>(load<Real>(peephole_i + u), a_i, k);
            if (peephole_f) k = fma<Real>(load<Real>(peephole_f + u), a_f, k);
            if (peephole_o) beta = fma<Real>(load<Real>(peephole_o + u), a_o, beta);
            store<Real>(trace, a_i);
            store<Real>(trace + row, a_f);
            store<Real>(trace + 2 * row, sigmoid<Real>(z_i) * tanh_slope<Real>(z_g));
            store<Real>(trace + 3 * row, a_o);
            store<Real>(trace + 4 * row, k);
            store<Real>(trace + 5 * row, beta);
        }
    }
};

template <class Real>
struct LstmCell : GatedCell<Real, LstmUnits<Real>> {
    static constexpr bool has_memory = true;
    using Parameters = LSTM<Real>;
    using Base = GatedCell<Real, LstmUnits<Real>>;
    using Base::input_gates, Base::input_size, Base::recurrence, Base::size, Base::transposed_inputs,
        Base::transposed_recurrence, Base::units;

    bool create(const LSTM<Real>& lstm, Layout layout) {
        if (!this->create_gates(lstm, layout) || !units.create(lstm)) return false;
        return !goes_back(layout) ||
               pack_transposed<Real>(transposed_recurrence, lstm.weight_hh, 4 * size, size, most_tile_vectors(layout));
    }

    Index state_size() const { return 2 * size; }

    void tangent(const TangentStep<Real>& step) const {
        const Index row = padded<Real>(size), n = size;
        const Real *a_i = step.slopes, *a_f = a_i + row, *a_g = a_f + row, *a_o = a_g + row, *k = a_o + row,
                   *beta = k + row, *state = step.state;
        Real* const result = step.result;
        const bool driven = step.inputs && input_size > 0;
        if (driven)
            multiply_gates<Real, 4>(
                input_gates, n, step.inputs, step.shape, step.scratch,
                [=](const auto& rows, Index u, Index count, const Vector<Real>* z) __attribute__((always_inline)) {
                    const Vector<Real> c = rows.slope(a_i, u) * z[0] + rows.slope(a_f, u) * z[1];
                    rows.put(result, n + u, count, fma<Real>(rows.slope(a_g, u), z[2], c));
                    rows.put(result, u, count, rows.slope(a_o, u) * z[3]);
                });
        multiply_gates<Real, 4>(
            recurrence.weight, n, state, step.shape, step.scratch,
            [=](const auto& rows, Index u, Index count, const Vector<Real>* z) __attribute__((always_inline)) {
                Vector<Real> c = rows.slope(k, u) * rows.get(state, n + u), h = rows.slope(a_o, u) * z[3];
                c = fma<Real>(rows.slope(a_i, u), z[0], c);
                c = fma<Real>(rows.slope(a_f, u), z[1], c);
                c = fma<Real>(rows.slope(a_g, u), z[2], c);
                if (driven) {
                    c += rows.get(result, n + u);
                    h += rows.get(result, u);
                }
                rows.put(result, n + u, count, c);
                rows.put(result, u, count, fma<Real>(rows.slope(beta, u), c, h));
            });
    }

    void pull_back(const CotangentStep<Real>& step) const {
        const Index row = padded<Real>(size), n = size;
        const Real *const a_o = step.slopes + 3 * row, *const k = a_o + row, *const beta = k + row;
        if (step.above) add_block(step.above, n, step.shape, step.state);
        const auto whole = [=](const auto& rows, Index u) __attribute__((always_inline)) {  // of c', through h' too
            return fma<Real>(rows.slope(beta, u), rows.get(step.state, u), rows.get(step.state, n + u));
        };
        for_each_unit<Real>(n, step.shape, [&](const auto& rows, Index u, Index count) {
            const Vector<Real> of = whole(rows, u);
            for (Index g = 0; g < 3; ++g)
                rows.put(step.scratch, g * n + u, count, rows.slope(step.slopes + g * row, u) * of);
            rows.put(step.scratch, 3 * n + u, count, rows.slope(a_o, u) * rows.get(step.state, u));
        });
        multiply_block<Real>(transposed_recurrence, step.scratch, step.shape, {}, step.result);
        for_each_unit<Real>(n, step.shape, [&](const auto& rows, Index u, Index count) {
            rows.put(step.result, n + u, count, rows.slope(k, u) * whole(rows, u));
        });
        if (step.below) transposed_inputs.multiply(step.scratch, step.shape, step.below);
    }

    void pull_back_inputs(const DeltaRows<Real>& rows) const { transposed_inputs.multiply_rows(rows, 0); }

    Index gradient_scratch() const { return 0; }

    void gather(const GradientRows<Real>& rows) const {
        const Index n = size;
        double* const* const to = rows.gradients.parameters;
        gather_matrix(rows, 0, 4 * n, before_of(rows), n, to[0]);
        gather_matrix(rows, 0, 4 * n, inputs_of(rows), input_size, to[1]);
        gather_bias(rows, 0, 4 * n, to[2]);
        gather_diagonal(rows, 0, n, before_of(rows, n), to[3]);
        gather_diagonal(rows, n, n, before_of(rows, n), to[4]);
        gather_diagonal(rows, 3 * n, n, before_of(rows, rows.before_step + n), to[5]);  // of c after the step
    }
};

}  // namespace rnncore::RNNCORE_TARGET
