// Some sequences of a stretch walked forward through all layers, in chunks.
#pragma once

#include "network_implementation.hpp"

namespace rnncore {

// Where what the steps leave goes: for each layer, the slopes of the first sequence's first step, and rows of its
// state, or of its outputs where it has none. One row for each step, one sequence's after another's.
template <class Real>
struct Traces {
    Real* const* slopes = nullptr;
    Real* const* signals = nullptr;  // null: not wanted
    Index steps = 0;                 // rows of slopes that a sequence has; of signals one more
};

// Of a layer's rows of signals.
template <class Real>
Index signal_row(const Layer<Real>& layer) {
    return uncrowded<Real>(layer.state_size ? layer.padded_state : layer.padded_size);
}

template <class Real>
class ForwardWalk {
  public:
    // Sequences first … first + width - 1.
    ForwardWalk(const std::vector<Layer<Real>>& layers, const Stretch<Real>& stretch, Index first, Index width);

    Index chunk() const { return chunk_; }

    // Steps done + 1 … done + steps of the stretch, at most a chunk.
    void advance(Index done, Index steps, const Traces<Real>& traces = {});

  private:
    void keep_thinned_outputs(const LayerChunk<Real>& part) const;

    const std::vector<Layer<Real>>& layers_;
    const Stretch<Real>& stretch_;
    Index first_, width_, total_state_, widest_, chunk_;
    Buffer<Real> scratch_, evens_, odds_;
};

extern template class ForwardWalk<float>;
extern template class ForwardWalk<double>;

}  // namespace rnncore
