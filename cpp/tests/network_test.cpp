// Networks against the textbook formula in long double, on the level named on the command line, through the public
// headers alone; and the promises about bits.
#include "rnncore/network.hpp"

#include <cmath>
#include <cstring>
#include <vector>

#include "levels.hpp"

using rnncore::Index;
using rnncore::Layout;
using rnncore::Network;
using rnncore::Nonlinearity;

namespace {

long double phi(Nonlinearity nonlinearity, long double z) {
    switch (nonlinearity) {
        case Nonlinearity::tanh:
            return std::tanh(z);
        case Nonlinearity::relu:
            return z > 0 ? z : 0;
        case Nonlinearity::sigmoid:
            return 1 / (1 + std::exp(-z));
        case Nonlinearity::elu:
            return z > 0 ? z : std::expm1(z);
        case Nonlinearity::softplus:
            return std::log1p(std::exp(z));
        default:
            return z;
    }
}

template <class Real>
struct Example {
    Index size, input_size;
    std::vector<Real> weight_hh, weight_ih, bias;
    std::vector<std::int64_t> row_starts;
    std::vector<std::int32_t> columns;
    std::vector<Real> values;
    rnncore::SparseRows<Real> rows;
    rnncore::Elman<Real> cell;

    Example(Index n, Index n_in, Nonlinearity nonlinearity, Real leak, bool sparse)
        : size(n),
          input_size(n_in),
          weight_hh(random_values<Real>(n * n, 0.9 / std::sqrt(double(n)))),
          weight_ih(random_values<Real>(n * n_in, 1)),
          bias(random_values<Real>(n, 0.3)) {
        cell.size = n;
        cell.input_size = n_in;
        cell.weight_hh = weight_hh.data();
        cell.weight_ih = n_in ? weight_ih.data() : nullptr;
        cell.bias = bias.data();
        cell.nonlinearity = nonlinearity;
        cell.leak = leak;
        if (sparse) thin_out();
    }

    // Rows of many lengths, some of them empty.
    void thin_out() {
        row_starts.push_back(0);
        for (Index i = 0; i < size; ++i) {
            for (Index k = 0; k < size; ++k) {
                Real& weight = weight_hh[i * size + k];
                if (generator() % size >= generator() % 12) weight = 0;
                if (weight == 0) continue;
                columns.push_back(static_cast<std::int32_t>(k));
                values.push_back(weight);
            }
            row_starts.push_back(static_cast<std::int64_t>(values.size()));
        }
        rows = {row_starts.data(), columns.data(), values.data()};
        cell.weight_hh = nullptr;
        cell.sparse_hh = &rows;
    }

