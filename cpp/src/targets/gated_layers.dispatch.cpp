// Compiled once per instruction-set level and precision (RNNCORE_REAL): the kernels of gated and diagonal cells.
#include "cells/diagonal.hpp"
#include "cells/gated_diagonal.hpp"
#include "cells/gru.hpp"
#include "cells/lstm.hpp"
#include "cells/reset_before_gru.hpp"
#include "targets/make_layer.hpp"

namespace rnncore::RNNCORE_TARGET {

template <>
Layer<RNNCORE_REAL> make_lstm<RNNCORE_REAL>(const LSTM<RNNCORE_REAL>& lstm, Layout layout) {
    return make_layer<LstmCell<RNNCORE_REAL>, RNNCORE_REAL>(lstm, layout);
}

template <>
Layer<RNNCORE_REAL> make_gru<RNNCORE_REAL>(const GRU<RNNCORE_REAL>& gru, Layout layout) {
    using Real = RNNCORE_REAL;
    return gru.reset_after ? make_layer<GruCell<Real>, Real>(gru, layout)
                           : make_layer<ResetBeforeGruCell<Real>, Real>(gru, layout);
}

template <>
Layer<RNNCORE_REAL> make_diagonal<RNNCORE_REAL>(const Diagonal<RNNCORE_REAL>& diagonal, Layout layout) {
    using Real = RNNCORE_REAL;
    return diagonal.complex ? make_layer<DiagonalCell<Real, true>, Real>(diagonal, layout)
                            : make_layer<DiagonalCell<Real, false>, Real>(diagonal, layout);
}

template <>
Layer<RNNCORE_REAL> make_gated_diagonal<RNNCORE_REAL>(const GatedDiagonal<RNNCORE_REAL>& cell, Layout layout) {
    return make_layer<GatedDiagonalCell<RNNCORE_REAL>, RNNCORE_REAL>(cell, layout);
}

}  // namespace rnncore::RNNCORE_TARGET
