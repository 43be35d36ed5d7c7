// y_t = φ(W x_t + b), ∂y_t/∂x_t = diag(φ'(z_t)) W
#pragma once

#include "cells/activation.hpp"
#include "cells/gathering.hpp"
#include "cells/transposed_inputs.hpp"
#include "dense/block_product.hpp"
#include "dense/input_projection.hpp"
#include "rnncore/layout.hpp"
#include "walks/block_step.hpp"
#include "walks/simulate.hpp"

namespace rnncore::RNNCORE_TARGET {

template <class Real>
struct DenseCell {
    static constexpr bool has_state = false, gated = false, unitwise = false;
    static constexpr Index slopes = 1;
    using Parameters = Dense<Real>;

    Index size = 0, input_size = 0;
    InputProjection<Real> input;
    TransposedInputs<Real> transposed;
    Activation<Real> activation = nullptr;
    Linearisation<Real> linearisation = nullptr;

    bool create(const Dense<Real>& dense, Layout layout) {
        size = dense.size;
        input_size = dense.input_size;
        activation = choose_activation<Real>(dense.nonlinearity, false);
        linearisation = choose_linearisation<Real>(dense.nonlinearity);
        if (goes_back(layout) && !transposed.create(dense.weight, size, input_size)) return false;
        return input.create(dense.weight, dense.bias, size, input_size);
    }

    void destroy() {
        input.destroy();
        transposed.destroy();
    }

    Index state_size() const { return 0; }
    Index block_scratch() const { return padded<Real>(size); }

    void finish(Real* rows, Index step, Index stride, Index steps, Index width, const SlopeRows<Real>& slopes) const {
        const Index row = padded<Real>(size), vectors = row / lanes<Real>;
        for (Index b = 0; b < width; ++b) {
            Real *z = rows + b * stride, *const kept = slopes_of(slopes, b);
            for (Index t = 0; t < steps; ++t, z += step) {
                if (kept) std::memcpy(kept + t * row, z, sizeof(Real) * row);
                if (activation) activation(1, nullptr, z, vectors);
            }
            if (kept) linearisation(1, kept, steps * vectors);
        }
    }

    void tangent(const TangentStep<Real>& step) const {
        if (!step.inputs) return clear_block(step.result, size, step.shape);
        multiply_block<Real>(input.weight, step.inputs, step.shape, {step.slopes}, step.result);
    }

    void pull_back(const CotangentStep<Real>& step) const {
        if (!step.below && !step.deltas) return;
        if (!step.above) return clear_block(step.below, input_size, step.shape);
        scale_rows(step.slopes, step.above, size, step.shape, step.scratch);
        if (step.below) transposed.multiply(step.scratch, step.shape, step.below);
    }

    Index gradient_scratch() const { return 0; }

    void pull_back_inputs(const DeltaRows<Real>& rows) const { transposed.multiply_rows(rows, 0); }

    void gather(const GradientRows<Real>& rows) const {
        gather_matrix(rows, 0, size, inputs_of(rows), input_size, rows.gradients.parameters[0]);
        gather_bias(rows, 0, size, rows.gradients.parameters[1]);
    }
};

}  // namespace rnncore::RNNCORE_TARGET
