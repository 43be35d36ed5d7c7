// Parameters of the cells, as views of the caller's row-major arrays; a Network copies what it needs.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rnncore {

using Index = std::ptrdiff_t;

enum class Nonlinearity : int { identity, tanh, relu, sigmoid, elu, softplus };

// Compressed sparse rows: entries row_starts[i] … row_starts[i + 1] - 1 belong to row i.
template <class Real>
struct SparseRows {
    const std::int64_t* row_starts = nullptr;
    const std::int32_t* columns = nullptr;
    const Real* values = nullptr;
};

// h_t = (1 - leak) h_{t-1} + leak φ(W_hh h_{t-1} + W_ih x_t + bias). Exactly one of weight_hh and sparse_hh.
template <class Real>
struct Elman {
    Index size = 0;
    Index input_size = 0;
    const Real* weight_hh = nullptr;  // (size, size)
    const SparseRows<Real>* sparse_hh = nullptr;
    const Real* weight_ih = nullptr;  // (size, input_size), or null with input_size 0
    const Real* bias = nullptr;       // (size), or null
    Nonlinearity nonlinearity = Nonlinearity::tanh;
    Real leak = 1;
};

// y_t = φ(W x_t + bias)
template <class Real>
struct Dense {
    Index size = 0;
    Index input_size = 0;
    const Real* weight = nullptr;  // (size, input_size)
    const Real* bias = nullptr;    // (size), or null
    Nonlinearity nonlinearity = Nonlinearity::identity;
};

// x_t = M_t x_{t-1}. The matrices are not copied: they must outlive the Network.
template <class Real>
struct MatrixSequence {
    Index size = 0;
    Index steps = 0;
    const Real* matrices = nullptr;  // (steps, size, size)
};

}  // namespace rnncore
