// One step of a layer in the walks with Jacobians: what they hand a cell, and what it leaves them.
//
// Blocks are laid out as in dense/block_product.hpp.
#pragma once

#include "dense/block_shape.hpp"

namespace rnncore {

// Forward: the tangents of inputs and state become those of the new state, or of the outputs where there is no state.
template <class Real>
struct TangentStep {
    Index number;        // of the step, from 1
    const Real* slopes;  // what the walk forward left of this step
    BlockShape shape;
    const Real* inputs;  // null: zero
    const Real* state;
    Real* result;
    Real* scratch;  // a block of the rows the layer asks for
};

// Backward: the cotangents of the new state become those of state and inputs.
template <class Real>
struct CotangentStep {
    Index number;
    const Real* slopes;
    BlockShape shape;
    Real* state;        // of the new state; changed. Null where there is no state
    const Real* above;  // of the outputs, from the layer that takes them; null: zero
    Real* result;       // of the state before
    Real* below;        // of the inputs; null: not wanted
    Real* scratch;      // as above; then cotangents of z, laid out as the cell says
    bool deltas;        // those are wanted; `above` is then there
};

}  // namespace rnncore
