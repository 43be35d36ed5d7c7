// What a network is made ready for.
#pragma once

namespace rnncore {

// Walks forward of one sequence or of a batch; walks with Jacobians forward (tangent) or backward (adjoint).
enum class Layout { single, batch, tangent, adjoint };

}  // namespace rnncore
