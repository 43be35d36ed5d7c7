// The walk forward with a tape, and the way back along it: sequence by sequence for the cotangents, then parameter by
// parameter for the sums over steps, a block of steps at a time.
#include "block_walk.hpp"
#include "forward_walk.hpp"
#include "tape.hpp"
#include "tuning.hpp"

namespace rnncore {

namespace {

// Room for what the way back leaves of each step of a block, for each layer.
template <class Real>
class Deltas {
  public:
    explicit Deltas(const std::vector<Layer<Real>>& layers) : layers_(layers), places_(layers.size()) {
        for (const Layer<Real>& layer : layers) buffers_.emplace_back(gradient_block * row(layer));
    }

    Index row(const Layer<Real>& layer) const {
        return layer.block_scratch ? layer.block_scratch : layer.padded_state;
    }

    Real* const* at(Index step) {
        for (std::size_t i = 0; i < layers_.size(); ++i) places_[i] = buffers_[i].data() + step * row(layers_[i]);
        return places_.data();
    }

    const Real* of(std::size_t layer) const { return buffers_[layer].data(); }

  private:
    const std::vector<Layer<Real>>& layers_;
    std::vector<Buffer<Real>> buffers_;
    std::vector<Real*> places_;
};

// One sequence on its way back.
template <class Real>
class SequenceGradients {
  public:
    SequenceGradients(const Network<Real>& network, const std::vector<Layer<Real>>& layers, const Target& target,
                      const SequenceTape<Real>& tape, Index sequence)
        : layers_(layers),
          tape_(tape),
          sequence_(sequence),
          input_size_(network.input_size()),
          output_size_(network.output_size()),
          input_row_(padded_to_vectors<Real>(input_size_, target)),
          walk_(layers, target, 1),
          deltas_(layers),
          inputs_(gradient_block * input_row_) {}

    void load(const Real* state) { walk_.load(state, nullptr); }
    void save(Real* state) const { walk_.save(state, nullptr); }

    // Steps first … last - 1 of the stretch, from the last on.
    void pull_back(const Stretch<Real>& stretch, const Cotangents<Real>& cotangents, Index first, Index last) {
        for (Index t = last - 1; t >= first; --t) {
            const Index row = t * stretch.width + sequence_;
            const CotangentRows<Real> rows{cotangents.outputs ? cotangents.outputs + row * output_size_ : nullptr,
                                           cotangents.inputs ? cotangents.inputs + row * input_size_ : nullptr,
                                           deltas_.at(t - first)};
            walk_.pull_back(stretch.start + t + 1, tape_.slopes, t, rows);
            if (cotangents.cuts && cotangents.cuts[t]) walk_.clear();
            if (stretch.inputs)
                std::copy_n(stretch.inputs + row * input_size_, input_size_, inputs_.data() + (t - first) * input_row_);
        }
    }

    // Add what those steps leave to the gradients: this share of each parameter's rows.
    void gather(const Stretch<Real>& stretch, const LayerGradients<Real>* gradients, Index first, Index last,
                Index share, Index shares, Real* scratch) const {
        GradientRows<Real> rows{};
        rows.count = last - first;
        rows.number = stretch.start + first + 1;
        rows.share = share;
        rows.shares = shares;
        rows.first = sequence_ == 0;
        rows.scratch = scratch;
        rows.inputs = stretch.inputs ? inputs_.data() : nullptr;
        rows.input_step = input_row_;
        for (std::size_t i = 0; i < layers_.size(); ++i) {
            const Layer<Real>& layer = layers_[i];
            rows.deltas = deltas_.of(i);
            rows.delta_step = deltas_.row(layer);
            rows.before = tape_.before(i, first);
            rows.before_step = signal_row(layer);
            rows.slopes = tape_.slopes.of(i, first);
            rows.slopes_step = layer.slopes_size;
            rows.gradients = gradients[i];
            layer.gather(layer.cell, rows);
            rows.inputs = rows.before + rows.before_step;
            rows.input_step = rows.before_step;
        }
    }

