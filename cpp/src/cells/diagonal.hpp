// h_t = λ h_{t-1} + W_ih x_t + b, each unit by itself; ∂h_t/∂h_{t-1} = diag(λ), ∂h_t/∂x_t = W_ih
//
// Complex units: real and imaginary parts in turn, λ h = (a, a) h + (-b, b) h with the parts of h exchanged.
#pragma once

#include "cells/gathering.hpp"
#include "cells/transposed_inputs.hpp"
#include "dense/gate_block_product.hpp"
#include "dense/gate_rows.hpp"
#include "dense/tile_drives.hpp"
#include "rnncore/layout.hpp"
#include "walks/block_step.hpp"
#include "walks/simulate.hpp"

namespace rnncore::RNNCORE_TARGET {

template <class Real, bool complex>
struct DiagonalCell {
    static constexpr bool has_state = true, gated = false, unitwise = true;
    static constexpr Index slopes = 0;
    using Parameters = Diagonal<Real>;

    Index size = 0, input_size = 0;
    InputProjection<Real> input;
    TransposedInputs<Real> transposed;
    Real *same = nullptr, *other = nullptr;  // what a component does to itself, and to the other one of its pair

    bool create(const Diagonal<Real>& diagonal, Layout layout) {
        size = diagonal.size;
        input_size = diagonal.weight_ih ? diagonal.input_size : 0;
        if (!copy_padded(diagonal.weight_hh, size, same) || (complex && !copy_padded(diagonal.weight_hh, size, other)))
            return false;
        if (complex)
            for (Index u = 0; u < size; u += 2) {
                other[u] = -same[u + 1];
                other[u + 1] = same[u + 1];
                same[u + 1] = same[u];
            }
        if (goes_back(layout) && !transposed.create(diagonal.weight_ih, size, input_size)) return false;
        return input.create(diagonal.weight_ih, diagonal.bias, size, input_size);
    }

    void destroy() {
        input.destroy();
        transposed.destroy();
        std::free(same);
        std::free(other);
    }

    Index state_size() const { return size; }
    Index block_scratch() const { return 0; }
    Index work_size(Index) const { return 0; }

    void advance(const UnitSteps<Real>& part) const {
        for_each_tile(input.weight, [&](auto vectors, Index tile) { run<vectors.value>(tile, part); });
    }

    template <int V>
    void run(Index tile, const UnitSteps<Real>& part) const {
        const Index first = input.weight.tile_start(tile) * lanes<Real>;
        Vector<Real> h[V], a[V], b[V];
        load_vectors<V>(part.before + first, h);
        load_vectors<V>(same + first, a);
        if (complex) load_vectors<V>(other + first, b);
        const auto step = [&](Index t, const Vector<Real>* z) __attribute__((always_inline)) {
#pragma GCC unroll 8
            for (int v = 0; v < V; ++v) {
                Vector<Real> drive = z[v];
                if (complex) drive = fma<Real>(b[v], exchange_pairs<Real>(h[v]), drive);
                h[v] = fma<Real>(a[v], h[v], drive);
            }
            store_vectors<V>(part.rows + t * part.step + first, h);
        };
        for_each_drive<V>(input, tile, part.inputs, part.input_step, part.steps, step);
    }

    void tangent(const TangentStep<Real>& step) const {
        const bool driven = step.inputs && input_size > 0;
        if (driven) multiply_block<Real>(input.weight, step.inputs, step.shape, {}, step.result);
        turn(step.state, step.shape, 1, driven, step.result);
    }

    void pull_back(const CotangentStep<Real>& step) const {
        if (step.above) add_block(step.above, size, step.shape, step.state);
        turn(step.state, step.shape, -1, false, step.result);
        if (step.below) transposed.multiply(step.state, step.shape, step.below);
    }

    void pull_back_inputs(const DeltaRows<Real>& rows) const { transposed.multiply_rows(rows, 0); }

    Index gradient_scratch() const { return 0; }

    void gather(const GradientRows<Real>& rows) const {
        double* const* const to = rows.gradients.parameters;
        gather_bias(rows, 0, size, to[2]);
        if (complex) return gather_complex(rows, to[0], to[1]);
        gather_diagonal(rows, 0, size, before_of(rows), to[0]);
        gather_matrix(rows, 0, size, inputs_of(rows), input_size, to[1]);
    }

    // Of λ: the cotangent times the conjugate of h.
    void gather_complex(const GradientRows<Real>& rows, double* of_decay, double* of_input) const {
        const Index units = size / 2, first = share_start(rows, units), last = share_end(rows, units);
        for (Index u = 2 * first; of_decay && u < 2 * last; u += lanes<Real>) {
            Vector<Real> same_parts{}, other_parts{};
            for (Index k = 0; k < rows.count; ++k) {
                const Vector<Real> delta = load<Real>(rows.deltas + k * rows.delta_step + u),
                                   h = load<Real>(rows.before + k * rows.before_step + u);
                same_parts = fma<Real>(delta, h, same_parts);
                other_parts = fma<Real>(delta, exchange_pairs<Real>(h), other_parts);
            }
            alignas(64) Real s[lanes<Real>], o[lanes<Real>];
            store<Real>(s, same_parts);
            store<Real>(o, other_parts);
            for (Index i = 0; i < lanes<Real> && u + i < 2 * last; i += 2) {
                of_decay[u + i] += s[i] + s[i + 1];
                of_decay[u + i + 1] += o[i + 1] - o[i];
            }
        }
        if (of_input && rows.inputs)
            for (Index part = 0; part < 2; ++part)
                add_outer_products<Real>({rows.deltas + part, rows.delta_step, 2}, first, last, inputs_of(rows),
                                         input_size, rows.count, {of_input + part, 2 * input_size, 2});
    }

    // result = λ block, or with sign -1 its adjoint; `add`: to what stands there.
    void turn(const Real* block, const BlockShape& shape, Real sign, bool add, Real* result) const {
        for_each_unit<Real>(size, shape, [=](const auto& rows, Index u, Index count) {
            const Vector<Real> h = rows.get(block, u);
            Vector<Real> sum = rows.slope(same, u) * h;
            if (complex) sum = fma<Real>(sign * rows.slope(other, u), rows.partner(block, u), sum);
            rows.put(result, u, count, add ? rows.get(result, u) + sum : sum);
        });
    }
};

}  // namespace rnncore::RNNCORE_TARGET
