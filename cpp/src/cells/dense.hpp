// y_t = φ(W x_t + b), ∂y_t/∂x_t = diag(φ'(z_t)) W
#pragma once

#include "cells/activation.hpp"
#include "cells/transposed_inputs.hpp"
#include "dense/block_product.hpp"
#include "dense/input_projection.hpp"
#include "rnncore/layout.hpp"
#include "walks/block_step.hpp"

namespace rnncore::RNNCORE_TARGET {

template <class Real>
struct DenseCell {
    static constexpr bool has_state = false, gated = false, unitwise = false, has_jacobian = true;
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
        if (layout == Layout::adjoint && !transposed.create(dense.weight, size, input_size)) return false;
        return input.create(dense.weight, dense.bias, size, input_size);
    }

    void destroy() {
        input.destroy();
        transposed.destroy();
    }

    Index state_size() const { return 0; }
    Index block_scratch() const { return padded<Real>(size); }

    void finish(Real* rows, Index step, Index stride, Index steps, Index width, Real* slopes) const {
        const Index vectors = padded<Real>(size) / lanes<Real>;
        Columns<Real> row(rows, step, stride, width);
        for (Index i = 0; i < steps * width; ++i) {
            Real* const z = row.next();
            if (slopes) std::memcpy(slopes + i * padded<Real>(size), z, sizeof(Real) * padded<Real>(size));
            if (activation) activation(1, nullptr, z, vectors);
        }
        if (slopes) linearisation(1, slopes, steps * width * vectors);
    }

    void tangent(const TangentStep<Real>& step) const {
        if (!step.inputs) return clear_block(step.result, size, step.stride);
        multiply_block<Real>(input.weight, step.inputs, step.columns, step.stride, {step.slopes}, step.result);
    }

    void pull_back(const CotangentStep<Real>& step) const {
        if (!step.below) return;
        if (!step.above) return clear_block(step.below, input_size, step.stride);
        scale_rows(step.slopes, step.above, size, step.columns, step.stride, step.scratch);
        transposed.multiply(step.scratch, step.columns, step.stride, step.below);
    }
};

}  // namespace rnncore::RNNCORE_TARGET
