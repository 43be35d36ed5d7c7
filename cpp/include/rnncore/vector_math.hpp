// Elementwise functions of arrays, at most 2 units in the last place off.
#pragma once

#include <string>

#include "rnncore/cells.hpp"

namespace rnncore {

// name: exp expm1 log1p tanh sigmoid elu softplus. An empty target name means selected_target().
template <class Real>
void apply(const std::string& name, const Real* from, Real* to, Index count, const std::string& target = {});

}  // namespace rnncore
