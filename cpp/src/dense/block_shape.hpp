#pragma once

#include "rnncore/cells.hpp"

namespace rnncore {

// A block of `columns` columns that lie side by side, rows `stride` apart; or a single column, stride 1, contiguous and
// padded to whole vectors. Of single columns there can be several, one for each sequence, each with slopes of its own.
struct BlockShape {
    Index columns, stride;
    Index sequences = 1, sequence = 0;  // how many single columns, how far apart
    Index slopes_sequence = 0;
    bool downward = false;  // through a matrix's tiles for single columns: in every other step, so that those used
                            // last, still in the nearest cache, come first next
};

}  // namespace rnncore
