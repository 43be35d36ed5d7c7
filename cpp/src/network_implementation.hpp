// What a Network consists of, and the threads that share the sequences of a batch.
#pragma once

#include <algorithm>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "buffer.hpp"
#include "rnncore/network.hpp"
#include "targets/selection.hpp"

namespace rnncore {

template <class Real>
Index total(const std::vector<Layer<Real>>& layers, Index Layer<Real>::*size) {
    Index sum = 0;
    for (const Layer<Real>& layer : layers) sum += layer.*size;
    return sum;
}

template <class Real>
Index total_state_size(const std::vector<Layer<Real>>& layers) {
    return total(layers, &Layer<Real>::state_size);
}

template <class Real>
Index widest(const std::vector<Layer<Real>>& layers, Index Layer<Real>::*size) {
    Index most = 1;
    for (const Layer<Real>& layer : layers) most = std::max(most, layer.*size);
    return most;
}

// How many components of a layer can be forced in one step: of its state, else of its output.
template <class Real>
Index forced_size(const Layer<Real>& layer) {
    return layer.state_size ? layer.state_size : layer.output_size;
}

// Rows that are read one below the other: not so far apart that all fall into a few sets of a cache.
template <class Real>
Index uncrowded(Index row) {
    constexpr Index line = 64 / sizeof(Real), crowding = 8 * line;
    return row % crowding == 0 ? row + line : row;
}

template <class Real>
Index padded_to_vectors(Index count, const Target& target) {
    const Index lanes = target.vector_bytes / static_cast<Index>(sizeof(Real));
    return (count + lanes - 1) / lanes * lanes;
}

template <class Real>
struct Network<Real>::Implementation {
    const Target* target;
    Layout layout;
    std::string target_name;
    std::vector<Layer<Real>> layers;

    ~Implementation() {
        for (Layer<Real>& layer : layers) layer.destroy(layer.cell);
    }

    void add(Layer<Real> layer);

    void check(const Stretch<Real>& stretch, Layout needed) const {
        if (layers.empty()) throw std::invalid_argument("a network needs at least one layer");
        if (stretch.every < 1) throw std::invalid_argument("every must be at least 1");
        if (needed != layout && needed != Layout::single)
            throw std::invalid_argument("this walk needs a network of another layout");
    }

    void check_way_back(const Stretch<Real>& stretch) const {
        check(stretch, stretch.width > 1 && layout == Layout::batch_adjoint ? Layout::batch_adjoint : Layout::adjoint);
    }
};

// share(first, count) for disjoint parts of `width` sequences, each in a thread of its own.
template <class Share>
void share_among_threads(Index width, int threads, const Share& share) {
    const Index shares = std::clamp<Index>(threads, 1, width);
    std::vector<std::exception_ptr> failures(shares);
    const auto run = [&](Index i) {
        const Index first = width * i / shares, last = width * (i + 1) / shares;
        try {
            share(first, last - first);
        } catch (...) {
            failures[i] = std::current_exception();
        }
    };
    std::vector<std::thread> workers;
    for (Index i = 1; i < shares; ++i) {
        try {
            workers.emplace_back(run, i);
        } catch (...) {  // no more threads to be had: do the work here
            run(i);
        }
    }
    run(0);
    for (std::thread& worker : workers) worker.join();
    for (const std::exception_ptr& failure : failures)
        if (failure) std::rethrow_exception(failure);
}

}  // namespace rnncore