    // One step from a given state, so that chaos cannot amplify rounding.
    void expect_step(const Real* x, const Real* before, const Real* after) const {
        for (Index i = 0; i < size; ++i) {
            long double z = bias[i], magnitude = std::abs(z);
            for (Index k = 0; k < size; ++k) {
                z += (long double)weight_hh[i * size + k] * before[k];
                magnitude += std::abs((long double)weight_hh[i * size + k] * before[k]);
            }
            for (Index k = 0; k < input_size; ++k) {
                z += (long double)weight_ih[i * input_size + k] * x[k];
                magnitude += std::abs((long double)weight_ih[i * input_size + k] * x[k]);
            }
            const long double h = (1 - (long double)cell.leak) * before[i] + cell.leak * phi(cell.nonlinearity, z);
            // A sum of size + input_size + 1 products, slope of φ at most 1, then some roundings of the result.
            const long double tolerance =
                std::numeric_limits<Real>::epsilon() * ((size + input_size + 2) * magnitude + 4 * (1 + std::abs(h)));
            CHECK(std::abs(h - after[i]) <= tolerance);
        }
    }
};

template <class Real>
std::vector<Real> run(const Network<Real>& network, Index steps, Index width, const std::vector<Real>& inputs,
                      std::vector<Real>& state, Index piece, int threads) {
    std::vector<Real> outputs(steps * width * network.output_size());
    for (Index start = 0; start < steps; start += piece) {
        rnncore::Stretch<Real> stretch;
        stretch.steps = std::min(piece, steps - start);
        stretch.width = width;
        stretch.start = start;
        stretch.inputs = inputs.empty() ? nullptr : inputs.data() + start * width * network.input_size();
        stretch.state = state.data();
        stretch.outputs = outputs.data() + start * width * network.output_size();
        network.simulate(stretch, threads);
    }
    return outputs;
}

template <class Real>
void check_elman(Index size, Index input_size, Index width, Nonlinearity nonlinearity, Real leak,
                 const std::string& target, bool sparse = false) {
    const Index steps = 11;
    Example<Real> example(size, input_size, nonlinearity, leak, sparse);
    const std::vector<Real> inputs = random_values<Real>(steps * width * input_size, 1);
    const std::vector<Real> initial = random_values<Real>(width * size, 1);

    std::vector<std::vector<Real>> results;
    for (Layout layout : {Layout::single, Layout::batch})
        for (Index piece : {steps, Index(1), Index(4)})
            for (int threads : {1, 3}) {
                Network<Real> network(layout, target);
                network.add(example.cell);
                CHECK(network.target() == target);
                std::vector<Real> state = initial;
                results.push_back(run(network, steps, width, inputs, state, piece, threads));
                CHECK(std::equal(state.begin(), state.end(), results.back().end() - width * size));
            }
    for (const auto& result : results)
        CHECK(std::memcmp(result.data(), results[0].data(), sizeof(Real) * result.size()) == 0);
    for (Index t = 0; t < steps; ++t)
        for (Index b = 0; b < width; ++b) {
            const Real* before = t ? &results[0][((t - 1) * width + b) * size] : &initial[b * size];
            example.expect_step(inputs.data() + (t * width + b) * input_size, before,
                                &results[0][(t * width + b) * size]);
        }
}

template <class Real>
void check_matrix_sequence(Index size, Index width, const std::string& target) {
    const Index steps = 6;
    const std::vector<Real> matrices = random_values<Real>(steps * size * size, 1 / std::sqrt(double(size)));
    std::vector<Real> state = random_values<Real>(width * size, 1);
    const std::vector<Real> initial = state;
    Network<Real> network(Layout::batch, target);
    network.add(rnncore::MatrixSequence<Real>{size, steps, matrices.data()});
    const std::vector<Real> outputs = run<Real>(network, steps, width, {}, state, 4, 2);
    for (Index t = 0; t < steps; ++t)
        for (Index b = 0; b < width; ++b)
            for (Index i = 0; i < size; ++i) {
                const Real* before = t ? &outputs[((t - 1) * width + b) * size] : &initial[b * size];
                long double sum = 0, magnitude = 0;
                for (Index k = 0; k < size; ++k) {
                    const long double term = (long double)matrices[(t * size + i) * size + k] * before[k];
                    sum += term;
                    magnitude += std::abs(term);
                }
                CHECK(std::abs(sum - outputs[(t * width + b) * size + i]) <=
                      std::numeric_limits<Real>::epsilon() * (size + 2) * magnitude);
            }
}

// Every number is moved, not one changed.
template <class Real>
void check_delay_line(Index taps, Index input_size, Index width, const std::string& target) {
    const Index steps = 11, size = taps * input_size;
    const std::vector<Real> inputs = random_values<Real>(steps * width * input_size, 1);
    const std::vector<Real> initial = random_values<Real>(width * size, 1);
    for (const bool driven : {true, false})
        for (Layout layout : {Layout::single, Layout::batch})
            for (Index piece : {steps, Index(1), Index(4)})
                for (int threads : {1, 3}) {
                    Network<Real> network(layout, target);
                    network.add(rnncore::DelayLine<Real>{taps, input_size});
                    CHECK(network.input_size() == input_size && network.output_size() == size);
                    CHECK(network.state_size() == size);
                    std::vector<Real> state = initial;
                    const std::vector<Real> outputs =
                        run(network, steps, width, driven ? inputs : std::vector<Real>(), state, piece, threads);
                    CHECK(std::equal(state.begin(), state.end(), outputs.end() - width * size));
                    for (Index t = 0; t < steps; ++t)
                        for (Index b = 0; b < width; ++b)
                            for (Index i = 0; i < size; ++i) {
                                const Index from = t - i / input_size, unit = i % input_size;
                                const Real expected = from < 0 ? initial[b * size - (from + 1) * input_size + unit]
                                                      : driven ? inputs[(from * width + b) * input_size + unit]
                                                               : Real(0);
                                CHECK(outputs[(t * width + b) * size + i] == expected);
                            }
                }
}

template <class Real>
void check_all(const std::string& target) {
    for (Index size : {1, 2, 3, 5, 8, 9, 16, 17, 31, 33, 64, 100, 130})
        for (Index width : {1, 2, 7, 16}) {
            check_elman<Real>(size, size % 4, width, Nonlinearity::tanh, 1, target);
            check_matrix_sequence<Real>(size, width, target);
        }
    for (Index taps : {1, 2, 3, 8, 11, 12, 17, 40})
        for (Index input_size : {1, 2, 3, 8, 9, 16, 17})
            for (Index width : {1, 2, 7}) check_delay_line<Real>(taps, input_size, width, target);
    for (Index size : {1, 3, 8, 17, 100, 700})
        check_elman<Real>(size, 2, 2, Nonlinearity::tanh, Real(0.5), target, true);
    for (int phi = 0; phi < 6; ++phi)
        for (Real leak : {Real(1), Real(0.25)})
            check_elman<Real>(19, 3, 3, static_cast<Nonlinearity>(phi), leak, target);
}

}  // namespace

int main(int, char** arguments) {
    return check_level(arguments[1], [](const std::string& target) {
        check_all<float>(target);
        check_all<double>(target);
    });
}
