// What one instruction-set level offers to the rest: plain structs of function pointers, no inline functions.
#pragma once

#include <cstddef>

#include "rnncore/cells.hpp"
#include "rnncore/probe.hpp"

namespace rnncore {

// One layer's share of a chunk of steps. Strides count elements.
template <class Real>
struct LayerChunk {
    Index steps;
    Index width;
    Index start;         // steps done before this chunk
    const Real* inputs;  // null: zero inputs
    Index input_step, input_sequence;
    Real* state;  // this layer's part of the first sequence's state
    Index state_sequence;
    Real* outputs;  // null: not wanted
    Index output_step, output_sequence;
    Real* states;  // null: not wanted
    Index states_step, states_sequence;
    Real* scratch;  // 64-byte aligned, scratch_size() elements
};

template <class Real>
struct Layer {
    void* cell;  // null: out of memory
    Index input_size, output_size, state_size;
    Index padded_size;  // length of a row of outputs in the kernel's own buffers
    void (*simulate)(const void* cell, const LayerChunk<Real>&);
    Index (*scratch_size)(const void* cell, Index steps, Index width);
    void (*destroy)(void* cell);
};

template <class Real>
struct Kernels {
    Layer<Real> (*elman)(const Elman<Real>&, bool batched);
    Layer<Real> (*dense)(const Dense<Real>&);
    Layer<Real> (*matrix_sequence)(const MatrixSequence<Real>&);
    bool (*apply)(const char* name, const Real* from, Real* to, Index count);  // false: unknown name
};

struct Target {
    const char* name;
    const char* instructions;  // what the compiler was allowed to use
    int vector_bytes;
    Kernels<float> float_kernels;
    Kernels<double> double_kernels;
    const Probe* probe;
};

}  // namespace rnncore
