// The walks with Jacobians, sequence by sequence: the steps forward are linearised, a block goes along or back.
#include "block_walk.hpp"
#include "forward_walk.hpp"

namespace rnncore {

namespace {

// visit(step of the stretch, slopes, where they stand) along a sequence walked forward.
template <class Real, class Visit>
void linearise_forward(const std::vector<Layer<Real>>& layers, const Stretch<Real>& stretch, Index sequence,
                       const Visit& visit) {
    ForwardWalk<Real> forward(layers, stretch, sequence, 1);
    Slopes<Real> slopes(layers, forward.chunk());
    for (Index done = 0; done < stretch.steps; done += forward.chunk()) {
        const Index steps = std::min(forward.chunk(), stretch.steps - done);
        forward.advance(done, steps, {slopes.from(0)});
        for (Index t = 0; t < steps; ++t) visit(done + t, slopes, t);
    }
}

// The same from the last step to the first; the stretch's state stays as it is.
template <class Real, class Visit>
void linearise_back(const std::vector<Layer<Real>>& layers, const Stretch<Real>& stretch, Index sequence,
                    const Visit& visit) {
    Stretch<Real> own = stretch;
    std::vector<Real> state(stretch.state, stretch.state + stretch.width * total_state_size(layers));
    own.state = state.data();
    ForwardWalk<Real> forward(layers, own, sequence, 1);
    Slopes<Real> slopes(layers, stretch.steps);
    for (Index done = 0; done < stretch.steps; done += forward.chunk())
        forward.advance(done, std::min(forward.chunk(), stretch.steps - done), {slopes.from(done)});
    for (Index t = stretch.steps - 1; t >= 0; --t) visit(t, slopes, t);
}

template <class Real>
class Orthonormalising {
  public:
    Orthonormalising(BlockWalk<Real>& walk, const Factors<Real>& factors, const Stretch<Real>& stretch, Index sequence)
        : walk_(walk), factors_(factors), stretch_(stretch), sequence_(sequence), left_(factors.interval) {}

    void after_step() {
        walk_.rescale();
        ++done_;
        if (--left_ > 0 && done_ != stretch_.steps) return;
        left_ = factors_.interval;
        walk_.orthonormalise(factors_, number_++, stretch_.width, sequence_);
    }

