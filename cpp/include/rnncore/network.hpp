// Cells in a chain, made ready for one instruction-set level, and their walk forward in time.
#pragma once

#include <memory>
#include <string>

#include "rnncore/cells.hpp"

namespace rnncore {

// A stretch of consecutive steps of `width` sequences side by side. All arrays are C-contiguous.
template <class Real>
struct Stretch {
    Index steps = 0;
    Index width = 1;
    const Real* inputs = nullptr;  // (steps, width, input_size); null: zero inputs
    Real* state = nullptr;         // (width, state_size): where to start, then where it ended
    Index start = 0;               // steps done before this stretch
    Index every = 1;               // keep the outputs of steps start + s that this divides
    Real* outputs = nullptr;       // (kept, width, output_size), or null
    Real* states = nullptr;        // (steps, width, state_size), or null
};

// How the weights are laid out; the results are the same to the last bit.
enum class Layout { single, batch };

template <class Real>
class Network {
  public:
    // An empty target name means selected_target().
    explicit Network(Layout layout, const std::string& target = {});
    ~Network();
    Network(Network&&) noexcept;
    Network& operator=(Network&&) noexcept;

    // Each layer takes the outputs of the one before it. Throws std::invalid_argument where sizes do not fit.
    void add(const Elman<Real>&);
    void add(const Dense<Real>&);
    void add(const MatrixSequence<Real>&);

    Index input_size() const;
    Index output_size() const;
    Index state_size() const;
    const std::string& target() const;

    // Safe to call from several threads at once. The bits written depend neither on `threads` nor on how a run is
    // cut into stretches.
    void simulate(const Stretch<Real>&, int threads = 1) const;

  private:
    struct Implementation;
    std::unique_ptr<Implementation> implementation_;
};

extern template class Network<float>;
extern template class Network<double>;

}  // namespace rnncore
