// Back-propagation as methods of the Network classes.
#pragma once

#include "jacobian_walks.hpp"

template <class Real>
void define_back_propagation(pybind11::module_& module, pybind11::class_<rnncore::Network<Real>>& type,
                             const char* tape_name);
