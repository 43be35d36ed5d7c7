#include "cotangent_walk.hpp"

namespace rnncore {

namespace {

// From one sequence to the next: room for a layer's state, for what it leaves and for its signals.
template <class Real>
Index row_pitch(const std::vector<Layer<Real>>& layers, const Target& target) {
    Index most = std::max(widest(layers, &Layer<Real>::padded_state), widest(layers, &Layer<Real>::block_scratch));
    most = std::max(most, widest(layers, &Layer<Real>::padded_size));
    most = std::max(most, padded_to_vectors<Real>(widest(layers, &Layer<Real>::input_size), target));
    return uncrowded<Real>(most);
}

template <class Real>
Buffer<Real> zeros(Index count) {
    Buffer<Real> buffer(count);
    std::fill_n(buffer.data(), count, Real(0));
    return buffer;
}

}  // namespace

// Of each layer what it leaves; of one what comes from above and what goes below; inputs.
template <class Real>
Index cotangent_row(const std::vector<Layer<Real>>& layers, const Target& target) {
    return (static_cast<Index>(layers.size()) + 2) * row_pitch(layers, target) +
           padded_to_vectors<Real>(layers.front().input_size, target);
}

template <class Real>
CotangentWalk<Real>::CotangentWalk(const std::vector<Layer<Real>>& layers, const Target& target,
                                   const typename Tape<Real>::Implementation& tape, Index block, Index first,
                                   Index width)
    : layers_(layers),
      tape_(tape),
      first_(first),
      width_(width),
      input_row_(padded_to_vectors<Real>(layers.front().input_size, target)),
      pitch_(row_pitch(layers, target)),
      next_(zeros<Real>(width * pitch_)),
      above_(zeros<Real>(block * width * pitch_)),
      below_(zeros<Real>(block * width * pitch_)),
      inputs_(zeros<Real>(width * block * input_row_)),
      block_(block) {
    for (std::size_t i = 0; i < layers_.size(); ++i) {
        states_.push_back(zeros<Real>(width * pitch_));
        deltas_.emplace_back(block * width * pitch_);
    }
}

template <class Real>
void CotangentWalk<Real>::load(const Real* state) {
    for (Index b = 0; b < width_; ++b)
        for (std::size_t i = 0; i < layers_.size(); state += layers_[i++].state_size)
            std::copy_n(state, layers_[i].state_size, states_[i].data() + b * pitch_);
}

template <class Real>
void CotangentWalk<Real>::save(Real* state) const {
    for (Index b = 0; b < width_; ++b)
        for (std::size_t i = 0; i < layers_.size(); state += layers_[i++].state_size)
            std::copy_n(states_[i].data() + b * pitch_, layers_[i].state_size, state);
}

template <class Real>
void CotangentWalk<Real>::pull_back(const Stretch<Real>& stretch, const Cotangents<Real>& cotangents, Index begin,
                                    Index end) {
    const Index steps = end - begin, inputs = layers_.front().input_size, outputs = layers_.back().output_size;
    for (Index t = 0; t < steps; ++t)
        for (Index b = 0; b < width_; ++b) {
            const Index place = (begin + t) * stretch.width + first_ + b;
            Real* const above = row(above_, t) + b * pitch_;
            // Whole vectors are read: behind the outputs there may be rests of another layer's.
            std::fill_n(above, pitch_, Real(0));
            if (cotangents.outputs) std::copy_n(cotangents.outputs + place * outputs, outputs, above);
            if (stretch.inputs)
                std::copy_n(stretch.inputs + place * inputs, inputs, inputs_.data() + (b * block_ + t) * input_row_);
        }
    for (std::size_t i = layers_.size(); i-- > 0;) {
        pull_back_layer(i, stretch.start + begin + 1, begin, steps,
                        cotangents.cuts ? cotangents.cuts + begin : nullptr);
        if (i == 0 && !cotangents.inputs) break;
        const Layer<Real>& layer = layers_[i];
        layer.pull_back_inputs(layer.cell, {steps * width_, deltas_[i].data(), below_.data(), pitch_});
        std::swap(above_, below_);
    }
    for (Index t = 0; cotangents.inputs && t < steps; ++t)
        for (Index b = 0; b < width_; ++b)
            std::copy_n(row(above_, t) + b * pitch_, inputs,
                        cotangents.inputs + ((begin + t) * stretch.width + first_ + b) * inputs);
}

template <class Real>
void CotangentWalk<Real>::pull_back_layer(std::size_t i, Index number, Index begin, Index steps, const bool* cuts) {
    const Layer<Real>& layer = layers_[i];
    CotangentStep<Real> step{};
    step.shape = {1, 1, width_, pitch_, tape_.steps * layer.slopes_size};
    step.deltas = true;
    for (Index t = steps - 1; t >= 0; --t) {
        step.number = number + t;
        step.shape.downward = step.number % 2;
        step.slopes = tape_.slopes(i, layer, first_, begin + t);
        step.above = row(above_, t);
        step.state = layer.state_size ? states_[i].data() : nullptr;
        step.result = layer.state_size ? next_.data() : nullptr;
        step.scratch = row(deltas_[i], t);
        layer.pull_back(layer.cell, step);
        if (!layer.state_size) continue;
        if (!layer.block_scratch) std::copy_n(states_[i].data(), width_ * pitch_, step.scratch);
        std::swap(states_[i], next_);
        if (cuts && cuts[t]) std::fill_n(states_[i].data(), width_ * pitch_, Real(0));
    }
}

template <class Real>
void CotangentWalk<Real>::fill(GradientRows<Real>& rows, std::size_t i, Index sequence, Index begin) const {
    const Layer<Real>& layer = layers_[i];
    rows.deltas = deltas_[i].data() + sequence * pitch_;
    rows.delta_step = width_ * pitch_;
    rows.before = tape_.signals(i, layer, first_ + sequence, begin);
    rows.before_step = signal_row(layer);
    rows.slopes = tape_.slopes(i, layer, first_ + sequence, begin);
    rows.slopes_step = layer.slopes_size;
    if (i == 0) {
        rows.inputs = inputs_.data() + sequence * block_ * input_row_;
        rows.input_step = input_row_;
    } else {
        rows.input_step = signal_row(layers_[i - 1]);
        rows.inputs = tape_.signals(i - 1, layers_[i - 1], first_ + sequence, begin) + rows.input_step;
    }
}

template Index cotangent_row(const std::vector<Layer<float>>&, const Target&);
template Index cotangent_row(const std::vector<Layer<double>>&, const Target&);
template class CotangentWalk<float>;
template class CotangentWalk<double>;

}  // namespace rnncore
