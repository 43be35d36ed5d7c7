// Gated and diagonal cells against the textbook formulae in long double, on the level named on the command line,
// through the public headers alone; and that no cut, piece or thread changes a bit.
#include <cmath>
#include <cstring>
#include <functional>
#include <vector>

#include "levels.hpp"
#include "rnncore/network.hpp"

using rnncore::Index;
using rnncore::Layout;
using rnncore::Network;
using rnncore::Nonlinearity;

namespace {

using Vector = std::vector<long double>;

long double sigmoid(long double z) { return 1 / (1 + std::exp(-z)); }

// Weights of a cell whose products all come from the same rows.
template <class Real>
struct Weights {
    Index units, input_size;
    std::vector<Real> hh, ih, bias, extra;  // extra: three vectors of units

    Weights(Index n, Index gates, Index inputs)
        : units(n),
          input_size(inputs),
          hh(random_values<Real>(gates * n * n, 0.9 / std::sqrt(double(n)))),
          ih(random_values<Real>(gates * n * inputs, 1)),
          bias(random_values<Real>(gates * n, 0.3)),
          extra(random_values<Real>(3 * n, 0.5)) {}

    long double recurrent(Index row, const Vector& h) const {
        long double sum = 0;
        for (Index k = 0; k < units; ++k) sum += (long double)hh[row * units + k] * h[k];
        return sum;
    }
    long double driven(Index row, const Real* x) const {
        long double sum = bias[row];
        for (Index k = 0; k < input_size; ++k) sum += (long double)ih[row * input_size + k] * x[k];
        return sum;
    }
};

// state: before a step, then after it.
template <class Real>
using Step = std::function<void(const Real* x, Vector& state)>;

// Errors of one step, from the state it began with: sums of up to `terms` products of magnitude 4 or so, some
// functions, all with slopes below 1 but for peepholes and gates that multiply a c below 4.
template <class Real>
void check(Index state_size, Index output_size, Index input_size, Index terms, const Step<Real>& step,
           const std::function<void(Network<Real>&)>& add, const std::string& target) {
    constexpr Index steps = 11;
    for (Index width : {1, 2, 7, 16}) {
        const auto inputs = random_values<Real>(steps * width * input_size, 1);
        const auto initial = random_values<Real>(width * state_size, 1);
        std::vector<Real> first_outputs, first_states;
        for (Layout layout : {Layout::single, Layout::batch})
            for (Index piece : {steps, Index(1), Index(4)})
                for (int threads : {1, 3}) {
                    Network<Real> network(layout, target);
                    add(network);
                    CHECK(network.state_size() == state_size && network.output_size() == output_size);
                    std::vector<Real> state = initial, outputs(steps * width * output_size),
                                      states(steps * width * state_size);
                    for (Index start = 0; start < steps; start += piece) {
                        rnncore::Stretch<Real> stretch;
                        stretch.steps = std::min(piece, steps - start);
                        stretch.width = width;
                        stretch.start = start;
                        stretch.inputs = inputs.empty() ? nullptr : inputs.data() + start * width * input_size;
                        stretch.state = state.data();
                        stretch.outputs = outputs.data() + start * width * output_size;
                        // Without states too: the memory is then kept elsewhere.
                        stretch.states = piece == 1 ? nullptr : states.data() + start * width * state_size;
                        network.simulate(stretch, threads);
                    }
                    if (first_outputs.empty()) first_outputs = outputs, first_states = states;
                    CHECK(std::memcmp(outputs.data(), first_outputs.data(), sizeof(Real) * outputs.size()) == 0);
                    CHECK(std::equal(state.begin(), state.end(), first_states.end() - width * state_size));
                    if (piece != 1) CHECK(states == first_states);
                }
        const double tolerance = std::numeric_limits<Real>::epsilon() * 8 * (terms + 16);
        for (Index t = 0; t < steps; ++t)
            for (Index b = 0; b < width; ++b) {
                const Real* before = t ? &first_states[((t - 1) * width + b) * state_size] : &initial[b * state_size];
                Vector state(before, before + state_size);
                step(inputs.data() + (t * width + b) * input_size, state);
                for (Index i = 0; i < state_size; ++i)
                    CHECK(std::abs(state[i] - first_states[(t * width + b) * state_size + i]) <=
                          tolerance * (1 + std::abs(state[i])));
                for (Index i = 0; i < output_size; ++i)
                    CHECK(first_outputs[(t * width + b) * output_size + i] ==
                          first_states[(t * width + b) * state_size + i]);
            }
    }
}

template <class Real>
void check_lstm(Index n, Index inputs, bool peepholes, const std::string& target) {
    const Weights<Real> weights(n, 4, inputs);
    const Real* const extra = weights.extra.data();
    rnncore::LSTM<Real> cell{n, inputs, weights.hh.data(), inputs ? weights.ih.data() : nullptr, weights.bias.data()};
    if (peepholes) {
        cell.peephole_i = extra;
        cell.peephole_f = extra + n;
        cell.peephole_o = extra + 2 * n;
    }
    const Step<Real> step = [&](const Real* x, Vector& state) {
        const Vector h(state.begin(), state.begin() + n);
        for (Index u = 0; u < n; ++u) {
            long double z[4];
            for (Index g = 0; g < 4; ++g) z[g] = weights.recurrent(g * n + u, h) + weights.driven(g * n + u, x);
            const long double c = state[n + u];
            if (peepholes) z[0] += extra[u] * c, z[1] += extra[n + u] * c;
            const long double next = sigmoid(z[1]) * c + sigmoid(z[0]) * std::tanh(z[2]);
            if (peepholes) z[3] += extra[2 * n + u] * next;
            state[n + u] = next;
            state[u] = sigmoid(z[3]) * std::tanh(next);
        }
    };
    check<Real>(
        2 * n, n, inputs, n + inputs, step, [&](Network<Real>& network) { network.add(cell); }, target);
}

template <class Real>
void check_gru(Index n, Index inputs, bool reset_after, const std::string& target) {
    const Weights<Real> weights(n, 3, inputs);
    const Real* const bias_hn = weights.extra.data();
    const rnncore::GRU<Real> cell{
        n, inputs, weights.hh.data(), inputs ? weights.ih.data() : nullptr, weights.bias.data(), bias_hn, reset_after};
    const Step<Real> step = [&](const Real* x, Vector& state) {
        const Vector h = state;
        Vector r(n), z(n), reset(n);
        for (Index u = 0; u < n; ++u) {
            r[u] = sigmoid(weights.recurrent(u, h) + weights.driven(u, x));
            z[u] = sigmoid(weights.recurrent(n + u, h) + weights.driven(n + u, x));
            reset[u] = r[u] * h[u];
        }
        for (Index u = 0; u < n; ++u) {
            const long double product = reset_after ? r[u] * (weights.recurrent(2 * n + u, h) + bias_hn[u])
                                                    : weights.recurrent(2 * n + u, reset);
            state[u] = (1 - z[u]) * std::tanh(weights.driven(2 * n + u, x) + product) + z[u] * h[u];
        }
    };
    check<Real>(
        n, n, inputs, n + inputs, step, [&](Network<Real>& network) { network.add(cell); }, target);
}

template <class Real>
void check_diagonal(Index n, Index inputs, bool complex, const std::string& target) {
    const Index size = complex ? 2 * n : n;
    const Weights<Real> weights(size, 1, inputs);
    const auto decay = random_values<Real>(size, 0.7);
    const rnncore::Diagonal<Real> cell{
        size, inputs, decay.data(), inputs ? weights.ih.data() : nullptr, weights.bias.data(), complex};
    const Step<Real> step = [&](const Real* x, Vector& state) {
        const Vector h = state;
        for (Index u = 0; u < size; ++u) {
            const Index real = u & ~Index(1);
            long double turned = decay[u] * h[u];
            if (complex && u == real) turned = decay[u] * h[u] - decay[u + 1] * h[u + 1];
            if (complex && u != real) turned = decay[u] * h[real] + decay[real] * h[u];
            state[u] = turned + weights.driven(u, x);
        }
    };
    check<Real>(
        size, size, inputs, inputs, step, [&](Network<Real>& network) { network.add(cell); }, target);
}

template <class Real>
void check_gated_diagonal(Index n, Index inputs, bool unbounded, const std::string& target) {
    const Weights<Real> weights(n, 1, inputs), gates(n, 1, inputs);
    const rnncore::GatedDiagonal<Real> cell{n,
                                            inputs,
                                            weights.ih.data(),
                                            gates.ih.data(),
                                            weights.bias.data(),
                                            gates.bias.data(),
                                            unbounded ? Nonlinearity::tanh : Nonlinearity::identity,
                                            unbounded ? Nonlinearity::identity : Nonlinearity::sigmoid};
    const Step<Real> step = [&](const Real* x, Vector& state) {
        for (Index u = 0; u < n; ++u) {
            const long double gate = gates.driven(u, x), in = weights.driven(u, x);
            state[u] = (unbounded ? gate : sigmoid(gate)) * state[u] + (unbounded ? std::tanh(in) : in);
        }
    };
    // An unbounded gate multiplies its own error by c.
    const Index terms = unbounded ? 100 * inputs : inputs;
    check<Real>(
        n, n, inputs, terms, step, [&](Network<Real>& network) { network.add(cell); }, target);
}

template <class Real>
void check_all(const std::string& target) {
    for (Index size : {1, 2, 3, 5, 8, 9, 16, 17, 31, 33, 48, 64, 65, 100})
        for (bool option : {false, true}) {
            check_lstm<Real>(size, size % 4, option, target);
            check_gru<Real>(size, size % 4, option, target);
            check_diagonal<Real>(size, size % 4, option, target);
            check_gated_diagonal<Real>(size, 1 + size % 4, option, target);
        }
}

}  // namespace

int main(int, char** arguments) {
    return check_level(arguments[1], [](const std::string& target) {
        check_all<float>(target);
        check_all<double>(target);
    });
}
