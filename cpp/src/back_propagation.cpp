// The walk forward with a tape, and the way back along it: sequence by sequence for the cotangents, then parameter by
// parameter for the sums over steps, a block of steps at a time.
#include "cotangent_walk.hpp"
#include "tuning.hpp"

namespace rnncore {

namespace {

// This share of each parameter's rows.
template <class Real>
void gather(const std::vector<Layer<Real>>& layers, const std::vector<CotangentWalk<Real>>& walks,
            const Stretch<Real>& stretch, const LayerGradients<Real>* gradients, Index begin, Index end, Index share,
            Index shares) {
    Buffer<Real> scratch(widest(layers, &Layer<Real>::gradient_scratch));
    GradientRows<Real> rows{};
    rows.count = end - begin;
    rows.number = stretch.start + begin + 1;
    rows.share = share;
    rows.shares = shares;
    rows.scratch = scratch.data();
    for (std::size_t i = 0; i < layers.size(); ++i) {
        rows.gradients = gradients[i];
        for (const CotangentWalk<Real>& walk : walks)
            for (Index b = 0; b < walk.width(); ++b) {
                walk.fill(rows, i, b, begin);
                if (i == 0 && !stretch.inputs) rows.inputs = nullptr;
                rows.first = walk.first() + b == 0;
                layers[i].gather(layers[i].cell, rows);
            }
    }
}

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
Index Network<Real>::block_bytes(Index width) const {
    const Implementation& network = *implementation_;
    return gradient_block * width * cotangent_row(network.layers, *network.target) * static_cast<Index>(sizeof(Real));
}

template <class Real>
Tape<Real> Network<Real>::record(const Stretch<Real>& stretch, int threads) const {
    const Implementation& network = *implementation_;
    network.check_way_back(stretch);
    auto tape = std::make_unique<typename Tape<Real>::Implementation>();
    tape->steps = stretch.steps;
    tape->width = stretch.width;
    for (const Layer<Real>& layer : network.layers) tape->layers.emplace_back(layer, stretch.steps, stretch.width);
    if (stretch.steps <= 0 || stretch.width <= 0) return Tape<Real>(std::move(tape));
    share_among_threads(stretch.width, threads, [&](Index first, Index width) {
        const std::size_t layers = network.layers.size();
        std::vector<Real*> slopes(layers), signals(layers);
        const Real* state = stretch.state + first * state_size();
        for (Index b = first; b < first + width; ++b)
            for (std::size_t i = 0; i < layers; state += network.layers[i++].state_size)
                std::copy_n(state, network.layers[i].state_size, tape->signals(i, network.layers[i], b, 0));
        ForwardWalk<Real> walk(network.layers, stretch, first, width);
        for (Index done = 0; done < stretch.steps; done += walk.chunk()) {
            for (std::size_t i = 0; i < layers; ++i) {
                slopes[i] = tape->slopes(i, network.layers[i], first, done);
                signals[i] = tape->signals(i, network.layers[i], first, done + 1);
            }
            walk.advance(done, std::min(walk.chunk(), stretch.steps - done),
                         {slopes.data(), signals.data(), stretch.steps});
        }
    });
    return Tape<Real>(std::move(tape));
}

template <class Real>
void Network<Real>::accumulate_gradients(const Tape<Real>& tape, const Stretch<Real>& stretch,
                                         const Cotangents<Real>& cotangents, const LayerGradients<Real>* gradients,
                                         int threads) const {
    const Implementation& network = *implementation_;
    network.check_way_back(stretch);
    const Index size = state_size(), width = stretch.width;
    if (tape.get().steps != stretch.steps || tape.get().width != width)
        throw std::invalid_argument("the tape is of other steps or sequences");
    if (stretch.steps <= 0 || width <= 0) return;
    std::vector<CotangentWalk<Real>> walks;
    const Index parts = std::clamp<Index>(threads, 1, width);
    for (Index i = 0; i < parts; ++i) {
        const Index first = width * i / parts;
        walks.emplace_back(network.layers, *network.target, tape.get(), std::min(stretch.steps, gradient_block), first,
                           width * (i + 1) / parts - first);
        walks.back().load(cotangents.state + first * size);
    }
    Index sizes = 0;  // products of a step, roughly
    for (const Layer<Real>& layer : network.layers)
        sizes += forced_size(layer) * (layer.output_size + layer.input_size);
    for (Index end = stretch.steps; end > 0;) {
        const Index begin = (end - 1) / gradient_block * gradient_block;
        const Index products = (end - begin) * width * sizes;
        const int together = products < tuning::least_shared_products ? 1 : threads;
        share_among_threads(parts, together, [&](Index first, Index count) {
            for (Index i = first; i < first + count; ++i) walks[i].pull_back(stretch, cotangents, begin, end);
        });
        share_among_threads(together, together, [&](Index share, Index) {
            gather(network.layers, walks, stretch, gradients, begin, end, share, together);
        });
        end = begin;
    }
    for (const CotangentWalk<Real>& walk : walks) walk.save(cotangents.state + walk.first() * size);
}

#define RNNCORE_INSTANTIATE(Real)                                               \
    template class Tape<Real>;                                                  \
    template Index Network<Real>::tape_bytes(Index) const;                      \
    template Index Network<Real>::block_bytes(Index) const;                     \
    template Tape<Real> Network<Real>::record(const Stretch<Real>&, int) const; \
    template void Network<Real>::accumulate_gradients(                          \
        const Tape<Real>&, const Stretch<Real>&, const Cotangents<Real>&, const LayerGradients<Real>*, int) const;
RNNCORE_INSTANTIATE(float)
RNNCORE_INSTANTIATE(double)

}  // namespace rnncore
