// The recurrence with a sparse matrix, sequence by sequence.
#pragma once

#include "cells/activation.hpp"
#include "dense/sparse_matrix.hpp"
#include "rnncore/layout.hpp"

namespace rnncore::RNNCORE_TARGET {

template <class Real>
struct SparseRecurrence {
    static constexpr bool has_jacobian = true;

    SparseMatrix<Real> weight, transposed;  // the latter for walks backward
    Activation<Real> activation = nullptr;
    Real leak = 1;

    bool create(const Elman<Real>& elman, Layout layout) {
        leak = elman.leak;
        activation = choose_activation<Real>(elman.nonlinearity, leak != 1);
        if (layout == Layout::adjoint && !transposed.create_transposed(*elman.sparse_hh, elman.size)) return false;
        return weight.create(*elman.sparse_hh, elman.size);
    }

    void destroy() {
        weight.destroy();
        transposed.destroy();
    }

    void advance(Index, const Real* before, Index before_sequence, Real* rows, Index step, Index sequence, Index steps,
                 Index width, Real* drives) const {
        const Index vectors = padded<Real>(weight.rows) / lanes<Real>;
        for (Index b = 0; b < width; ++b) {
            const Real* previous = before + b * before_sequence;
            Real* row = rows + b * sequence;
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
