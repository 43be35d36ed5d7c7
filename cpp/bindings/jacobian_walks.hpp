// The walks with Jacobians, as methods of a network: arrays in, arrays out, the GIL released.
#pragma once

#include "arrays.hpp"
#include "rnncore/network.hpp"

template <class Real>
rnncore::Stretch<Real> stretch_of(const Optional<Real>& inputs, rnncore::Index steps, Array<Real>& state,
                                  rnncore::Index start) {
    rnncore::Stretch<Real> stretch;
    stretch.steps = steps;
    stretch.width = state.shape(0);
    stretch.inputs = data(inputs);
    stretch.state = state.mutable_data();
    stretch.start = start;
    return stretch;
}

template <class Real>
void define_jacobian_walks(pybind11::class_<rnncore::Network<Real>>& network);
