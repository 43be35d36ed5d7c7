// x_t = M_t x_{t-1}: every matrix is read once, row by row, where it lies.
#pragma once

#include "dense/packed_matrix.hpp"

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
    static constexpr bool has_state = true;
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

    bool create(const MatrixSequence<Real>& sequence) {
        size = input.size = sequence.size;
        matrices = sequence.matrices;
        return true;
    }

    void destroy() {}

    void advance(Index start, const Real* before, Index before_sequence, Real* rows, Index step, Index sequence,
                 Index steps, Index width) const {
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
};

}  // namespace rnncore::RNNCORE_TARGET