  private:
    const std::vector<Layer<Real>>& layers_;
    const SequenceTape<Real>& tape_;
    Index sequence_, input_size_, output_size_, input_row_;
    BlockWalk<Real> walk_;
    Deltas<Real> deltas_;
    Buffer<Real> inputs_;  // of a block, padded
};

}  // namespace

template <class Real>
Tape<Real>::Tape(std::unique_ptr<Implementation> implementation) : implementation_(std::move(implementation)) {}

template <class Real>
Tape<Real>::Tape(Tape&&) noexcept = default;

template <class Real>
Tape<Real>& Tape<Real>::operator=(Tape&&) noexcept = default;

template <class Real>
Tape<Real>::~Tape() = default;

template <class Real>
Index Network<Real>::tape_bytes(Index width) const {
    Index row = 0;
    for (const Layer<Real>& layer : implementation_->layers) row += layer.slopes_size + signal_row(layer);
    return row * width * static_cast<Index>(sizeof(Real));
}

template <class Real>
Tape<Real> Network<Real>::record(const Stretch<Real>& stretch, int threads) const {
    const Implementation& network = *implementation_;
    network.check(stretch, Layout::adjoint);
    auto tape = std::make_unique<typename Tape<Real>::Implementation>();
    tape->steps = stretch.steps;
    tape->sequences.reserve(stretch.width);
    for (Index b = 0; b < stretch.width; ++b) tape->sequences.emplace_back(network.layers, stretch.steps);
    if (stretch.steps > 0 && stretch.width > 0)
        share_among_threads(stretch.width, threads, [&](Index begin, Index count) {
            for (Index b = begin; b < begin + count; ++b) {
                SequenceTape<Real>& sequence = tape->sequences[b];
                const Real* state = stretch.state + b * state_size();
                for (std::size_t i = 0; i < network.layers.size(); state += network.layers[i++].state_size)
                    std::copy_n(state, network.layers[i].state_size, sequence.before(i, 0));
                ForwardWalk<Real> walk(network.layers, stretch, b, 1);
                for (Index done = 0; done < stretch.steps; done += walk.chunk())
                    walk.advance(done, std::min(walk.chunk(), stretch.steps - done), sequence.slopes.from(done),
                                 sequence.from(done));
            }
        });
    return Tape<Real>(std::move(tape));
}

template <class Real>
void Network<Real>::accumulate_gradients(const Tape<Real>& tape, const Stretch<Real>& stretch,
                                         const Cotangents<Real>& cotangents, const LayerGradients<Real>* gradients,
                                         int threads) const {
    const Implementation& network = *implementation_;
    network.check(stretch, Layout::adjoint);
    const Index size = state_size(), width = stretch.width;
    if (stretch.start % gradient_block) throw std::invalid_argument("start must be a multiple of gradient_block");
    if (tape.get().steps != stretch.steps || static_cast<Index>(tape.get().sequences.size()) != width)
        throw std::invalid_argument("the tape is of other steps or sequences");
    if (stretch.steps <= 0 || width <= 0) return;
    std::vector<SequenceGradients<Real>> sequences;
    sequences.reserve(width);
    for (Index b = 0; b < width; ++b) {
        sequences.emplace_back(*this, network.layers, *network.target, tape.get().sequences[b], b);
        sequences.back().load(cotangents.state + b * size);
    }
    const Index scratch = widest(network.layers, &Layer<Real>::gradient_scratch);
    Index sizes = 0;  // products of a step, roughly
    for (const Layer<Real>& layer : network.layers)
        sizes += forced_size(layer) * (layer.output_size + layer.input_size);
    for (Index last = stretch.steps; last > 0;) {
        const Index first = (last - 1) / gradient_block * gradient_block;
        share_among_threads(width, threads, [&](Index begin, Index count) {
            for (Index b = begin; b < begin + count; ++b) sequences[b].pull_back(stretch, cotangents, first, last);
        });
        const Index shares = (last - first) * width * sizes < tuning::least_shared_products ? 1 : threads;
        share_among_threads(shares, threads, [&](Index share, Index count) {
            Buffer<Real> work(scratch);
            for (Index s = share; s < share + count; ++s)
                for (const SequenceGradients<Real>& sequence : sequences)
                    sequence.gather(stretch, gradients, first, last, s, shares, work.data());
        });
        last = first;
    }
    for (Index b = 0; b < width; ++b) sequences[b].save(cotangents.state + b * size);
}

#define RNNCORE_INSTANTIATE(Real)                                                                                  \
    template class Tape<Real>;                                                                                     \
    template Index Network<Real>::tape_bytes(Index) const;                                                         \
    template Tape<Real> Network<Real>::record(const Stretch<Real>&, int) const;                                    \
    template void Network<Real>::accumulate_gradients(const Tape<Real>&, const Stretch<Real>&,                     \
                                                      const Cotangents<Real>&, const LayerGradients<Real>*, int)   \
        const;
RNNCORE_INSTANTIATE(float)
RNNCORE_INSTANTIATE(double)

}  // namespace rnncore
