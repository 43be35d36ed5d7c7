#include "forward_walk.hpp"

#include "tuning.hpp"

namespace rnncore {

namespace {

template <class Real>
Index chunk_steps(Index steps, Index working_size, Index width) {
    const Index row_bytes = working_size * width * static_cast<Index>(sizeof(Real));
    return std::min(steps,
                    std::clamp(tuning::chunk_bytes / row_bytes, tuning::least_chunk_steps, tuning::most_chunk_steps));
}

template <class Real>
Index scratch_elements(const std::vector<Layer<Real>>& layers, Index chunk, Index width) {
    Index most = 0;
    for (const Layer<Real>& layer : layers) most = std::max(most, layer.scratch_size(layer.cell, chunk, width));
    return most;
}

}  // namespace

template <class Real>
ForwardWalk<Real>::ForwardWalk(const std::vector<Layer<Real>>& layers, const Stretch<Real>& stretch, Index first,
                               Index width)
    : layers_(layers),
      stretch_(stretch),
      first_(first),
      width_(width),
      total_state_(total_state_size(layers)),
      widest_(widest(layers, &Layer<Real>::padded_size)),
      chunk_(chunk_steps<Real>(stretch.steps, widest(layers, &Layer<Real>::working_size), width)),
      scratch_(scratch_elements(layers, chunk_, width)),
      evens_(chunk_ * width * widest_),
      odds_(layers.size() > 1 ? chunk_ * width * widest_ : 1) {}

template <class Real>
void ForwardWalk<Real>::advance(Index done, Index steps, const Traces<Real>& traces) {
    Real* const buffers[2] = {evens_.data(), odds_.data()};
    const Index total_width = stretch_.width, input_size = layers_.front().input_size;
    LayerChunk<Real> part{};
    part.steps = steps;
    part.width = width_;
    part.start = stretch_.start + done;
    part.scratch = scratch_.data();
    part.input_sequence = input_size;
    part.input_step = input_size * total_width;
    part.inputs = stretch_.inputs ? stretch_.inputs + done * part.input_step + first_ * input_size : nullptr;
    part.state_sequence = part.states_sequence = total_state_;
    part.states_step = total_state_ * total_width;
    Index state_offset = first_ * total_state_;
    for (std::size_t i = 0; i < layers_.size(); ++i) {
        const Layer<Real>& layer = layers_[i];
        part.state = stretch_.state + state_offset;
        part.states = stretch_.states ? stretch_.states + done * part.states_step + state_offset : nullptr;
        state_offset += layer.state_size;
        if (traces.slopes) part.slopes = {traces.slopes[i], traces.steps * layer.slopes_size};
        part.outputs = buffers[i % 2];
        part.output_sequence = layer.padded_size;
        part.output_step = layer.padded_size * width_;
        if (i + 1 == layers_.size() && stretch_.every == 1) {
            part.output_sequence = layer.output_size;
            part.output_step = layer.output_size * total_width;
            part.outputs =
                stretch_.outputs ? stretch_.outputs + first_ * layer.output_size + done * part.output_step : nullptr;
        }
        const Index signals_sequence = (traces.steps + 1) * signal_row(layer);
        if (traces.signals && layer.state_size) {
            part.states = traces.signals[i];
            part.states_step = signal_row(layer);
            part.states_sequence = signals_sequence;
        }
        layer.simulate(layer.cell, part);
        if (traces.signals && layer.state_size && stretch_.states)
            copy_states(part, layer.state_size,
                        stretch_.states + done * total_width * total_state_ + state_offset - layer.state_size);
        if (traces.signals && !layer.state_size && i + 1 < layers_.size())
            keep_signals(part, layer, traces.signals[i], signals_sequence);
        part.inputs = part.outputs;
        part.input_sequence = part.output_sequence;
        part.input_step = part.output_step;
    }
    if (stretch_.outputs && stretch_.every != 1) keep_thinned_outputs(part);
}

// The next layer's weights were multiplied by them.
template <class Real>
void ForwardWalk<Real>::keep_signals(const LayerChunk<Real>& part, const Layer<Real>& layer, Real* to,
                                     Index sequence) const {
    for (Index b = 0; b < width_; ++b)
        for (Index t = 0; t < part.steps; ++t)
            std::copy_n(part.outputs + t * part.output_step + b * part.output_sequence, layer.output_size,
                        to + b * sequence + t * signal_row(layer));
}

// From the tape, which has them in rows of its own.
template <class Real>
void ForwardWalk<Real>::copy_states(const LayerChunk<Real>& part, Index size, Real* to) const {
    for (Index b = 0; b < width_; ++b)
        for (Index t = 0; t < part.steps; ++t)
            std::copy_n(part.states + t * part.states_step + b * part.states_sequence, size,
                        to + (t * stretch_.width + b) * total_state_);
}

// Of the chunk whose outputs stand where the next layer would find its inputs.
template <class Real>
void ForwardWalk<Real>::keep_thinned_outputs(const LayerChunk<Real>& part) const {
    const Index size = layers_.back().output_size;
    for (Index t = 0; t < part.steps; ++t) {
        const Index number = part.start + t + 1;
        if (number % stretch_.every) continue;
        const Index kept = number / stretch_.every - stretch_.start / stretch_.every - 1;
        Real* to = stretch_.outputs + (kept * stretch_.width + first_) * size;
        for (Index b = 0; b < width_; ++b)
            std::copy_n(part.inputs + t * part.input_step + b * part.input_sequence, size, to + b * size);
    }
}

template class ForwardWalk<float>;
template class ForwardWalk<double>;

}  // namespace rnncore
