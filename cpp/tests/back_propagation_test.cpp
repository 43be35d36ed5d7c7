// Back-propagation on the level named on the command line, through the public headers alone: against central
// differences of simulate, float against double, and what a walk promises whatever is cut, shared or left out.
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <stdexcept>

#include "levels.hpp"
#include "model.hpp"
#include "rnncore/network.hpp"

using rnncore::Index;
using rnncore::Layout;
using rnncore::Network;
using rnncore::Nonlinearity;

namespace {

template <class Real>
struct Gradients {
    std::vector<std::vector<double>> parameters;  // those of the model, in its order
    std::vector<std::vector<Real>> matrices;      // so, of sequences alone
    std::vector<Real> state, inputs;
};

// How to walk: forward through pieces that end at these steps, then back.
struct Way {
    std::vector<Index> ends;
    int threads = 1;
    const bool* cuts = nullptr;
    bool outputs = true;     // cotangents of the outputs are given
    bool inputs = true;      // those of the inputs are wanted
    Index only = -1;         // the parameter wanted, or all
    bool parameters = true;  // are wanted
    bool driven = true;      // by inputs
    bool separated = false;  // pieces as runs of their own, from the states on the way
    int times = 1;           // to walk back
};

template <class Real>
class BackPropagation {
  public:
    BackPropagation(Model<Real>& model, Index steps, Index width, const std::string& target)
        : model_(model),
          steps_(steps),
          width_(width),
          target_(target),
          network_(model.network(width > 1 ? Layout::batch_adjoint : Layout::adjoint, target)),
          inputs_(random_values<Real>(steps * width * model.input_size, 1)),
          state_(random_values<Real>(width * model.state_size, 0.5)),
          of_outputs_(random_values<Real>(steps * width * model.output_size, 1)),
          of_state_(random_values<Real>(width * model.state_size, 1)) {}

    // The numbers of another run, rounded.
    template <class Other>
    void take(const BackPropagation<Other>& other) {
        inputs_.assign(other.inputs_.begin(), other.inputs_.end());
        state_.assign(other.state_.begin(), other.state_.end());
        of_outputs_.assign(other.of_outputs_.begin(), other.of_outputs_.end());
        of_state_.assign(other.of_state_.begin(), other.of_state_.end());
    }

    Gradients<Real> walk(const Way& way) const {
        std::vector<Real> outputs(of_outputs_.size()), state = state_;
        std::vector<rnncore::Tape<Real>> tapes;
        Index begin = 0;
        for (Index end : way.ends) {
            auto part = stretch(way, begin, end, state);
            part.outputs = outputs.data() + begin * width_ * model_.output_size;
            tapes.push_back(network_.record(part, way.threads));
            begin = end;
        }
        check_forward(way, outputs, state);

        Gradients<Real> found;
        std::vector<rnncore::LayerGradients<Real>> wanted(model_.layers());
        found.parameters.resize(model_.parameters.size());
        found.matrices.resize(model_.parameters.size());
        for (std::size_t i = 0; i < model_.parameters.size(); ++i) {
            const Parameter<Real>& parameter = model_.parameters[i];
            const bool is_wanted = way.parameters && (way.only < 0 || way.only == Index(i));
            if (parameter.number == Parameter<Real>::matrices) {
                found.matrices[i].assign(parameter.gradients, unset);
                if (is_wanted) wanted[parameter.layer].matrices = found.matrices[i].data();
            } else {
                found.parameters[i].assign(parameter.gradients, 0);
                if (is_wanted) wanted[parameter.layer].parameters[parameter.number] = found.parameters[i].data();
            }
        }
        found.inputs.assign(inputs_.size(), unset);
        for (int time = 0; time < way.times; ++time) {
            found.state = of_state_;
            Index end = way.ends.back();
            for (std::size_t i = way.ends.size(); i-- > 0; end = begin) {
                begin = i ? way.ends[i - 1] : 0;
                rnncore::Cotangents<Real> cotangents;
                cotangents.state = found.state.data();
                if (way.outputs) cotangents.outputs = of_outputs_.data() + begin * width_ * model_.output_size;
                if (way.cuts) cotangents.cuts = way.cuts + begin;
                if (way.inputs) cotangents.inputs = found.inputs.data() + begin * width_ * model_.input_size;
                network_.accumulate_gradients(tapes[i], stretch(way, begin, end, state), cotangents, wanted.data(),
                                              way.threads);
                if (way.separated && i) std::fill(found.state.begin(), found.state.end(), Real(0));
            }
        }
        for (auto& gradients : found.matrices)  // easier to compare
            if (!gradients.empty())
                found.parameters[&gradients - found.matrices.data()].assign(gradients.begin(), gradients.end());
        return found;
    }

