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

// i, f, o = σ(z_i + p_i c_{t-1}, z_f + p_f c_{t-1}, z_o + p_o c_t), g = tanh(z_g), z = W_hh h_{t-1} + W_ih x_t + bias,
// c_t = f c_{t-1} + i g, h_t = o tanh(c_t). The gates' rows stand in the order i, f, g, o. The state is h, then c.
template <class Real>
struct LSTM {
    Index size = 0;
    Index input_size = 0;
    const Real* weight_hh = nullptr;   // (4 size, size)
    const Real* weight_ih = nullptr;   // (4 size, input_size), or null with input_size 0
    const Real* bias = nullptr;        // (4 size), or null
    const Real* peephole_i = nullptr;  // (size), or null; so the others
    const Real* peephole_f = nullptr;
    const Real* peephole_o = nullptr;
};

// r, z = σ(W_hh h_{t-1} + W_ih x_t + bias), h_t = (1 - z) n + z h_{t-1}, with
// n = tanh(W_in x_t + bias_n + r (W_hn h_{t-1} + bias_hn)), or where the reset comes before the product,
// n = tanh(W_in x_t + bias_n + W_hn (r h_{t-1})). The gates' rows stand in the order r, z, n.
template <class Real>
struct GRU {
    Index size = 0;
    Index input_size = 0;
    const Real* weight_hh = nullptr;  // (3 size, size)
    const Real* weight_ih = nullptr;  // (3 size, input_size), or null with input_size 0
    const Real* bias = nullptr;       // (3 size), or null
    const Real* bias_hn = nullptr;    // (size), or null; unused where the reset comes before
    bool reset_after = true;
};

// h_t = λ h_{t-1} + W_ih x_t + bias, real, or complex with real and imaginary parts in turn wherever there are units.
template <class Real>
struct Diagonal {
    Index size = 0;  // of the state: twice the number of complex units
    Index input_size = 0;
    const Real* weight_hh = nullptr;  // (size)
    const Real* weight_ih = nullptr;  // (size, input_size), or null with input_size 0
    const Real* bias = nullptr;       // (size), or null
    bool complex = false;
};

// c_t = ψ(W_gate x_t + bias_gate) c_{t-1} + φ(W_ih x_t + bias)
template <class Real>
struct GatedDiagonal {
    Index size = 0;
    Index input_size = 0;
    const Real* weight_ih = nullptr;  // (size, input_size); so weight_gate
    const Real* weight_gate = nullptr;
    const Real* bias = nullptr;  // (size), or null; so bias_gate
    const Real* bias_gate = nullptr;
    Nonlinearity nonlinearity = Nonlinearity::identity;
    Nonlinearity gate_nonlinearity = Nonlinearity::sigmoid;
};

// y_t = (x_t, x_{t-1}, …), the last `steps` inputs, which are the state too.
template <class Real>
struct DelayLine {
    Index steps = 0;
    Index input_size = 0;
};

// x_t = M_t x_{t-1}. The matrices are not copied: they must outlive the Network.
template <class Real>
struct MatrixSequence {
    Index size = 0;
    Index steps = 0;
    const Real* matrices = nullptr;  // (steps, size, size)
};

}  // namespace rnncore
