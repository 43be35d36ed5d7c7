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

// A row for each step and sequence.
template <class Real>
struct Rows {
    Real* data;
    Index step, sequence;
};

template <class Real>
void copy_rows(Rows<const Real> from, Rows<Real> to, Index steps, Index width, Index size) {
    for (Index t = 0; t < steps; ++t)
        for (Index b = 0; b < width; ++b)
            std::copy_n(from.data + t * from.step + b * from.sequence, size, to.data + t * to.step + b * to.sequence);
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
        if (traces.signals && layer.state_size && stretch_.states)  // the tape has them in rows of its own
            copy_rows<Real>({part.states, part.states_step, part.states_sequence},
                            {stretch_.states + done * total_width * total_state_ + state_offset - layer.state_size,
                             total_width * total_state_, total_state_},
                            steps, width_, layer.state_size);
        if (traces.signals && !layer.state_size && i + 1 < layers_.size())  // the next layer's weights see them
            copy_rows<Real>({part.outputs, part.output_step, part.output_sequence},
                            {traces.signals[i], signal_row(layer), signals_sequence}, steps, width_, layer.output_size);
        part.inputs = part.outputs;
        part.input_sequence = part.output_sequence;
        part.input_step = part.output_step;
    }
    if (stretch_.outputs && stretch_.every != 1) keep_thinned_outputs(part);
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
