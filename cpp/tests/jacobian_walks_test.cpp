// The walks with Jacobians on the level named on the command line, through the public headers alone: against central
// differences of simulate, and against what they promise each other.
#include <cmath>
#include <vector>

#include "levels.hpp"
#include "model.hpp"
#include "rnncore/network.hpp"

using rnncore::Index;
using rnncore::Layout;
using rnncore::Network;
using rnncore::Nonlinearity;

namespace {

constexpr Index steps = 7, width = 2;

template <class Real>
class Walks {
  public:
    Walks(const Model<Real>& model, const std::string& target)
        : model_(model),
          size_(model.state_size),
          single_(model.network(Layout::single, target)),
          tangent_(model.network(Layout::tangent, target)),
          adjoint_(model.network(Layout::adjoint, target)),
          inputs_(random_values<Real>(steps * width * model.input_size, 1)),
          state_(random_values<Real>(width * size_, 1)) {}

    void check() {
        for (Index columns : {Index(1), Index(2), Index(9), size_}) {
            const auto block = random_values<Real>(width * size_ * columns, 1);
            const auto product = multiply(block, columns);
            check_differences(block, product, columns);
            check_duality(block, product, columns);
            check_factors(block, product, columns);
        }
        check_forced();
    }

  private:
    rnncore::Stretch<Real> stretch(std::vector<Real>& state) const {
        rnncore::Stretch<Real> made;
        made.steps = steps;
        made.width = width;
        made.inputs = inputs_.empty() ? nullptr : inputs_.data();
        made.state = state.data();
        return made;
    }

    std::vector<double> multiply(const std::vector<Real>& block, Index columns) const {
        std::vector<Real> values = block, state = state_;
        std::vector<std::int64_t> exponents(width * columns, 0);
        tangent_.multiply(stretch(state), {columns, values.data(), exponents.data()}, {}, 2);
        std::vector<Real> last = state_;
        single_.simulate(stretch(last));
        for (Index i = 0; i < width * size_; ++i) CHECK(state[i] == last[i]);
        return unscaled(values, exponents, columns);
    }

    std::vector<double> unscaled(const std::vector<Real>& values, const std::vector<std::int64_t>& exponents,
                                 Index columns) const {
        std::vector<double> plain(values.size());
        for (Index b = 0; b < width; ++b)
            for (Index i = 0; i < size_; ++i)
                for (Index j = 0; j < columns; ++j)
                    plain[(b * size_ + i) * columns + j] =
                        std::ldexp(double(values[(b * size_ + i) * columns + j]), int(exponents[b * columns + j]));
        return plain;
    }

    // Central differences err by h² / 6 of the third derivative, which grows with the product, and by rounding over h;
    // for float64 only, h = 1e-5.
    void check_differences(const std::vector<Real>& block, const std::vector<double>& product, Index columns) const {
        if (sizeof(Real) == 4) return;
        const Real h = Real(1e-5);
        double largest = 1;
        for (double entry : product) largest = std::max(largest, std::abs(entry));
        for (Index j = 0; j < columns; ++j) {
            std::vector<Real> up = state_, down = state_;
            for (Index i = 0; i < width * size_; ++i) {
                up[i] += h * block[i * columns + j];
                down[i] -= h * block[i * columns + j];
            }
            single_.simulate(stretch(up));
            single_.simulate(stretch(down));
            for (Index i = 0; i < width * size_; ++i)
                CHECK(std::abs((up[i] - down[i]) / (2 * h) - product[i * columns + j]) < 1e-6 * largest);
        }
    }

    // (Aᵀ U)ᵀ V = Uᵀ A V: the walk back is the transpose of the walk forward.
    void check_duality(const std::vector<Real>& block, const std::vector<double>& product, Index columns) const {
        const auto cotangents = random_values<Real>(width * size_, 1);
        std::vector<Real> values = cotangents, state = state_;
        std::vector<std::int64_t> exponents(width, 0);
        adjoint_.pull_back(stretch(state), {1, values.data(), exponents.data()}, nullptr, 1, {}, 2);
        CHECK(state == state_);
        const auto pulled = unscaled(values, exponents, 1);
        for (Index b = 0; b < width; ++b)
            for (Index j = 0; j < columns; ++j) {
                double forward = 0, back = 0, magnitude = 0;
                for (Index i = b * size_; i < (b + 1) * size_; ++i) {
                    forward += double(cotangents[i]) * product[i * columns + j];
                    back += pulled[i] * double(block[i * columns + j]);
                    magnitude += std::abs(pulled[i] * double(block[i * columns + j])) +
                                 std::abs(double(cotangents[i]) * product[i * columns + j]);
                }
                // Each of the steps and layers rounds sums of up to `units` products.
                const double tolerance = 20.0 * steps * model_.units * std::numeric_limits<Real>::epsilon();
                CHECK(std::abs(forward - back) <= tolerance * (magnitude + 1));
            }
    }

