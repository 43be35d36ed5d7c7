// Some sequences on their way back along a tape, a block of steps at a time: in each block one layer after the other,
// from the last to the first, gives the one below it the cotangents of its outputs in all steps.
#pragma once

#include "tape.hpp"

namespace rnncore {

// Elements that a step of a block takes, for each sequence.
template <class Real>
Index cotangent_row(const std::vector<Layer<Real>>& layers, const Target& target);

template <class Real>
class CotangentWalk {
  public:
    // Sequences first … first + width - 1; blocks of at most `block` steps.
    CotangentWalk(const std::vector<Layer<Real>>& layers, const Target& target,
                  const typename Tape<Real>::Implementation& tape, Index block, Index first, Index width);

    Index first() const { return first_; }
    Index width() const { return width_; }

    // Those of the state: (width, state_size).
    void load(const Real* state);
    void save(Real* state) const;

    // Steps begin + 1 … end of the stretch, from the last on.
    void pull_back(const Stretch<Real>& stretch, const Cotangents<Real>& cotangents, Index begin, Index end);

    // What they leave of one of the sequences, for each layer.
    void fill(GradientRows<Real>& rows, std::size_t layer, Index sequence, Index begin) const;

  private:
    void pull_back_layer(std::size_t i, Index number, Index begin, Index steps, const bool* cuts);
    Real* row(const Buffer<Real>& buffer, Index step) const { return buffer.data() + step * width_ * pitch_; }

    const std::vector<Layer<Real>>& layers_;
    const typename Tape<Real>::Implementation& tape_;
    Index first_, width_, input_row_, pitch_;
    std::vector<Buffer<Real>> states_;  // of each layer: (width, pitch)
    Buffer<Real> next_;
    std::vector<Buffer<Real>> deltas_;  // of each layer: (block, width, pitch)
    Buffer<Real> above_, below_;        // so
    Buffer<Real> inputs_;               // (width, block, input_row)
    Index block_;
};

extern template Index cotangent_row(const std::vector<Layer<float>>&, const Target&);
extern template Index cotangent_row(const std::vector<Layer<double>>&, const Target&);
extern template class CotangentWalk<float>;
extern template class CotangentWalk<double>;

}  // namespace rnncore
