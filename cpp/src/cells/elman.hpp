// h_t = (1 - a) h_{t-1} + a φ(z_t), z_t = W_hh h_{t-1} + W_ih x_t + b
// ∂h_t/∂h_{t-1} = (1 - a) I + a diag(φ'(z_t)) W_hh, ∂h_t/∂x_t = a diag(φ'(z_t)) W_ih
//
// The linear recursion is the same with φ = identity and a = 1.
#pragma once

#include "cells/batch_recurrence.hpp"
#include "cells/gathering.hpp"
#include "cells/single_recurrence.hpp"
#include "cells/sparse_recurrence.hpp"
#include "cells/transposed_inputs.hpp"
#include "dense/input_projection.hpp"
#include "walks/block_step.hpp"

namespace rnncore::RNNCORE_TARGET {

// Recurrence: SingleRecurrence, BatchRecurrence or SparseRecurrence.
template <class Real, class Recurrence>
struct ElmanCell {
    static constexpr bool has_state = true, gated = false, unitwise = false;
    static constexpr Index slopes = 1;
    using Parameters = Elman<Real>;

    Index size = 0, input_size = 0;
    InputProjection<Real> input;
    Recurrence recurrence;
    TransposedInputs<Real> transposed;
    Linearisation<Real> linearisation = nullptr;

    bool create(const Elman<Real>& elman, Layout layout) {
        size = elman.size;
        input_size = elman.weight_ih ? elman.input_size : 0;
        linearisation = choose_linearisation<Real>(elman.nonlinearity);
        if (goes_back(layout) && !transposed.create(elman.weight_ih, size, input_size)) return false;
        return input.create(elman.weight_ih, elman.bias, size, input_size) && recurrence.create(elman, layout);
    }

    void destroy() {
        input.destroy();
        recurrence.destroy();
        transposed.destroy();
    }

    Index state_size() const { return size; }
    Index block_scratch() const { return padded<Real>(size); }

    // From the drive W_ih x_t + b, which stands in `rows`, to h_t, in place, for steps start + 1 … start + steps.
    // `before` holds h_start. Rows are padded; strides count elements. `slopes`, if wanted, receives a φ'(z_t).
    void advance(Index start, const Real* before, Index before_sequence, Real* rows, Index step, Index sequence,
                 Index steps, Index width, const SlopeRows<Real>& slopes) const {
        recurrence.advance(start, before, before_sequence, rows, step, sequence, steps, width, slopes);
        for (Index b = 0; slopes.first && b < width; ++b)
            linearisation(recurrence.leak, slopes_of(slopes, b), steps * (padded<Real>(size) / lanes<Real>));
    }

    void tangent(const TangentStep<Real>& step) const {
        const bool driven = step.inputs && input.weight.columns > 0;
        if (driven) multiply_block<Real>(input.weight, step.inputs, step.shape, {}, step.result);
        multiply_block<Real>(recurrence.weight, step.state, step.shape,
                             {step.slopes, 1 - recurrence.leak, step.state, driven}, step.result);
    }

    void pull_back(const CotangentStep<Real>& step) const {
        if (step.above) add_block(step.above, size, step.shape, step.state);
        scale_rows(step.slopes, step.state, size, step.shape, step.scratch);
        multiply_block<Real>(recurrence.transposed, step.scratch, step.shape,
                             {nullptr, 1 - recurrence.leak, step.state, false}, step.result);
        if (step.below) transposed.multiply(step.scratch, step.shape, step.below);
    }

    void pull_back_inputs(const DeltaRows<Real>& rows) const { transposed.multiply_rows(rows, 0); }

    Index gradient_scratch() const { return recurrence.gradient_scratch(); }

    void gather(const GradientRows<Real>& rows) const {
        double* const* const to = rows.gradients.parameters;
        recurrence.gather(rows, to[0]);
        gather_matrix(rows, 0, size, inputs_of(rows), input_size, to[1]);
        gather_bias(rows, 0, size, to[2]);
    }
};

}  // namespace rnncore::RNNCORE_TARGET
