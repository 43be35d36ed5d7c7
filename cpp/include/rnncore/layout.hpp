// What a network is made ready for.
#pragma once

namespace rnncore {

// Walks forward of one sequence or of a batch; walks with Jacobians forward (tangent) or backward (adjoint), the latter
// also for batches (batch_adjoint: back-propagation alone).
enum class Layout { single, batch, tangent, adjoint, batch_adjoint };

}  // namespace rnncore
