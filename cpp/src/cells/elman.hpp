// h_t = (1 - a) h_{t-1} + a φ(W_hh h_{t-1} + W_ih x_t + b)
//
// The linear recursion is the same with φ = identity and a = 1.
#pragma once

#include "cells/batch_recurrence.hpp"
#include "cells/single_recurrence.hpp"
#include "cells/sparse_recurrence.hpp"
#include "dense/input_projection.hpp"

namespace rnncore::RNNCORE_TARGET {

// Recurrence: SingleRecurrence, BatchRecurrence or SparseRecurrence.
template <class Real, class Recurrence>
struct ElmanCell {
    static constexpr bool has_state = true;
    using Parameters = Elman<Real>;

    Index size = 0, input_size = 0;
    InputProjection<Real> input;
    Recurrence recurrence;

    bool create(const Elman<Real>& elman) {
        size = elman.size;
        input_size = elman.weight_ih ? elman.input_size : 0;
        return input.create(elman.weight_ih, elman.bias, size, input_size) && recurrence.create(elman);
    }

    void destroy() {
        input.destroy();
        recurrence.destroy();
    }

    // From the drive z_t = W_ih x_t + b, which stands in `rows`, to h_t, in place, for steps start + 1 … start + steps.
    // `before` holds h_start. Rows are padded; strides count elements.
    void advance(Index start, const Real* before, Index before_sequence, Real* rows, Index step, Index sequence,
                 Index steps, Index width) const {
        recurrence.advance(start, before, before_sequence, rows, step, sequence, steps, width);
    }
};

}  // namespace rnncore::RNNCORE_TARGET