    Gradients<Real> whole() const { return walk({{steps_}}); }

    // Central differences err by h² / 6 of the third derivative and by rounding, 1e-16 of D, over h: h = 1e-5.
    void check_differences() {
        const auto found = whole();
        for (std::size_t i = 0; i < model_.parameters.size(); ++i) {
            Parameter<Real>& parameter = model_.parameters[i];
            std::vector<double> gradients;
            for (Index place : parameter.places) gradients.push_back(found.parameters[i][place]);
            check_difference(parameter.values, gradients);
        }
        check_difference(state_, {found.state.begin(), found.state.end()});
        check_difference(inputs_, {found.inputs.begin(), found.inputs.end()});
    }

    template <class Other>
    void check_close(const Gradients<Real>& found, const Gradients<Other>& expected) const {
        for (std::size_t i = 0; i < found.parameters.size(); ++i)
            check_close(found.parameters[i], expected.parameters[i]);
        check_close(found.state, expected.state);
        check_close(found.inputs, expected.inputs);
    }

    void check_same(const Gradients<Real>& found, const Gradients<Real>& expected) const {
        CHECK(found.parameters == expected.parameters);
        CHECK(found.state == expected.state);
        CHECK(found.inputs == expected.inputs);
    }

    // Absent biases of a GRU's products with h have gradients too; where the reset comes before, those of its bias.
    void check_biases() const {
        const auto found = whole();
        for (std::size_t i = 1; i < model_.parameters.size(); ++i) {
            const Index others = model_.parameters[i].gradients - Index(model_.parameters[i].places.size());
            for (Index place = 0; model_.parameters[i].number == 3 && place < others; ++place)
                CHECK(found.parameters[i][place] == found.parameters[i - 1][place]);
        }
    }

    void check_nulls() {
        const auto expected = whole();
        auto found = walk({{steps_}, 1, nullptr, true, false});
        CHECK(found.parameters == expected.parameters && found.state == expected.state);
        found = walk({{steps_}, 1, nullptr, true, true, -1, false});
        CHECK(found.state == expected.state && found.inputs == expected.inputs);
        for (std::size_t i = 0; i < model_.parameters.size(); ++i) {
            found = walk({{steps_}, 1, nullptr, true, true, Index(i)});
            CHECK(found.parameters[i] == expected.parameters[i]);
            CHECK(found.state == expected.state && found.inputs == expected.inputs);
        }
        auto kept = of_outputs_;
        found = walk({{steps_}, 1, nullptr, false});
        std::fill(of_outputs_.begin(), of_outputs_.end(), Real(0));
        check_same(found, whole());
        of_outputs_ = kept;
        kept = inputs_;
        found = walk({{steps_}, 1, nullptr, true, true, -1, true, false});
        std::fill(inputs_.begin(), inputs_.end(), Real(0));
        check_close(found, whole());
        inputs_ = kept;
    }

    void check_cuts() const {
        const auto cuts = std::make_unique<bool[]>(steps_);
        check_same(walk({{steps_}, 1, cuts.get()}), whole());
        const Index at = steps_ / 2;
        cuts[at] = true;
        const auto cut = walk({{steps_}, 1, cuts.get()});
        Way parts{{at, steps_}};
        parts.separated = true;
        const auto expected = walk(parts);
        CHECK(cut.inputs == expected.inputs && cut.state == expected.state);
        check_close(cut, expected);
        cuts[0] = true;
        const auto from_start = walk({{steps_}, 1, cuts.get()});
        CHECK(from_start.inputs == cut.inputs && from_start.parameters == cut.parameters);
        for (Real value : from_start.state) CHECK(value == 0);
    }

    // Whatever the pieces.
    void check_pieces() const {
        const auto expected = whole();
        const auto found = walk({{1, steps_ / 2, steps_}, 3});
        CHECK(found.inputs == expected.inputs && found.state == expected.state);
        check_close(found, expected);
        check_same(walk({{steps_}, 3}), expected);
    }

