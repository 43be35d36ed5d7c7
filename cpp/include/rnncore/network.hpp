// Cells in a chain, made ready for one instruction-set level, and their walks along time.
#pragma once

#include <memory>
#include <string>

#include "rnncore/cells.hpp"
#include "rnncore/layout.hpp"

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

// A block of columns for each sequence, C-contiguous; value · 2^exponent, so that it neither overflows nor underflows.
template <class Real>
struct Block {
    Index columns = 0;
    Real* values = nullptr;             // (width, state_size, columns), changed in place
    std::int64_t* exponents = nullptr;  // (width, columns), changed in place
};

// Receives Σ v² of the columns of a block, as squares · 4^exponent; null: not wanted.
struct Squares {
    double* values = nullptr;
    std::int64_t* exponents = nullptr;
};

// Receives the factors of block = Q R each time it is orthonormalised: `count` times, at every `interval` steps from
// where the walk begins and where it ends. R = factor · 2^exponent, an exponent for each column.
template <class Real>
struct Factors {
    Index interval = 1;
    // Products of the diagonals of `pool` factors, growth · 2^growth_exponent: (count / pool rounded up, width,
    // columns)
    Index pool = 1;
    double* growth = nullptr;
    std::int64_t* growth_exponents = nullptr;
    Real* factors = nullptr;            // (count, width, columns, columns), or null
    std::int64_t* exponents = nullptr;  // (count, width, columns), or null
    Real* frames = nullptr;             // Q: (count, width, state_size, columns), or null
};

// Tangents of what goes in, and of what comes out.
template <class Real>
struct Tangents {
    const Real* inputs = nullptr;  // (steps, width, input_size); null: zero
    const Real* forcing =
        nullptr;  // (steps, width, sum of the layers' sizes: of state, else of output), layer by layer; null: zero
    Real* state = nullptr;    // (width, state_size), changed in place
    Real* outputs = nullptr;  // (steps, width, output_size)
};

// Sums over steps of parameter gradients are made for so many at a time, counted from a run's first step.
inline constexpr Index gradient_block = 256;

// Where a layer's gradients are added: arrays shaped as the members of its struct (cells.hpp) and in their order,
// `bias` of a GRU followed by bias_hh (3 size), complex parameters as real and imaginary parts in turn. Null: not
// wanted.
template <class Real>
struct LayerGradients {
    double* parameters[6] = {};
    Real* matrices = nullptr;  // of a MatrixSequence: (steps, size, size) of all its steps; set, not added to
};

// Of a scalar function of the outputs; null: zero, or not wanted.
template <class Real>
struct Cotangents {
    Real* state = nullptr;          // (width, state_size): of the state after the steps, then of that before them
    const Real* outputs = nullptr;  // (steps, width, output_size)
    const bool* cuts = nullptr;     // (steps): nothing flows through the state from this step to those before it
    Real* inputs = nullptr;         // (steps, width, input_size): receives those of the inputs
};

// What a walk forward leaves for the way back; of use to the Network that made it.
template <class Real>
class Tape {
  public:
    struct Implementation;
    explicit Tape(std::unique_ptr<Implementation>);
    Tape(Tape&&) noexcept;
    Tape& operator=(Tape&&) noexcept;
    ~Tape();
    const Implementation& get() const { return *implementation_; }

  private:
    std::unique_ptr<Implementation> implementation_;
};

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
    void add(const LSTM<Real>&);
    void add(const GRU<Real>&);
    void add(const Diagonal<Real>&);
    void add(const GatedDiagonal<Real>&);
    void add(const DelayLine<Real>&);

    Index input_size() const;
    Index output_size() const;
    Index state_size() const;
    const std::string& target() const;

    // All walks are safe to call from several threads at once. The bits written depend neither on `threads` nor on how
    // a run is cut into stretches (of whole intervals, where a block is orthonormalised).

    // Any layout.
    void simulate(const Stretch<Real>&, int threads = 1) const;

    // Layout::tangent; A_t is the Jacobian of the state by the state before it. block ← A_T ⋯ A_1 block; the squares,
    // (kept, width, columns), are those after the steps that stretch.every divides.
    void multiply(const Stretch<Real>&, const Block<Real>&, const Squares&, int threads = 1) const;

    // Layout::tangent. The same with block = Q R now and then, Q going on.
    void orthonormalise(const Stretch<Real>&, const Block<Real>&, const Factors<Real>&, int threads = 1) const;

    // Layout::tangent. One tangent vector, under tangents of the inputs and of the layers.
    void push_forward(const Stretch<Real>&, const Tangents<Real>&, int threads = 1) const;

    // Layout::adjoint; the state stays as it is. block ← (A_T ⋯ A_1)ᵀ block; the squares, (steps, width, groups,
    // columns), of step s are those once it has been pulled back through, by the label of each component of the state.
    void pull_back(const Stretch<Real>&, const Block<Real>&, const std::int32_t* labels, Index groups, const Squares&,
                   int threads = 1) const;

    // Layout::adjoint. The same with block = Q R at every interval back from the end; factors in that order.
    void orthonormalise_back(const Stretch<Real>&, const Block<Real>&, const Factors<Real>&, int threads = 1) const;

    // Layout::adjoint for one sequence, Layout::batch_adjoint for more: the walk of simulate, to the bit, with a tape
    // of it.
    Tape<Real> record(const Stretch<Real>&, int threads = 1) const;

    // Bytes that a step of `width` sequences takes on a tape.
    Index tape_bytes(Index width) const;

    // Bytes that the way back takes beside tapes and gradients, but for a few rows for each thread.
    Index block_bytes(Index width) const;

    // Of the same layout. Back-propagation along a tape; the steps, width and inputs are those of the tape; the
    // stretch's state and outputs are not used. gradients: one for each layer. Sums are made for gradient_block steps
    // at a time, the first of them the stretch's: where every start is a multiple of it, bits do not depend on how a
    // run is cut.
    void accumulate_gradients(const Tape<Real>&, const Stretch<Real>&, const Cotangents<Real>&,
                              const LayerGradients<Real>* gradients, int threads = 1) const;

  private:
    struct Implementation;
    std::unique_ptr<Implementation> implementation_;
};

extern template class Tape<float>;
extern template class Tape<double>;
extern template class Network<float>;
extern template class Network<double>;

}  // namespace rnncore
