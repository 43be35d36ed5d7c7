// One sequence's block of columns, carried through all layers step by step.
#pragma once

#include <vector>

#include "buffer.hpp"
#include "rnncore/network.hpp"
#include "targets/selection.hpp"

namespace rnncore {

// What the walk forward leaves of each step, layer by layer.
template <class Real>
class Slopes {
  public:
    Slopes(const std::vector<Layer<Real>>& layers, Index steps) {
        for (const Layer<Real>& layer : layers) {
            buffers_.emplace_back(steps * layer.slopes_size);
            sizes_.push_back(layer.slopes_size);
        }
        places_.resize(layers.size());
    }

    // Where those of the steps from `step` on go.
    Real* const* from(Index step) {
        for (std::size_t i = 0; i < buffers_.size(); ++i) places_[i] = buffers_[i].data() + step * sizes_[i];
        return places_.data();
    }

    const Real* of(std::size_t layer, Index step) const { return buffers_[layer].data() + step * sizes_[layer]; }

  private:
    std::vector<Buffer<Real>> buffers_;
    std::vector<Index> sizes_;
    std::vector<Real*> places_;
};

template <class Real>
class BlockWalk {
  public:
    BlockWalk(const std::vector<Layer<Real>>& layers, const Target& target, Index columns);

    // values: (state_size, columns)
    void load(const Real* values, const std::int64_t* exponents);
    void save(Real* values, std::int64_t* exponents) const;

    // block ← A_number block. For a single column: `inputs` and `forcing` are tangents as in Tangents, of this step.
    void push_forward(Index number, const Slopes<Real>& slopes, Index step, const Real* inputs = nullptr,
                      const Real* forcing = nullptr);
    // The outputs' tangents of that step.
    void copy_outputs(Real* outputs) const;

    // block ← A_numberᵀ block
    void pull_back(Index number, const Slopes<Real>& slopes, Index step);

    // Columns that grew or shrank far are brought back to around 1; `all`: every one to [1/2, 1).
    void rescale(bool all = false);

    // What squares() tells apart: the label of each component of the state, negative for none; null: one group.
    void group(const std::int32_t* labels, Index groups);
    // (groups, columns)
    void squares(double* values, std::int64_t* exponents) const;

    // block = Q R, block ← Q; the exponents are R's and begin anew. number: of the factor, from 0 on.
    void orthonormalise(const Factors<Real>& factors, Index number, Index width, Index sequence);

  private:
    void take_up_growth(double* growth, std::int64_t* exponents, bool first) const;
    BlockShape shape(Index number) const {
        BlockShape shape{columns_, stride_};
        shape.downward = number % 2;
        return shape;
    }
    Real* part(const Buffer<Real>& block, std::size_t layer) const { return block.data() + offsets_[layer]; }

    const std::vector<Layer<Real>>& layers_;
    const BlockKernels<Real>& kernels_;
    Index columns_, padded_columns_, stride_, rows_ = 0, state_size_ = 0;
    std::vector<Index> offsets_;  // of each layer's rows, in elements
    Buffer<Real> now_, next_, between_[2], scratch_, factor_;
    std::vector<std::int64_t> exponents_;
    std::vector<std::int32_t> labels_;  // of each row
    Index groups_ = 1;
    const Real* outputs_ = nullptr;
};

extern template class BlockWalk<float>;
extern template class BlockWalk<double>;

}  // namespace rnncore
