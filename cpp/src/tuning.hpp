// Tuned constants, each with what decided it.
#pragma once

#include "rnncore/cells.hpp"

namespace rnncore::tuning {

// A chunk's rows stay in the first- or second-level cache between the input projection and the recurrence.
inline constexpr Index chunk_bytes = 1 << 15;
inline constexpr Index least_chunk_steps = 8;
inline constexpr Index most_chunk_steps = 256;

// Weights of inputs beside which some rows of inputs and of results stay in the first-level cache.
inline constexpr Index near_weight_bytes = 1 << 14;

// Multiply-adds that take a few times as long as a thread to start.
inline constexpr Index least_shared_products = 1 << 23;

}  // namespace rnncore::tuning
