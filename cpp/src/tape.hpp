// What a walk forward keeps of each sequence: the slopes of its Jacobians, and the states and signals that weights were
// multiplied by.
#pragma once

#include "block_walk.hpp"
#include "network_implementation.hpp"

namespace rnncore {

// Rows of a layer's state, or of its outputs where it has none; padded.
template <class Real>
Index signal_row(const Layer<Real>& layer) {
    return layer.state_size ? layer.padded_state : layer.padded_size;
}

template <class Real>
class SequenceTape {
  public:
    SequenceTape(const std::vector<Layer<Real>>& layers, Index steps) : slopes(layers, steps), layers_(layers) {
        for (const Layer<Real>& layer : layers) signals_.emplace_back((steps + 1) * signal_row(layer));
        places_.resize(layers.size());
    }

    // Where the signals of the steps from `step` on go; they stand one row after those before the first step.
    Real* const* from(Index step) {
        for (std::size_t i = 0; i < layers_.size(); ++i)
            places_[i] = signals_[i].data() + (step + 1) * signal_row(layers_[i]);
        return places_.data();
    }

    Real* before(std::size_t layer, Index step) const {
        return signals_[layer].data() + step * signal_row(layers_[layer]);
    }

    Slopes<Real> slopes;

  private:
    const std::vector<Layer<Real>>& layers_;
    std::vector<Buffer<Real>> signals_;
    std::vector<Real*> places_;
};

template <class Real>
struct Tape<Real>::Implementation {
    Index steps;
    std::vector<SequenceTape<Real>> sequences;
};

}  // namespace rnncore
