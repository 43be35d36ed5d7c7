// Some sequences of a stretch walked forward through all layers, in chunks.
#pragma once

#include "network_implementation.hpp"

namespace rnncore {

template <class Real>
class ForwardWalk {
  public:
    // Sequences first … first + width - 1.
    ForwardWalk(const std::vector<Layer<Real>>& layers, const Stretch<Real>& stretch, Index first, Index width);

    Index chunk() const { return chunk_; }

    // Steps done + 1 … done + steps of the stretch, at most a chunk. slopes, where wanted, holds for each layer where
    // those of the first step go; so does signals, for rows of its state, or of its outputs where it has none.
    void advance(Index done, Index steps, Real* const* slopes = nullptr, Real* const* signals = nullptr);

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
