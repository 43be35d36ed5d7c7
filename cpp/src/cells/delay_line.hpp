// y_t = (x_t, x_{t-1}, …), the last inputs: numbers are moved, not computed with
//
// ∂y_t/∂y_{t-1} moves rows down by the size of an input, ∂y_t/∂x_t fills the first ones.
#pragma once

#include "dense/block_product.hpp"
#include "rnncore/layout.hpp"
#include "walks/block_step.hpp"
#include "walks/gradient_rows.hpp"
#include "walks/simulate.hpp"

namespace rnncore::RNNCORE_TARGET {

template <class Real>
struct DelayLineCell {
    static constexpr bool has_state = true, gated = false, unitwise = true;
    static constexpr Index slopes = 0;
    using Parameters = DelayLine<Real>;

    Index size = 0, input_size = 0;

    bool create(const DelayLine<Real>& line, Layout) {
        size = line.steps * line.input_size;
        input_size = line.input_size;
        return true;
    }

    void destroy() {}

    Index state_size() const { return size; }
    Index block_scratch() const { return 0; }

    Index work_size(Index steps) const { return steps * input_size + size; }

    // The inputs from the last to the first and those before them: every row is a window of that. To copy each row
    // from the one before would be to read what has only just been written.
    void advance(const UnitSteps<Real>& part) const {
        Real* window = part.work + part.steps * input_size;
        std::memcpy(window, part.before, sizeof(Real) * size);
        for (Index t = 0; t < part.steps; ++t) {
            window -= input_size;
            if (part.inputs)
                std::memcpy(window, part.inputs + t * part.input_step, sizeof(Real) * input_size);
            else
                std::memset(window, 0, sizeof(Real) * input_size);
            Real* const row = part.rows + t * part.step;
            std::memcpy(row, window, sizeof(Real) * size);
            std::memset(row + size, 0, sizeof(Real) * (padded<Real>(size) - size));
        }
    }

    void tangent(const TangentStep<Real>& step) const {
        if (step.inputs)
            copy_block(step.inputs, 0, input_size, step.shape, 0, step.result);
        else
            clear_block(step.result, input_size, step.shape);
        copy_block(step.state, 0, size - input_size, step.shape, input_size, step.result);
    }

    void pull_back(const CotangentStep<Real>& step) const {
        if (step.above) add_block(step.above, size, step.shape, step.state);
        if (step.below) {
            clear_block(step.below, input_size, step.shape);
            copy_block(step.state, 0, input_size, step.shape, 0, step.below);
        }
        clear_block(step.result, size, step.shape);
        copy_block(step.state, input_size, size - input_size, step.shape, 0, step.result);
    }

    void pull_back_inputs(const DeltaRows<Real>& rows) const {
        const BlockShape shape{1, 1, rows.count, rows.step};
        clear_block(rows.below, input_size, shape);
        copy_block(rows.deltas, 0, input_size, shape, 0, rows.below);
    }

    Index gradient_scratch() const { return 0; }

    void gather(const GradientRows<Real>&) const {}
};

}  // namespace rnncore::RNNCORE_TARGET
