#include "block_walk.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "network_implementation.hpp"

namespace rnncore {

namespace {

constexpr Index line_bytes = 64;

// Rows an odd number of cache lines apart fall into all sets of a cache: those of one column would else share a few.
template <class Real>
Index row_stride(Index padded_columns) {
    constexpr Index line = line_bytes / sizeof(Real);
    const bool crowds = padded_columns >= 16 * line && padded_columns / line % 2 == 0;
    return crowds ? padded_columns + line : padded_columns;
}

// Of what layers hand each other.
template <class Real>
Index widest_signal(const std::vector<Layer<Real>>& layers) {
    return std::max(widest(layers, &Layer<Real>::input_size), widest(layers, &Layer<Real>::padded_size));
}

// Room for rows of a block; single columns are padded to whole vectors.
template <class Real>
Buffer<Real> block_buffer(Index rows, Index stride) {
    const Index count = rows * stride + line_bytes / static_cast<Index>(sizeof(Real));
    Buffer<Real> buffer(count);
    std::fill_n(buffer.data(), count, Real(0));
    return buffer;
}

}  // namespace

template <class Real>
BlockWalk<Real>::BlockWalk(const std::vector<Layer<Real>>& layers, const Target& target, Index columns)
    : layers_(layers),
      kernels_(kernels_of<Real>(target).blocks),
      columns_(columns),
      padded_columns_(padded_to_vectors<Real>(columns, target)),
      stride_(columns == 1 ? 1 : row_stride<Real>(padded_columns_)),
      now_(block_buffer<Real>(total(layers_, &Layer<Real>::padded_state), stride_)),
      next_(block_buffer<Real>(total(layers_, &Layer<Real>::padded_state), stride_)),
      between_{block_buffer<Real>(widest_signal(layers_), stride_),
               block_buffer<Real>(widest_signal(layers_), stride_)},
      scratch_(block_buffer<Real>(widest(layers_, &Layer<Real>::block_scratch), stride_)),
      factor_(block_buffer<Real>(padded_columns_, stride_)),
      exponents_(columns, 0) {
    for (const Layer<Real>& layer : layers_) {
        offsets_.push_back(rows_ * stride_);
        state_size_ += layer.state_size;
        rows_ += stride_ == 1 ? layer.padded_state : layer.state_size;
    }
}

template <class Real>
void BlockWalk<Real>::load(const Real* values, const std::int64_t* exponents) {
    for (std::size_t i = 0; i < layers_.size(); ++i) {
        Real* const to = part(now_, i);
        for (Index row = 0; row < layers_[i].state_size; ++row, values += columns_)
            std::copy_n(values, columns_, to + row * stride_);
    }
    if (exponents) std::copy_n(exponents, columns_, exponents_.data());
}

template <class Real>
void BlockWalk<Real>::save(Real* values, std::int64_t* exponents) const {
    for (std::size_t i = 0; i < layers_.size(); ++i) {
        const Real* const from = part(now_, i);
        for (Index row = 0; row < layers_[i].state_size; ++row, values += columns_)
            std::copy_n(from + row * stride_, columns_, values);
    }
    if (exponents) std::copy_n(exponents_.data(), columns_, exponents);
}

template <class Real>
void BlockWalk<Real>::push_forward(Index number, const Slopes<Real>& slopes, Index step, const Real* inputs,
                                   const Real* forcing) {
    TangentStep<Real> tangent{number, nullptr, shape(number), inputs, nullptr, nullptr, scratch_.data()};
    for (std::size_t i = 0; i < layers_.size(); ++i) {
        const Layer<Real>& layer = layers_[i];
        tangent.slopes = slopes.of(i, step);
        tangent.state = part(now_, i);
        tangent.result = layer.state_size ? part(next_, i) : between_[i % 2].data();
        layer.tangent(layer.cell, tangent);
        if (forcing) {
            const Index size = forced_size(layer);
            for (Index u = 0; u < size; ++u) tangent.result[u] += forcing[u];
            forcing += size;
        }
        tangent.inputs = tangent.result;
    }
    outputs_ = tangent.result;
    std::swap(now_, next_);
}

template <class Real>
void BlockWalk<Real>::copy_outputs(Real* outputs) const {
    std::copy_n(outputs_, layers_.back().output_size, outputs);
}

template <class Real>
void BlockWalk<Real>::pull_back(Index number, const Slopes<Real>& slopes, Index step) {
    CotangentStep<Real> cotangent{number,  nullptr, shape(number),   nullptr, nullptr,
                                  nullptr, nullptr, scratch_.data(), false};
    for (std::size_t i = layers_.size(); i-- > 0;) {
        const Layer<Real>& layer = layers_[i];
        cotangent.slopes = slopes.of(i, step);
        cotangent.state = layer.state_size ? part(now_, i) : nullptr;
        cotangent.result = layer.state_size ? part(next_, i) : nullptr;
        cotangent.below = i > 0 ? between_[i % 2].data() : nullptr;
        layer.pull_back(layer.cell, cotangent);
        cotangent.above = cotangent.below;
    }
    std::swap(now_, next_);
}

template <class Real>
void BlockWalk<Real>::rescale(bool all) {
    kernels_.rescale(now_.data(), rows_, columns_, stride_, exponents_.data(), all);
}

template <class Real>
void BlockWalk<Real>::group(const std::int32_t* labels, Index groups) {
    if (!labels) return;
    groups_ = groups;
    labels_.assign(rows_, -1);
    for (std::size_t i = 0; i < layers_.size(); labels += layers_[i++].state_size)
        std::copy_n(labels, layers_[i].state_size, labels_.data() + offsets_[i] / stride_);
}

template <class Real>
void BlockWalk<Real>::squares(double* values, std::int64_t* exponents) const {
    if (labels_.empty()) {
        kernels_.column_squares(now_.data(), rows_, columns_, stride_, values);
        std::copy_n(exponents_.data(), columns_, exponents);
        return;
    }
    kernels_.group_squares(now_.data(), rows_, columns_, stride_, labels_.data(), groups_, values, exponents);
    for (Index i = 0; i < groups_ * columns_; ++i) exponents[i] += exponents_[i % columns_];
}

template <class Real>
void BlockWalk<Real>::orthonormalise(const Factors<Real>& factors, Index number, Index width, Index sequence) {
    kernels_.orthonormalise(now_.data(), rows_, columns_, stride_, factor_.data());
    const Index pooled = (number / factors.pool * width + sequence) * columns_, place = number * width + sequence;
    take_up_growth(factors.growth + pooled, factors.growth_exponents + pooled, number % factors.pool == 0);
    if (factors.factors) {
        Real* to = factors.factors + place * columns_ * columns_;
        for (Index i = 0; i < columns_; ++i)
            for (Index j = 0; j < columns_; ++j) *to++ = j < i ? Real(0) : factor_.data()[i * stride_ + j];
    }
    if (factors.exponents) std::copy_n(exponents_.data(), columns_, factors.exponents + place * columns_);
    if (factors.frames) save(factors.frames + place * state_size_ * columns_, nullptr);
    std::fill(exponents_.begin(), exponents_.end(), 0);
}

// Multiply by R's diagonal; `first`: instead of what stands there.
template <class Real>
void BlockWalk<Real>::take_up_growth(double* growth, std::int64_t* exponents, bool first) const {
    for (Index j = 0; j < columns_; ++j) {
        double product = (first ? 1.0 : growth[j]) * static_cast<double>(factor_.data()[j * stride_ + j]);
        std::int64_t exponent = (first ? 0 : exponents[j]) + exponents_[j];
        if (product < 0x1p-400 || product > 0x1p400) {
            int shift = 0;
            product = std::frexp(product, &shift);
            exponent += shift;
        }
        growth[j] = product;
        exponents[j] = exponent;
    }
}

template class BlockWalk<float>;
template class BlockWalk<double>;

}  // namespace rnncore
