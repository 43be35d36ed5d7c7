// What the walk back hands a cell to sum the gradients of its parameters from.
#pragma once

#include "rnncore/network.hpp"

namespace rnncore {

// Some consecutive steps of one sequence: a row for each, strides count elements. Rows can be read as whole vectors.
template <class Real>
struct GradientRows {
    Index count;
    Index number;  // of the first step, from 1
    const Real*
        deltas;  // what CotangentStep's scratch received, or the cotangents of the new state where it is not used
    Index delta_step;
    const Real* before;  // the state before each step, that after it one row on; null where there is no state
    Index before_step;
    const Real* inputs;  // null: zero
    Index input_step;
    const Real* slopes;
    Index slopes_step;
    Index share, shares;  // of the rows of each parameter
    bool first;           // sequence of the batch
    LayerGradients<Real> gradients;
    Real* scratch;  // gradient_scratch elements
};

// Those cotangents of many rows, and where those of the inputs go.
template <class Real>
struct DeltaRows {
    Index count;
    const Real* deltas;
    Real* below;
    Index step;  // of both
};

}  // namespace rnncore