    // Q R_last ⋯ R_first is the product, whatever the interval; rank-deficient only in rounding errors.
    void check_factors(const std::vector<Real>& block, const std::vector<double>& product, Index columns) const {
        if (columns > size_) return;
        for (Index interval : {1, 3, 7}) {
            const Index count = (steps + interval - 1) / interval;
            std::vector<Real> values = block, state = state_;
            std::vector<double> growth(count * width * columns);
            std::vector<std::int64_t> growth_exponents(growth.size()), exponents(growth.size());
            std::vector<Real> factors(growth.size() * columns);
            tangent_.orthonormalise(
                stretch(state), {columns, values.data(), nullptr},
                {interval, 1, growth.data(), growth_exponents.data(), factors.data(), exponents.data(), nullptr}, 2);
            for (Index b = 0; b < width; ++b)
                for (Index j = 0; j < columns; ++j) {
                    std::vector<double> column(columns, 0);
                    column[j] = 1;
                    for (Index q = 0; q < count; ++q) {
                        std::vector<double> next(columns, 0);
                        for (Index r = 0; r < columns; ++r)
                            for (Index c = r; c < columns; ++c) {
                                const Index place = q * width + b;
                                next[r] += std::ldexp(double(factors[(place * columns + r) * columns + c]),
                                                      int(exponents[place * columns + c])) *
                                           column[c];
                            }
                        column = next;
                    }
                    for (Index i = b * size_; i < (b + 1) * size_; ++i) {
                        double sum = 0, magnitude = 1;
                        for (Index r = 0; r < columns; ++r) {
                            sum += double(values[i * columns + r]) * column[r];
                            magnitude += std::abs(column[r]);
                        }
                        const double tolerance = 40.0 * steps * model_.units * std::numeric_limits<Real>::epsilon();
                        CHECK(std::abs(sum - product[i * columns + j]) <= tolerance * magnitude);
                    }
                }
        }
    }

    // A tangent driven by nothing is a product with one column, however it is cut; unscaled, it may become subnormal.
    void check_forced() const {
        const auto start = random_values<Real>(width * size_, 1);
        const auto product = multiply(start, 1);
        std::vector<Real> state = state_, tangent = start;
        std::vector<Real> outputs(steps * width * model_.output_size), moved(outputs.size());
        auto part = stretch(state);
        part.outputs = outputs.data();
        tangent_.push_forward(part, {nullptr, nullptr, tangent.data(), moved.data()}, 2);
        for (Index i = 0; i < width * size_; ++i)
            CHECK(std::abs(double(tangent[i]) - product[i]) <=
                  4 * std::numeric_limits<Real>::epsilon() * std::abs(product[i]) + std::numeric_limits<Real>::min());
    }

    const Model<Real>& model_;
    Index size_;
    Network<Real> single_, tangent_, adjoint_;
    std::vector<Real> inputs_, state_;
};

template <class Real>
void check_all(const std::string& target) {
    for (Index size : {1, 2, 3, 8, 9, 17, 33}) {
        for (bool sparse : {false, true}) {
            Model<Real> model(3);
            Walks<Real>(model.elman(size, Nonlinearity::tanh, Real(sparse ? 0.5 : 1), sparse), target).check();
        }
        Model<Real> sequence(0);
        Walks<Real>(sequence.sequence(size, steps), target).check();
        Model<Real> line(2), delayed(2);
        Walks<Real>(line.delay_line(size), target).check();
        delayed.delay_line(3).dense(size, Nonlinearity::tanh).delay_line(2).elman(size + 1, Nonlinearity::tanh, 1);
        Walks<Real>(delayed.delay_line(2), target).check();
        Model<Real> chain(2);
        chain.dense(size + 1, Nonlinearity::softplus).elman(size, Nonlinearity::sigmoid, 1);
        chain.dense(5, Nonlinearity::tanh).elman(size + 2, Nonlinearity::elu, Real(0.3), true);
        Walks<Real>(chain.dense(4, Nonlinearity::identity), target).check();
        for (bool option : {false, true}) {
            Model<Real> lstm(3), gru(3), diagonal(3), gated(3), autonomous(0), mixed(2);
            Walks<Real>(lstm.lstm(size, option), target).check();
            Walks<Real>(gru.gru(size, option), target).check();
            Walks<Real>(diagonal.diagonal(size, option), target).check();
            Walks<Real>(gated.gated_diagonal(size, option ? Nonlinearity::tanh : Nonlinearity::identity,
                                             option ? Nonlinearity::identity : Nonlinearity::sigmoid),
                        target)
                .check();
            Walks<Real>(option ? autonomous.lstm(size, true) : autonomous.gru(size, false), target).check();
            mixed.lstm(size, option).gru(size + 1, option).elman(4, Nonlinearity::tanh, Real(0.5));
            mixed.diagonal(3, option).gated_diagonal(size + 2, Nonlinearity::tanh, Nonlinearity::sigmoid);
            Walks<Real>(mixed.lstm(3, !option).dense(2, Nonlinearity::tanh), target).check();
        }
    }
}

}  // namespace

int main(int, char** arguments) {
    return check_level(arguments[1], [](const std::string& target) {
        check_all<float>(target);
        check_all<double>(target);
    });
}