  private:
    BlockWalk<Real>& walk_;
    const Factors<Real>& factors_;
    const Stretch<Real>& stretch_;
    Index sequence_, left_, number_ = 0, done_ = 0;
};

// carry(walk, sequence) for each sequence, its block loaded before and stored after.
template <class Real, class Carry>
void for_each_block(const std::vector<Layer<Real>>& layers, const Target& target, const Stretch<Real>& stretch,
                    const Block<Real>& block, int threads, const Carry& carry) {
    if (stretch.steps <= 0 || stretch.width <= 0) return;
    const Index size = total_state_size(layers);
    share_among_threads(stretch.width, threads, [&](Index first, Index width) {
        for (Index b = first; b < first + width; ++b) {
            Real* const values = block.values + b * size * block.columns;
            std::int64_t* const exponents = block.exponents ? block.exponents + b * block.columns : nullptr;
            BlockWalk<Real> walk(layers, target, block.columns);
            walk.load(values, exponents);
            carry(walk, b);
            walk.save(values, exponents);
        }
    });
}

}  // namespace

template <class Real>
void Network<Real>::multiply(const Stretch<Real>& stretch, const Block<Real>& block, const Squares& squares,
                             int threads) const {
    const Implementation& network = *implementation_;
    network.check(stretch, Layout::tangent);
    const auto carry = [&](BlockWalk<Real>& walk, Index b) {
        linearise_forward(network.layers, stretch, b, [&](Index step, const Slopes<Real>& slopes, Index at) {
            const Index number = stretch.start + step + 1;
            walk.push_forward(number, slopes, at);
            walk.rescale();
            if (!squares.values || number % stretch.every) return;
            const Index kept = number / stretch.every - stretch.start / stretch.every - 1;
            const Index place = (kept * stretch.width + b) * block.columns;
            walk.squares(squares.values + place, squares.exponents + place);
        });
        walk.rescale(true);
    };
    for_each_block<Real>(network.layers, *network.target, stretch, block, threads, carry);
}

template <class Real>
void Network<Real>::orthonormalise(const Stretch<Real>& stretch, const Block<Real>& block, const Factors<Real>& factors,
                                   int threads) const {
    const Implementation& network = *implementation_;
    network.check(stretch, Layout::tangent);
    const auto carry = [&](BlockWalk<Real>& walk, Index b) {
        Orthonormalising<Real> factorise(walk, factors, stretch, b);
        linearise_forward(network.layers, stretch, b, [&](Index step, const Slopes<Real>& slopes, Index at) {
            walk.push_forward(stretch.start + step + 1, slopes, at);
            factorise.after_step();
        });
    };
    for_each_block<Real>(network.layers, *network.target, stretch, {block.columns, block.values, nullptr}, threads,
                         carry);
}

template <class Real>
void Network<Real>::push_forward(const Stretch<Real>& stretch, const Tangents<Real>& tangents, int threads) const {
    const Implementation& network = *implementation_;
    network.check(stretch, Layout::tangent);
    const Index inputs = input_size(), outputs = output_size();
    Index units = 0;
    for (const Layer<Real>& layer : network.layers) units += forced_size(layer);
    const auto carry = [&](BlockWalk<Real>& walk, Index b) {
        linearise_forward(network.layers, stretch, b, [&](Index step, const Slopes<Real>& slopes, Index at) {
            const Index row = step * stretch.width + b;
            walk.push_forward(stretch.start + step + 1, slopes, at,
                              tangents.inputs ? tangents.inputs + row * inputs : nullptr,
                              tangents.forcing ? tangents.forcing + row * units : nullptr);
            walk.copy_outputs(tangents.outputs + row * outputs);
        });
    };
    for_each_block<Real>(network.layers, *network.target, stretch, {1, tangents.state, nullptr}, threads, carry);
}

template <class Real>
void Network<Real>::pull_back(const Stretch<Real>& stretch, const Block<Real>& block, const std::int32_t* labels,
                              Index groups, const Squares& squares, int threads) const {
    const Implementation& network = *implementation_;
    network.check(stretch, Layout::adjoint);
    const auto carry = [&](BlockWalk<Real>& walk, Index b) {
        walk.group(labels, groups);
        const auto visit = [&](Index step, const Slopes<Real>& slopes, Index at) {
            walk.pull_back(stretch.start + step + 1, slopes, at);
            walk.rescale();
            if (!squares.values) return;
            const Index place = (step * stretch.width + b) * groups * block.columns;
            walk.squares(squares.values + place, squares.exponents + place);
        };
        linearise_back(network.layers, stretch, b, visit);
        walk.rescale(true);
    };
    for_each_block<Real>(network.layers, *network.target, stretch, block, threads, carry);
}

template <class Real>
void Network<Real>::orthonormalise_back(const Stretch<Real>& stretch, const Block<Real>& block,
                                        const Factors<Real>& factors, int threads) const {
    const Implementation& network = *implementation_;
    network.check(stretch, Layout::adjoint);
    const auto carry = [&](BlockWalk<Real>& walk, Index b) {
        Orthonormalising<Real> factorise(walk, factors, stretch, b);
        const auto visit = [&](Index step, const Slopes<Real>& slopes, Index at) {
            walk.pull_back(stretch.start + step + 1, slopes, at);
            factorise.after_step();
        };
        linearise_back(network.layers, stretch, b, visit);
    };
    for_each_block<Real>(network.layers, *network.target, stretch, {block.columns, block.values, nullptr}, threads,
                         carry);
}

#define RNNCORE_INSTANTIATE(Real)                                                                                    \
    template void Network<Real>::multiply(const Stretch<Real>&, const Block<Real>&, const Squares&, int) const;      \
    template void Network<Real>::orthonormalise(const Stretch<Real>&, const Block<Real>&, const Factors<Real>&, int) \
        const;                                                                                                       \
    template void Network<Real>::push_forward(const Stretch<Real>&, const Tangents<Real>&, int) const;               \
    template void Network<Real>::pull_back(const Stretch<Real>&, const Block<Real>&, const std::int32_t*, Index,     \
                                           const Squares&, int) const;                                               \
    template void Network<Real>::orthonormalise_back(const Stretch<Real>&, const Block<Real>&, const Factors<Real>&, \
                                                     int) const;
RNNCORE_INSTANTIATE(float)
RNNCORE_INSTANTIATE(double)

}  // namespace rnncore
