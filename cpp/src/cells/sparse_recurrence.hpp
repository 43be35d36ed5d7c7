// The recurrence with a sparse matrix, sequence by sequence.
#pragma once

#include "cells/activation.hpp"
#include "cells/gathering.hpp"
#include "dense/sparse_matrix.hpp"
#include "dense/sparse_row_sums.hpp"
#include "rnncore/layout.hpp"
#include "walks/simulate.hpp"

namespace rnncore::RNNCORE_TARGET {

template <class Real>
struct SparseRecurrence {
    SparseMatrix<Real> weight, transposed;  // the latter for walks backward
    SparsePattern pattern;                  // those too
    Activation<Real> activation = nullptr;
    Real leak = 1;

    bool create(const Elman<Real>& elman, Layout layout) {
        leak = elman.leak;
        activation = choose_activation<Real>(elman.nonlinearity, leak != 1);
        if (goes_back(layout) && !(transposed.create_transposed(*elman.sparse_hh, elman.size) &&
                                   pattern.create(*elman.sparse_hh, elman.size)))
            return false;
        return weight.create(*elman.sparse_hh, elman.size);
    }

    void destroy() {
        weight.destroy();
        transposed.destroy();
        pattern.destroy();
    }

    Index gradient_scratch() const { return 2 * gradient_block * weight.rows; }

    void gather(const GradientRows<Real>& rows, double* to) const {
        if (to)
            add_sparse_outer_products<Real>(pattern, deltas_from(rows, 0), before_of(rows), rows.count,
                                            share_start(rows, weight.rows), share_end(rows, weight.rows), rows.scratch,
                                            to);
    }

    void advance(Index, const Real* before, Index before_sequence, Real* rows, Index step, Index sequence, Index steps,
                 Index width, const SlopeRows<Real>& slopes) const {
        const Index vectors = padded<Real>(weight.rows) / lanes<Real>;
        for (Index b = 0; b < width; ++b) {
            const Real* previous = before + b * before_sequence;
            Real *row = rows + b * sequence, *const drives = slopes_of(slopes, b);
            for (Index t = 0; t < steps; ++t, row += step) {
                weight.add_product(previous, row);
                if (drives) std::memcpy(drives + t * vectors * lanes<Real>, row, sizeof(Real) * vectors * lanes<Real>);
                if (activation) activation(leak, previous, row, vectors);
                previous = row;
            }
        }
    }
};

}  // namespace rnncore::RNNCORE_TARGET
