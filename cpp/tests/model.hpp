// Layers with random weights, of which networks of any layout can be made.
#pragma once

#include <cmath>
#include <deque>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "levels.hpp"
#include "rnncore/network.hpp"

// An array of a layer's weights, and where their gradients stand.
template <class Real>
struct Parameter {
    static constexpr int matrices = -1;

    std::size_t layer;
    int number;  // of LayerGradients::parameters, or matrices
    std::vector<Real> values;
    std::vector<rnncore::Index> places;  // in the array of gradients, of each value
    rnncore::Index gradients;            // size of that array
};

template <class Real>
class Model {
  public:
    using Index = rnncore::Index;
    using Nonlinearity = rnncore::Nonlinearity;

    Index input_size, output_size, state_size = 0, units = 0;
    bool biased;
    std::deque<Parameter<Real>> parameters;  // a network has those of when it was made

    explicit Model(Index inputs, bool with_biases = true)
        : input_size(inputs), output_size(inputs), biased(with_biases) {}
    Model(const Model&) = delete;

    std::size_t layers() const { return layers_.size(); }

    Model& elman(Index size, Nonlinearity nonlinearity, Real leak, bool sparse = false) {
        rnncore::Elman<Real> cell;
        cell.size = size;
        cell.input_size = output_size;
        cell.weight_ih = input_weights(1, size);
        cell.bias = bias(2, size);
        cell.nonlinearity = nonlinearity;
        cell.leak = leak;
        if (sparse)
            cell.sparse_hh = thin(size);
        else
            cell.weight_hh = recurrent_weights(1, size);
        return add(size, size, [cell](rnncore::Network<Real>& network) { network.add(cell); });
    }

    Model& dense(Index size, Nonlinearity nonlinearity) {
        const rnncore::Dense<Real> cell{size, output_size, weights(0, size * output_size, 0.5), bias(1, size),
                                        nonlinearity};
        return add(size, 0, [cell](rnncore::Network<Real>& network) { network.add(cell); });
    }

    Model& sequence(Index size, Index steps) {
        const Real* const values = weights(Parameter<Real>::matrices, steps * size * size, 1 / std::sqrt(double(size)));
        const rnncore::MatrixSequence<Real> cell{size, steps, values};
        return add(size, size, [cell](rnncore::Network<Real>& network) { network.add(cell); });
    }

    Model& lstm(Index size, bool peepholes) {
        rnncore::LSTM<Real> cell;
        cell.size = size;
        cell.input_size = output_size;
        cell.weight_hh = recurrent_weights(4, size);
        cell.weight_ih = input_weights(1, 4 * size);
        cell.bias = bias(2, 4 * size);
        if (peepholes) {
            cell.peephole_i = weights(3, size, 0.5);
            cell.peephole_f = weights(4, size, 0.5);
            cell.peephole_o = weights(5, size, 0.5);
        }
        return add(size, 2 * size, [cell](rnncore::Network<Real>& network) { network.add(cell); });
    }

    Model& gru(Index size, bool reset_after) {
        const rnncore::GRU<Real> cell{size,
                                      output_size,
                                      recurrent_weights(3, size),
                                      input_weights(1, 3 * size),
                                      bias(2, 3 * size),
                                      bias(3, size, 2 * size),  // the last rows of bias_hh
                                      reset_after};
        if (!reset_after && biased) parameters.back().places.clear();
        return add(size, size, [cell](rnncore::Network<Real>& network) { network.add(cell); });
    }

    Model& diagonal(Index units, bool complex) {
        const Index size = complex ? 2 * units : units;
        const rnncore::Diagonal<Real> cell{size,          output_size, weights(0, size, 1), input_weights(1, size),
                                           bias(2, size), complex};
        for (auto& parameter : parameters) {
            if (parameter.layer != layers()) continue;
            if (parameter.number == 0)  // no element grows
                for (Real& value : parameter.values) value = std::tanh(value) * Real(0.7);
            // Rows of real and of imaginary parts in turn; of the gradients, each part beside the other.
            if (parameter.number == 1 && complex)
                for (Index i = 0; i < size * output_size; ++i) {
                    const Index row = i / output_size, column = i % output_size;
                    parameter.places[i] = 2 * (row / 2 * output_size + column) + row % 2;
                }
        }
        return add(size, size, [cell](rnncore::Network<Real>& network) { network.add(cell); });
    }

    Model& gated_diagonal(Index size, Nonlinearity nonlinearity, Nonlinearity gate) {
        const rnncore::GatedDiagonal<Real> cell{
            size,          output_size,   input_weights(0, size), input_weights(1, size),
            bias(2, size), bias(3, size), nonlinearity,           gate};
        return add(size, size, [cell](rnncore::Network<Real>& network) { network.add(cell); });
    }

    Model& delay_line(Index steps) {
        const rnncore::DelayLine<Real> cell{steps, output_size};
        const Index size = steps * output_size;
        return add(size, size, [cell](rnncore::Network<Real>& network) { network.add(cell); });
    }

    rnncore::Network<Real> network(rnncore::Layout layout, const std::string& target) const {
        rnncore::Network<Real> made(layout, target);
        for (const auto& add_layer : layers_) add_layer(made);
        return made;
    }

  private:
    // Gradients begin at place `first`.
    const Real* weights(int number, Index count, double scale, Index first = 0) {
        parameters.push_back(
            {layers(), number, random_values<Real>(count, scale), std::vector<Index>(count), first + count});
        std::iota(parameters.back().places.begin(), parameters.back().places.end(), first);
        return parameters.back().values.data();
    }

    const Real* recurrent_weights(Index gates, Index size) {
        return weights(0, gates * size * size, 1 / std::sqrt(double(size)));
    }

    const Real* input_weights(int number, Index rows) {
        return output_size ? weights(number, rows * output_size, 0.5) : nullptr;
    }

    const Real* bias(int number, Index count, Index first = 0) {
        return biased ? weights(number, count, 0.3, first) : nullptr;
    }

    const rnncore::SparseRows<Real>* thin(Index size) {
        row_starts_.push_back({0});
        columns_.emplace_back();
        for (Index i = 0; i < size; ++i) {
            for (Index k = 0; k < size; ++k)
                if (generator() % 3 == 0) columns_.back().push_back(static_cast<std::int32_t>(k));
            row_starts_.back().push_back(static_cast<std::int64_t>(columns_.back().size()));
        }
        const Real* values = weights(0, static_cast<Index>(columns_.back().size()), 1 / std::sqrt(1 + size / 3.0));
        rows_.push_back({row_starts_.back().data(), columns_.back().data(), values});
        return &rows_.back();
    }

    Model& add(Index size, Index state, std::function<void(rnncore::Network<Real>&)> layer) {
        layers_.push_back(std::move(layer));
        output_size = size;
        state_size += state;
        units += size;
        return *this;
    }

    std::deque<std::vector<std::int64_t>> row_starts_;
    std::deque<std::vector<std::int32_t>> columns_;
    std::deque<rnncore::SparseRows<Real>> rows_;
    std::vector<std::function<void(rnncore::Network<Real>&)>> layers_;
};
