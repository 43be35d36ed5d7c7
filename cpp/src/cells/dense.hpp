// y_t = φ(W x_t + b): no memory, so a whole chunk of steps is one matrix product.
#pragma once

#include "cells/activation.hpp"
#include "dense/input_projection.hpp"

namespace rnncore::RNNCORE_TARGET {

template <class Real>
struct DenseCell {
    static constexpr bool has_state = false;
    using Parameters = Dense<Real>;

    Index size = 0, input_size = 0;
    InputProjection<Real> input;
    Activation<Real> activation = nullptr;

    bool create(const Dense<Real>& dense) {
        size = dense.size;
        input_size = dense.input_size;
        activation = choose_activation<Real>(dense.nonlinearity, false);
        return input.create(dense.weight, dense.bias, size, input_size);
    }

    void destroy() { input.destroy(); }

    void finish(Real* rows, Index step, Index stride, Index steps, Index width) const {
        if (!activation) return;
        Columns<Real> row(rows, step, stride, width);
        for (Index i = 0; i < steps * width; ++i) activation(1, nullptr, row.next(), padded<Real>(size) / lanes<Real>);
    }
};

}  // namespace rnncore::RNNCORE_TARGET
