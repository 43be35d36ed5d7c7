// The choice of an instruction-set level: known names run, unknown ones are errors, and the one that was forced runs.
#include "rnncore/targets.hpp"

#include <cstdlib>
#include <stdexcept>

#include "check.hpp"
#include "rnncore/network.hpp"

namespace {

// h = w h + x once. With one rounding (a fused multiply-add) the result is w h + x exactly; with two it is 0.
float rounding_of(const std::string& target) {
    const float w = 1 + 0x1p-20f, one = 1;
    rnncore::Elman<float> cell;
    cell.size = cell.input_size = 1;
    cell.weight_hh = &w;
    cell.weight_ih = &one;
    cell.nonlinearity = rnncore::Nonlinearity::identity;
    rnncore::Network<float> network(rnncore::Layout::single, target);
    network.add(cell);
    float state = w, input = -(1 + 0x1p-19f), output = 0;
    rnncore::Stretch<float> stretch;
    stretch.steps = 1;
    stretch.inputs = &input;
    stretch.state = &state;
    stretch.outputs = &output;
    network.simulate(stretch);
    return output;
}

template <class Error, class Function>
bool throws(Function function) {
    try {
        function();
    } catch (const Error&) {
        return true;
    }
    return false;
}

}  // namespace

int main() {
    unsetenv("RNNCORE_TARGET");
    const auto targets = rnncore::compiled_targets();
    CHECK(!targets.empty());
    std::string best;
    for (const auto& target : targets) {
        if (!target.supported) {
            CHECK(throws<std::runtime_error>([&] { rounding_of(target.name); }));
            continue;
        }
        if (best.empty()) best = target.name;
        CHECK(rounding_of(target.name) == (target.name == "x86_v2" ? 0.0f : 0x1p-40f));
        setenv("RNNCORE_TARGET", target.name.c_str(), 1);
        CHECK(rnncore::selected_target() == target.name);
        CHECK(rounding_of("") == rounding_of(target.name));
        unsetenv("RNNCORE_TARGET");
    }
    CHECK(rnncore::selected_target() == best);
    CHECK(throws<std::invalid_argument>([] { rounding_of("x86_v9"); }));
    setenv("RNNCORE_TARGET", "x86_v9", 1);
    CHECK(throws<std::invalid_argument>([] { rnncore::selected_target(); }));
    return finish_checks();
}
