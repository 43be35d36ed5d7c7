// Tuned constants, each with what decided it.
#pragma once

#include "rnncore/cells.hpp"

namespace rnncore::tuning {

// A chunk's rows stay in the first- or second-level cache between the input projection and the recurrence.
inline constexpr Index chunk_bytes = 1 << 15;
inline constexpr Index least_chunk_steps = 8;
inline constexpr Index most_chunk_steps = 256;

}  // namespace rnncore::tuning
