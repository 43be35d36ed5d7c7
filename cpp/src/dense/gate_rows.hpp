// Rows of several gates, arranged for kernels: those of one vector of units follow each other gate by gate, so that a
// tile of rows holds all gates of its units.
#pragma once

#include "dense/packed_matrix.hpp"

namespace rnncore::RNNCORE_TARGET {

// A copy so arranged, padded with zeros to whole vectors of units.
template <class Real>
class GateRows {
  public:
    // gates × units rows, gate after gate; null: stays null.
    GateRows(const Real* rows, Index gates, Index units, Index columns) : wanted_(rows) {
        const Index row = padded<Real>(units);
        rows_ = gates * row;
        if (!rows) return;
        data_ = static_cast<Real*>(allocate(sizeof(Real) * rows_ * columns));
        if (!data_) return;
        std::memset(data_, 0, sizeof(Real) * rows_ * columns);
        for (Index g = 0; g < gates; ++g)
            for (Index u = 0; u < units; ++u) {
                const Index to = (u / lanes<Real> * gates + g) * lanes<Real> + u % lanes<Real>;
                std::memcpy(data_ + to * columns, rows + (g * units + u) * columns, sizeof(Real) * columns);
            }
    }
    ~GateRows() { std::free(data_); }
    GateRows(const GateRows&) = delete;
    GateRows& operator=(const GateRows&) = delete;

    const Real* data() const { return data_; }
    Index rows() const { return rows_; }
    bool failed() const { return wanted_ && !data_; }

  private:
    const Real* wanted_;
    Real* data_ = nullptr;
    Index rows_;
};

// Most vectors of rows in a tile of all gates of some vectors of units.
inline constexpr int gate_tile_vectors(int gates) { return single_tile_vectors / gates * gates; }

}  // namespace rnncore::RNNCORE_TARGET
