// x_t = M_t x_{t-1}, ∂x_t/∂x_{t-1} = M_t: every matrix is read where it lies, once.
#pragma once

#include "cells/gathering.hpp"
#include "dense/block_product.hpp"
#include "rnncore/layout.hpp"
#include "walks/block_step.hpp"
#include "walks/simulate.hpp"

namespace rnncore::RNNCORE_TARGET {

// Σ_k row_k x_k; x is padded with zeros to whole vectors, the row is not.
template <class Real>
inline Real dot(const Real* row, const Real* x, Index size) {
    Vector<Real> sums[4] = {};
    Index k = 0;
    for (; k + 4 * lanes<Real> <= size; k += 4 * lanes<Real>)
#pragma GCC unroll 4
        for (int p = 0; p < 4; ++p)
            sums[p] = fma<Real>(load<Real>(row + k + p * lanes<Real>), load<Real>(x + k + p * lanes<Real>), sums[p]);
    for (; k + lanes<Real> <= size; k += lanes<Real>)
        sums[0] = fma<Real>(load<Real>(row + k), load<Real>(x + k), sums[0]);
    if (k < size) {
        Vector<Real> rest{};
        std::memcpy(&rest, row + k, sizeof(Real) * (size - k));
        sums[1] = fma<Real>(rest, load<Real>(x + k), sums[1]);
    }
    const Vector<Real> sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    Real total = sum[0];
    for (int lane = 1; lane < lanes<Real>; ++lane) total += sum[lane];
    return total;
}

template <class Real>
struct MatrixSequenceCell {
    static constexpr bool has_state = true, gated = false, unitwise = false;
    static constexpr Index slopes = 0;
    using Parameters = MatrixSequence<Real>;

    struct NoInput {
        Index size = 0;
        // The rows' padding must be zero: the next product reads it.
        void project(const Real*, Index, Index, Real* rows, Index step, Index sequence, Index steps,
                     Index width) const {
            for (Index t = 0; t < steps; ++t)
                for (Index b = 0; b < width; ++b)
                    std::memset(rows + t * step + b * sequence, 0, sizeof(Real) * padded<Real>(size));
        }
    };

    Index size = 0, input_size = 0;
    const Real* matrices = nullptr;
    NoInput input;

    bool create(const MatrixSequence<Real>& sequence, Layout) {
        size = input.size = sequence.size;
        matrices = sequence.matrices;
        return true;
    }

    void destroy() {}

    Index state_size() const { return size; }
    Index block_scratch() const { return 0; }

    void advance(Index start, const Real* before, Index before_sequence, Real* rows, Index step, Index sequence,
                 Index steps, Index width, const SlopeRows<Real>&) const {
        const Real* previous = before;
        Index previous_sequence = before_sequence;
        for (Index t = 0; t < steps; ++t, rows += step) {
            const Real* matrix = matrices + (start + t) * size * size;
            for (Index i = 0; i < size; ++i)
                for (Index b = 0; b < width; ++b)
                    rows[b * sequence + i] = dot<Real>(matrix + i * size, previous + b * previous_sequence, size);
            previous = rows;
            previous_sequence = sequence;
        }
    }

    void tangent(const TangentStep<Real>& step) const {
        const Real* matrix = matrices + (step.number - 1) * size * size;
        if (step.shape.stride != 1)
            return multiply_view<Real, false>({matrix, size, 1, size, size}, step.state, step.shape.columns,
                                              step.shape.stride, {}, step.result);
        clear_block(step.result, size, step.shape);
        for (Index i = 0; i < size; ++i) step.result[i] = dot<Real>(matrix + i * size, step.state, size);
    }

    void pull_back(const CotangentStep<Real>& step) const {
        if (step.above) add_block(step.above, size, step.shape, step.state);
        const Real* matrix = matrices + (step.number - 1) * size * size;
        if (step.shape.stride != 1)
            return multiply_view<Real, true>({matrix, 1, size, size, size}, step.state, step.shape.columns,
                                             step.shape.stride, {}, step.result);
        clear_block(step.result, size, step.shape);
        for (Index i = 0; i < size; ++i)
            for (Index b = 0; b < step.shape.sequences; ++b) {
                const Index first = b * step.shape.sequence;
                add_row(matrix + i * size, step.state[first + i], step.result + first);
            }
    }

    void pull_back_inputs(const DeltaRows<Real>&) const {}

    Index gradient_scratch() const { return 0; }

    void gather(const GradientRows<Real>& rows) const {
        for (Index k = 0; rows.gradients.matrices && k < rows.count; ++k) {
            Real* const matrix = rows.gradients.matrices + (rows.number - 1 + k) * size * size;
            const Real *const delta = rows.deltas + k * rows.delta_step, *const before =
                                                                             rows.before + k * rows.before_step;
            for (Index i = share_start(rows, size); i < share_end(rows, size); ++i)
                for (Index j = 0; j < size; ++j)
                    matrix[i * size + j] = (rows.first ? 0 : matrix[i * size + j]) + delta[i] * before[j];
        }
    }

    // result += factor row; the row is not padded.
    void add_row(const Real* row, Real factor, Real* result) const {
        Index k = 0;
        for (; k + lanes<Real> <= size; k += lanes<Real>)
            store<Real>(result + k, fma<Real>(broadcast(factor), load<Real>(row + k), load<Real>(result + k)));
        if (k == size) return;
        Vector<Real> rest{};
        std::memcpy(&rest, row + k, sizeof(Real) * (size - k));
        store<Real>(result + k, fma<Real>(broadcast(factor), rest, load<Real>(result + k)));
    }
};

}  // namespace rnncore::RNNCORE_TARGET
