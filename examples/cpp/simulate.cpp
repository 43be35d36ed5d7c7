// A leaky Elman network under an impulse, from C++: prints how its state fades.
#include <cmath>
#include <cstdio>
#include <vector>

#include "rnncore/network.hpp"

int main() {
    const float weight_hh[] = {0.0f, 0.9f, -0.9f, 0.0f};
    const float weight_ih[] = {1.0f, 0.0f};

    rnncore::Elman<float> cell;
    cell.size = 2;
    cell.input_size = 1;
    cell.weight_hh = weight_hh;
    cell.weight_ih = weight_ih;
    cell.leak = 0.5f;

    rnncore::Network<float> network(rnncore::Layout::single);
    network.add(cell);

    std::vector<float> inputs(40), outputs(inputs.size() * 2), state(2);
    inputs[0] = 1;
    rnncore::Stretch<float> stretch;
    stretch.steps = 40;
    stretch.inputs = inputs.data();
    stretch.state = state.data();
    stretch.outputs = outputs.data();
    network.simulate(stretch);

    std::printf("instruction set: %s\n", network.target().c_str());
    for (int t = 0; t < 40; t += 8)
        std::printf("step %2d: distance from rest %.6f\n", t + 1, std::hypot(outputs[2 * t], outputs[2 * t + 1]));
    return std::hypot(state[0], state[1]) < 1e-2f ? 0 : 1;
}
