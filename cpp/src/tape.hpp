// What a walk forward keeps: the slopes of its Jacobians, and the states and signals that weights were multiplied by.
#pragma once

#include "forward_walk.hpp"

namespace rnncore {

template <class Real>
struct LayerTape {
    Buffer<Real> slopes;   // (width, steps, slopes_size)
    Buffer<Real> signals;  // (width, steps + 1, signal_row), the first row is before the first step

    LayerTape(const Layer<Real>& layer, Index steps, Index width)
        : slopes(width * steps * layer.slopes_size), signals(width * (steps + 1) * signal_row(layer)) {}
};

template <class Real>
struct Tape<Real>::Implementation {
    Index steps, width;
    std::vector<LayerTape<Real>> layers;

    Real* slopes(std::size_t i, const Layer<Real>& layer, Index sequence, Index step) const {
        return layers[i].slopes.data() + (sequence * steps + step) * layer.slopes_size;
    }

    // Before that step.
    Real* signals(std::size_t i, const Layer<Real>& layer, Index sequence, Index step) const {
        return layers[i].signals.data() + (sequence * (steps + 1) + step) * signal_row(layer);
    }
};

}  // namespace rnncore