    // Sums too, where all pieces begin with a block.
    void check_blocks() const { check_same(walk({{rnncore::gradient_block, steps_}, 3}), whole()); }

    // Sums of a block are doubled without rounding, where there is no other.
    void check_twice() const {
        auto expected = whole();
        Way way{{steps_}};
        way.times = 2;
        const auto found = walk(way);
        CHECK(found.inputs == expected.inputs && found.state == expected.state && found.matrices == expected.matrices);
        for (std::size_t i = 0; i < found.parameters.size(); ++i)
            if (expected.matrices[i].empty()) {
                for (double& value : expected.parameters[i]) value *= 2;
                if (width_ == 1 && steps_ <= rnncore::gradient_block)
                    CHECK(found.parameters[i] == expected.parameters[i]);
                else
                    check_close(found.parameters[i], expected.parameters[i]);
            }
    }

  private:
    template <class>
    friend class BackPropagation;

    static constexpr Real unset = 7;

    rnncore::Stretch<Real> stretch(const Way& way, Index begin, Index end, std::vector<Real>& state) const {
        rnncore::Stretch<Real> made;
        made.steps = end - begin;
        made.width = width_;
        if (way.driven && !inputs_.empty()) made.inputs = inputs_.data() + begin * width_ * model_.input_size;
        made.state = state.data();
        made.start = begin;
        return made;
    }

    void check_forward(const Way& way, const std::vector<Real>& outputs, const std::vector<Real>& state) const {
        check_simulated(network_, way, outputs, state);
        if (steps_ <= rnncore::gradient_block)
            check_simulated(model_.network(width_ > 1 ? Layout::batch : Layout::single, target_), way, outputs, state);
    }

    void check_simulated(const Network<Real>& network, const Way& way, const std::vector<Real>& outputs,
                         const std::vector<Real>& state) const {
        std::vector<Real> expected_outputs(outputs.size()), expected_state = state_;
        auto part = stretch(way, 0, steps_, expected_state);
        part.outputs = expected_outputs.data();
        network.simulate(part);
        CHECK(outputs == expected_outputs);
        CHECK(state == expected_state);
    }

    double objective() const {
        std::vector<Real> outputs(of_outputs_.size()), state = state_;
        auto part = stretch({}, 0, steps_, state);
        part.outputs = outputs.data();
        model_.network(Layout::single, target_).simulate(part);
        double sum = 0;
        for (std::size_t i = 0; i < outputs.size(); ++i) sum += double(outputs[i]) * of_outputs_[i];
        for (std::size_t i = 0; i < state.size(); ++i) sum += double(state[i]) * of_state_[i];
        return sum;
    }

    // `values` are changed for a while; some have no gradients.
    void check_difference(std::vector<Real>& values, const std::vector<double>& gradients) {
        if (gradients.empty()) return;
        const double h = 1e-5;
        const auto direction = random_values<double>(Index(gradients.size()), 1 / std::sqrt(double(gradients.size())));
        const auto kept = values;
        const auto moved = [&](double distance) {
            for (std::size_t i = 0; i < gradients.size(); ++i) values[i] = kept[i] + Real(distance * direction[i]);
            return objective();
        };
        const double up = moved(h), down = moved(-h);
        values = kept;
        double slope = 0, magnitude = 1;
        for (std::size_t i = 0; i < gradients.size(); ++i) {
            slope += gradients[i] * direction[i];
            magnitude += std::abs(gradients[i] * direction[i]);
        }
        CHECK(std::abs((up - down) / (2 * h) - slope) < 1e-7 * magnitude);
    }

    // Each of the steps and layers rounds sums of up to `units` products.
    template <class Some, class Other>
    void check_close(const std::vector<Some>& found, const std::vector<Other>& expected) const {
        double largest = 1;
        for (Other value : expected) largest = std::max(largest, std::abs(double(value)));
        const double tolerance =
            20.0 * steps_ * (model_.units + model_.input_size) * std::numeric_limits<Real>::epsilon();
        CHECK(found.size() == expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i)
            CHECK(std::abs(double(found[i]) - double(expected[i])) <= tolerance * largest);
    }

