// The table of the level a Network or a function call runs on.
#pragma once

#include <string>

#include "targets/target.hpp"

namespace rnncore {

// An empty name means selected_target(). Throws as selected_target() does.
const Target& find_target(const std::string& name);

template <class Real>
const Kernels<Real>& kernels_of(const Target& target);

}  // namespace rnncore
