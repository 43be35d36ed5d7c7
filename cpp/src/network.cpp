// The chain of layers and its walk forward.
#include "rnncore/network.hpp"

#include "forward_walk.hpp"

namespace rnncore {

template <class Real>
void Network<Real>::Implementation::add(Layer<Real> layer) {
    if (!layer.cell) throw std::bad_alloc();
    const bool fits = layers.empty() || layers.back().output_size == layer.input_size;
    try {
        if (!fits) throw std::invalid_argument("a layer's inputs must be as many as the outputs before it");
        layers.push_back(layer);
    } catch (...) {
        layer.destroy(layer.cell);
        throw;
    }
}

template <class Real>
Network<Real>::Network(Layout layout, const std::string& target)
    : implementation_(new Implementation{&find_target(target), layout, {}, {}}) {
    implementation_->target_name = implementation_->target->name;
}

template <class Real>
Network<Real>::~Network() = default;

template <class Real>
Network<Real>::Network(Network&&) noexcept = default;

template <class Real>
Network<Real>& Network<Real>::operator=(Network&&) noexcept = default;

template <class Real>
void Network<Real>::add(const Elman<Real>& elman) {
    implementation_->add(kernels_of<Real>(*implementation_->target).elman(elman, implementation_->layout));
}

template <class Real>
void Network<Real>::add(const Dense<Real>& dense) {
    implementation_->add(kernels_of<Real>(*implementation_->target).dense(dense, implementation_->layout));
}

template <class Real>
void Network<Real>::add(const MatrixSequence<Real>& sequence) {
    implementation_->add(kernels_of<Real>(*implementation_->target).matrix_sequence(sequence, implementation_->layout));
}

template <class Real>
void Network<Real>::add(const LSTM<Real>& cell) {
    implementation_->add(kernels_of<Real>(*implementation_->target).lstm(cell, implementation_->layout));
}

template <class Real>
void Network<Real>::add(const GRU<Real>& cell) {
    implementation_->add(kernels_of<Real>(*implementation_->target).gru(cell, implementation_->layout));
}

template <class Real>
void Network<Real>::add(const Diagonal<Real>& cell) {
    implementation_->add(kernels_of<Real>(*implementation_->target).diagonal(cell, implementation_->layout));
}

template <class Real>
void Network<Real>::add(const GatedDiagonal<Real>& cell) {
    implementation_->add(kernels_of<Real>(*implementation_->target).gated_diagonal(cell, implementation_->layout));
}

template <class Real>
void Network<Real>::add(const DelayLine<Real>& cell) {
    implementation_->add(kernels_of<Real>(*implementation_->target).delay_line(cell, implementation_->layout));
}

template <class Real>
Index Network<Real>::input_size() const {
    return implementation_->layers.empty() ? 0 : implementation_->layers.front().input_size;
}

template <class Real>
Index Network<Real>::output_size() const {
    return implementation_->layers.empty() ? 0 : implementation_->layers.back().output_size;
}

template <class Real>
Index Network<Real>::state_size() const {
    return total_state_size(implementation_->layers);
}

template <class Real>
const std::string& Network<Real>::target() const {
    return implementation_->target_name;
}

template <class Real>
void Network<Real>::simulate(const Stretch<Real>& stretch, int threads) const {
    implementation_->check(stretch, Layout::single);
    if (stretch.steps <= 0 || stretch.width <= 0) return;
    share_among_threads(stretch.width, threads, [&](Index first, Index width) {
        ForwardWalk<Real> walk(implementation_->layers, stretch, first, width);
        for (Index done = 0; done < stretch.steps; done += walk.chunk())
            walk.advance(done, std::min(walk.chunk(), stretch.steps - done));
    });
}

template class Network<float>;
template class Network<double>;

}  // namespace rnncore