    Model<Real>& model_;
    Index steps_, width_;
    std::string target_;
    Network<Real> network_;
    std::vector<Real> inputs_, state_, of_outputs_, of_state_;
};

// check(inputs, build), where build puts layers into a model of either precision.
template <class Check>
void for_each_cell(Index size, const Check& check) {
    check(3, [=](auto& model) { model.elman(size, Nonlinearity::tanh, 1); });
    check(3, [=](auto& model) { model.elman(size, Nonlinearity::softplus, 0.5, true); });
    check(2, [=](auto& model) { model.dense(size, Nonlinearity::sigmoid); });
    check(3, [=](auto& model) { model.delay_line(size); });
    for (bool option : {false, true}) {
        check(3, [=](auto& model) { model.lstm(size, option); });
        check(3, [=](auto& model) { model.gru(size, option); });
        check(3, [=](auto& model) { model.diagonal(size, option); });
        check(3, [=](auto& model) {
            model.gated_diagonal(size, option ? Nonlinearity::tanh : Nonlinearity::identity,
                                 option ? Nonlinearity::identity : Nonlinearity::sigmoid);
        });
    }
}

template <class Check>
void for_each_chain(Index size, Index steps, const Check& check) {
    check(0, [=](auto& model) { model.sequence(size, steps).dense(size + 1, Nonlinearity::identity); });
    check(0, [=](auto& model) { model.sequence(size, steps).gru(size + 1, true); });
    check(0, [=](auto& model) { model.lstm(size, true); });
    check(2, [=](auto& model) {
        model.delay_line(size).dense(size + 1, Nonlinearity::tanh).delay_line(3);
        model.elman(size, Nonlinearity::tanh, 1).delay_line(1).dense(2, Nonlinearity::identity);
    });
    check(2, [=](auto& model) {
        model.dense(size + 1, Nonlinearity::softplus).elman(size, Nonlinearity::sigmoid, 1);
        model.dense(5, Nonlinearity::tanh).elman(size + 2, Nonlinearity::elu, 0.25, true);
        model.dense(4, Nonlinearity::identity);
    });
    for (bool option : {false, true})
        check(2, [=](auto& model) {
            model.lstm(size, option).gru(size + 1, option).elman(4, Nonlinearity::tanh, 0.5);
            model.diagonal(3, option).gated_diagonal(size + 2, Nonlinearity::tanh, Nonlinearity::sigmoid);
            model.lstm(3, !option).dense(2, Nonlinearity::tanh);
        });
}

template <class Real>
void check_promises(BackPropagation<Real>& run) {
    run.check_biases();
    run.check_nulls();
    run.check_cuts();
    run.check_pieces();
    run.check_twice();
}

void check_small(const std::string& target) {
    constexpr Index steps = 7;
    for (Index size : {1, 2, 3, 9, 17}) {
        for (Index width : {1, 3})
            for (bool biased : {true, false}) {
                const auto check = [&](Index inputs, const auto& build) {
                    // The same model in both precisions: numbers that float has.
                    const auto random = generator;
                    Model<float> rounded(inputs, biased);
                    build(rounded);
                    generator = random;
                    Model<double> model(inputs, biased);
                    build(model);
                    for (std::size_t i = 0; i < model.parameters.size(); ++i)
                        model.parameters[i].values.assign(rounded.parameters[i].values.begin(),
                                                          rounded.parameters[i].values.end());
                    BackPropagation<float> imprecise(rounded, steps, width, target);
                    BackPropagation<double> run(model, steps, width, target);
                    run.take(imprecise);
                    run.check_differences();
                    imprecise.check_close(imprecise.whole(), run.whole());
                    if (biased) check_promises(run);
                    if (biased) check_promises(imprecise);
                };
                for_each_cell(size, check);
                for_each_chain(size, steps, check);
            }
    }
}

// Sums over more than a block; large enough to be shared among threads.
template <class Real>
void check_long(Index size, Index width, const std::string& target) {
    constexpr Index steps = 300;
    const auto check = [&](Index inputs, const auto& build) {
        Model<Real> model(inputs);
        build(model);
        BackPropagation<Real> run(model, steps, width, target);
        run.check_blocks();
    };
    for_each_cell(size, check);
    for_each_chain(9, steps, check);
}

// Cotangents of the last state alone go back through steps whose outputs nobody kept, and through none.
void check_stretches(const std::string& target) {
    Model<double> model(2);
    model.gru(3, true).dense(2, Nonlinearity::tanh);
    for (Index width : {1, 3}) {
        const auto network = model.network(width > 1 ? Layout::batch_adjoint : Layout::adjoint, target);
        const auto inputs = random_values<double>(8 * width * 2, 1);
        const auto initial = random_values<double>(width * 3, 1), of_state = random_values<double>(width * 3, 1);
        rnncore::Stretch<double> stretch;
        std::vector<double> state = initial, outputs(2 * width * 2), states(8 * width * 3);
        stretch.steps = 8;
        stretch.width = width;
        stretch.inputs = inputs.data();
        stretch.state = state.data();
        stretch.start = 3;
        stretch.every = 4;  // steps 4 and 8
        stretch.outputs = outputs.data();
        stretch.states = states.data();
        network.record(stretch);
        std::vector<double> expected_state = initial, expected_outputs(outputs.size()), expected_states(states.size());
        auto simulated = stretch;
        simulated.state = expected_state.data();
        simulated.outputs = expected_outputs.data();
        simulated.states = expected_states.data();
        network.simulate(simulated);
        CHECK(state == expected_state);
        CHECK(outputs == expected_outputs);
        CHECK(states == expected_states);

        stretch.steps = 0;
        std::vector<double> cotangent = of_state;
        rnncore::Cotangents<double> cotangents;
        cotangents.state = cotangent.data();
        const std::vector<rnncore::LayerGradients<double>> unwanted(2);
        const auto tape = network.record(stretch);
        network.accumulate_gradients(tape, stretch, cotangents, unwanted.data());
        CHECK(state == expected_state && cotangent == of_state);

        CHECK(network.tape_bytes(1) > 0 && network.tape_bytes(width) == width * network.tape_bytes(1));
        CHECK(network.block_bytes(1) > 0 && network.block_bytes(width) == width * network.block_bytes(1));
    }
}

template <class Walk>
bool is_refused(const Walk& walk) {
    try {
        walk();
    } catch (const std::invalid_argument&) {
        return true;
    }
    return false;
}

void check_errors(const std::string& target) {
    Model<float> model(0);
    model.elman(3, Nonlinearity::tanh, 1);
    std::vector<float> state(3 * 2), cotangent(3 * 2);
    const auto stretch_of = [&](Index steps, Index width) {
        rnncore::Stretch<float> stretch;
        stretch.steps = steps;
        stretch.width = width;
        stretch.state = state.data();
        return stretch;
    };
    rnncore::Cotangents<float> cotangents;
    cotangents.state = cotangent.data();
    const rnncore::LayerGradients<float> unwanted{};

    for (Layout layout : {Layout::single, Layout::batch, Layout::tangent}) {
        const auto network = model.network(layout, target);
        for (Index width : {1, 2}) CHECK(is_refused([&] { network.record(stretch_of(4, width)); }));
    }
    const auto batch = model.network(Layout::batch_adjoint, target);
    CHECK(is_refused([&] { batch.record(stretch_of(4, 1)); }));
    const Network<float> empty(Layout::adjoint, target);
    CHECK(is_refused([&] { empty.record(stretch_of(4, 1)); }));
    auto never = stretch_of(4, 2);
    never.every = 0;
    CHECK(is_refused([&] { batch.record(never); }));

    const auto tape = batch.record(stretch_of(4, 2));
    CHECK(!is_refused([&] { batch.accumulate_gradients(tape, stretch_of(4, 2), cotangents, &unwanted); }));
    CHECK(is_refused([&] { batch.accumulate_gradients(tape, stretch_of(3, 2), cotangents, &unwanted); }));
    CHECK(is_refused([&] { batch.accumulate_gradients(tape, stretch_of(4, 3), cotangents, &unwanted); }));
    const auto forward = model.network(Layout::batch, target);
    CHECK(is_refused([&] { forward.accumulate_gradients(tape, stretch_of(4, 2), cotangents, &unwanted); }));
}

}  // namespace

int main(int, char** arguments) {
    return check_level(arguments[1], [](const std::string& target) {
        check_errors(target);
        check_stretches(target);
        check_small(target);
        // 256 steps make 3 · 256 · 107 · 110 products, more than are worth threads.
        check_long<float>(107, 3, target);
        check_long<double>(21, 1, target);
    });
}
