// The chain of layers, the chunks it is walked in, and the threads that share a batch.
#include "rnncore/network.hpp"

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <new>
#include <stdexcept>
#include <thread>
#include <vector>

#include "targets/selection.hpp"
#include "tuning.hpp"

namespace rnncore {

template <class Real>
struct Network<Real>::Implementation {
    const Target* target;
    bool batched;
    std::string target_name;
    std::vector<Layer<Real>> layers;

    ~Implementation() {
        for (Layer<Real>& layer : layers) layer.destroy(layer.cell);
    }

    void add(Layer<Real> layer) {
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

    Index state_size() const {
        Index total = 0;
        for (const Layer<Real>& layer : layers) total += layer.state_size;
        return total;
    }

    void simulate(const Stretch<Real>& stretch, Index first, Index width) const;
};

namespace {

template <class Real>
class Buffer {
  public:
    explicit Buffer(Index count) {
        const std::size_t bytes = (sizeof(Real) * static_cast<std::size_t>(count) + 127) / 64 * 64;
        data_ = static_cast<Real*>(std::aligned_alloc(64, bytes));
        if (!data_) throw std::bad_alloc();
    }
    ~Buffer() { std::free(data_); }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    Real* data() const { return data_; }

  private:
    Real* data_;
};

}  // namespace

// Sequences first … first + width - 1 of a stretch.
template <class Real>
void Network<Real>::Implementation::simulate(const Stretch<Real>& stretch, Index first, Index width) const {
    Index widest = 1;
    for (const Layer<Real>& layer : layers) widest = std::max(widest, layer.padded_size);
    const Index row_bytes = widest * width * static_cast<Index>(sizeof(Real));
    const Index chunk = std::min(stretch.steps, std::clamp(tuning::chunk_bytes / row_bytes, tuning::least_chunk_steps,
                                                           tuning::most_chunk_steps));

    Index scratch_size = 0;
    for (const Layer<Real>& layer : layers)
        scratch_size = std::max(scratch_size, layer.scratch_size(layer.cell, chunk, width));
    const Index between = chunk * width * widest;
    Buffer<Real> scratch(scratch_size), evens(between), odds(layers.size() > 1 ? between : 1);
    Real* buffers[2] = {evens.data(), odds.data()};

    const Layer<Real>& last = layers.back();
    const Index total_state = state_size(), total_width = stretch.width;
    const Index output_row = last.output_size * total_width;
    Real* outputs = stretch.outputs ? stretch.outputs + first * last.output_size : nullptr;

    for (Index done = 0; done < stretch.steps; done += chunk) {
        LayerChunk<Real> part{};
        part.steps = std::min(chunk, stretch.steps - done);
        part.width = width;
        part.start = stretch.start + done;
        part.scratch = scratch.data();
        const Index input_size = layers.front().input_size;
        part.input_sequence = input_size;
        part.input_step = input_size * total_width;
        part.inputs = stretch.inputs ? stretch.inputs + done * part.input_step + first * input_size : nullptr;
        part.state_sequence = part.states_sequence = total_state;
        part.states_step = total_state * total_width;
        Index state_offset = first * total_state;
        for (std::size_t i = 0; i < layers.size(); ++i) {
            const Layer<Real>& layer = layers[i];
            const bool is_last = i + 1 == layers.size();
            part.state = stretch.state + state_offset;
            part.states = stretch.states ? stretch.states + done * part.states_step + state_offset : nullptr;
            state_offset += layer.state_size;
            part.outputs = buffers[i % 2];
            part.output_sequence = layer.padded_size;
            part.output_step = layer.padded_size * width;
            if (is_last && stretch.every == 1) {
                part.outputs = outputs ? outputs + done * output_row : nullptr;
                part.output_sequence = last.output_size;
                part.output_step = output_row;
            }
            layer.simulate(layer.cell, part);
            part.inputs = part.outputs;
            part.input_sequence = part.output_sequence;
            part.input_step = part.output_step;
        }
        if (outputs && stretch.every != 1) {
            for (Index t = 0; t < part.steps; ++t) {
                const Index number = part.start + t + 1;
                if (number % stretch.every) continue;
                Real* to = outputs + (number / stretch.every - stretch.start / stretch.every - 1) * output_row;
                for (Index b = 0; b < width; ++b)
                    std::copy_n(part.inputs + t * part.input_step + b * part.input_sequence, last.output_size,
                                to + b * last.output_size);
            }
        }
    }
}

template <class Real>
Network<Real>::Network(Layout layout, const std::string& target)
    : implementation_(new Implementation{&find_target(target), layout == Layout::batch, {}, {}}) {
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
    implementation_->add(kernels_of<Real>(*implementation_->target).elman(elman, implementation_->batched));
}

template <class Real>
void Network<Real>::add(const Dense<Real>& dense) {
    implementation_->add(kernels_of<Real>(*implementation_->target).dense(dense));
}

template <class Real>
void Network<Real>::add(const MatrixSequence<Real>& sequence) {
    implementation_->add(kernels_of<Real>(*implementation_->target).matrix_sequence(sequence));
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
    return implementation_->state_size();
}

template <class Real>
const std::string& Network<Real>::target() const {
    return implementation_->target_name;
}

template <class Real>
void Network<Real>::simulate(const Stretch<Real>& stretch, int threads) const {
    if (implementation_->layers.empty()) throw std::invalid_argument("a network needs at least one layer");
    if (stretch.every < 1) throw std::invalid_argument("every must be at least 1");
    if (stretch.steps <= 0 || stretch.width <= 0) return;
    const Index shares = std::clamp<Index>(threads, 1, stretch.width);
    std::vector<std::exception_ptr> failures(shares);
    const auto share = [&](Index i) {
        const Index first = stretch.width * i / shares, last = stretch.width * (i + 1) / shares;
        try {
            implementation_->simulate(stretch, first, last - first);
        } catch (...) {
            failures[i] = std::current_exception();
        }
    };
    std::vector<std::thread> workers;
    for (Index i = 1; i < shares; ++i) {
        try {
            workers.emplace_back(share, i);
        } catch (...) {  // no more threads to be had: do the work here
            share(i);
        }
    }
    share(0);
    for (std::thread& worker : workers) worker.join();
    for (const std::exception_ptr& failure : failures)
        if (failure) std::rethrow_exception(failure);
}

template class Network<float>;
template class Network<double>;

}  // namespace rnncore
