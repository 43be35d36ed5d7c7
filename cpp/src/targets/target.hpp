// What one instruction-set level offers to the rest: plain structs of function pointers, no inline functions.
#pragma once

#include <cstddef>

#include "rnncore/cells.hpp"
#include "rnncore/layout.hpp"
#include "rnncore/probe.hpp"
#include "walks/block_step.hpp"
#include "walks/gradient_rows.hpp"

namespace rnncore {

// Where the slopes of a chunk of steps go, (steps, slopes_size) for each sequence; where the layout has Jacobians.
template <class Real>
struct SlopeRows {
    Real* first = nullptr;  // null: not wanted
    Index sequence = 0;     // elements from one to the next
};

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
    SlopeRows<Real> slopes;
    Real* scratch;  // 64-byte aligned, scratch_size() elements
};

template <class Real>
struct Layer {
    void* cell;  // null: out of memory
    Index input_size, output_size, state_size;
    Index padded_size;    // length of a row of outputs in the kernel's own buffers
    Index padded_state;   // rows of a single column
    Index working_size;   // elements that one step and sequence of a chunk takes while it is worked on
    Index slopes_size;    // elements that linearising one step leaves
    Index block_scratch;  // rows of work memory that one step of a block takes
    void (*simulate)(const void* cell, const LayerChunk<Real>&);
    void (*tangent)(const void* cell, const TangentStep<Real>&);      // null: not in this layout
    void (*pull_back)(const void* cell, const CotangentStep<Real>&);  // null: not in this layout
    void (*pull_back_inputs)(const void* cell, const DeltaRows<Real>&);
    void (*gather)(const void* cell, const GradientRows<Real>&);  // adds to the gradients
    Index gradient_scratch;                                       // elements that gathering takes
    Index (*scratch_size)(const void* cell, Index steps, Index width);
    void (*destroy)(void* cell);
};

// What becomes of a whole block between two steps; blocks as in dense/block_product.hpp.
template <class Real>
struct BlockKernels {
    void (*rescale)(Real* block, Index rows, Index columns, Index stride, std::int64_t* exponents, bool all);
    void (*orthonormalise)(Real* block, Index rows, Index columns, Index stride, Real* factor);
    void (*column_squares)(const Real* block, Index rows, Index columns, Index stride, double* squares);
    void (*group_squares)(const Real* block, Index rows, Index columns, Index stride, const std::int32_t* labels,
                          Index groups, double* squares, std::int64_t* shifts);
};

template <class Real>
struct Kernels {
    Layer<Real> (*elman)(const Elman<Real>&, Layout);
    Layer<Real> (*dense)(const Dense<Real>&, Layout);
    Layer<Real> (*matrix_sequence)(const MatrixSequence<Real>&, Layout);
    Layer<Real> (*lstm)(const LSTM<Real>&, Layout);
    Layer<Real> (*gru)(const GRU<Real>&, Layout);
    Layer<Real> (*diagonal)(const Diagonal<Real>&, Layout);
    Layer<Real> (*gated_diagonal)(const GatedDiagonal<Real>&, Layout);
    Layer<Real> (*delay_line)(const DelayLine<Real>&, Layout);
    BlockKernels<Real> blocks;
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
