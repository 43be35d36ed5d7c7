// A sparse matrix times a vector, added to what stands in the result: entries of a row in the order of their columns.
#pragma once

#include <cstdlib>

#include "dense/packed_matrix.hpp"

namespace rnncore::RNNCORE_TARGET {

// Rows in the order of their lengths, eight of one length side by side: their sums hide each other's latency, and the
// processor foresees where they end. Their entries lie column by column, those of the rows that make no eight row by
// row. n = 1000, ten entries a row: a third faster than row by row in their own order (benchmarks/reservoirs.py).
template <class Real>
struct SparseMatrix {
    static constexpr Index group = 8;

    Index rows = 0, longest = 0;
    Index* counts = nullptr;        // (longest + 1) rows of each length
    std::int32_t* order = nullptr;  // (rows) shortest first, rows of one length in their own order
    bool own_order = true;          // all rows are of one length
    std::int32_t* columns = nullptr;
    Real* values = nullptr;

    bool create(const SparseRows<Real>& from, Index size) {
        rows = size;
        for (Index i = 0; i < rows; ++i) longest = length(from, i) > longest ? length(from, i) : longest;
        const Index entries = static_cast<Index>(from.row_starts[size]);
        counts = static_cast<Index*>(allocate(sizeof(Index) * (longest + 1)));
        order = static_cast<std::int32_t*>(allocate(sizeof(std::int32_t) * size));
        columns = static_cast<std::int32_t*>(allocate(sizeof(std::int32_t) * entries));
        values = static_cast<Real*>(allocate(sizeof(Real) * entries));
        if (!counts || !order || !columns || !values || !sort_rows(from)) return false;
        place_entries(from);
        return true;
    }

    bool create_transposed(const SparseRows<Real>& from, Index size) {
        const Index entries = static_cast<Index>(from.row_starts[size]);
        std::int64_t* const starts = static_cast<std::int64_t*>(allocate(sizeof(std::int64_t) * (size + 2)));
        std::int32_t* const rows_of = static_cast<std::int32_t*>(allocate(sizeof(std::int32_t) * entries));
        Real* const entries_of = static_cast<Real*>(allocate(sizeof(Real) * entries));
        bool done = starts && rows_of && entries_of;
        if (done) {
            std::memset(starts, 0, sizeof(std::int64_t) * (size + 2));
            for (Index e = 0; e < entries; ++e) ++starts[from.columns[e] + 2];
            for (Index i = 2; i < size + 2; ++i) starts[i] += starts[i - 1];
            for (Index i = 0; i < size; ++i)
                for (std::int64_t e = from.row_starts[i]; e < from.row_starts[i + 1]; ++e) {
                    const std::int64_t to = starts[from.columns[e] + 1]++;
                    rows_of[to] = static_cast<std::int32_t>(i);
                    entries_of[to] = from.values[e];
                }
            done = create({starts, rows_of, entries_of}, size);
        }
        std::free(starts);
        std::free(rows_of);
        std::free(entries_of);
        return done;
    }

    void destroy() {
        std::free(counts);
        std::free(order);
        std::free(columns);
        std::free(values);
    }

    void add_product(const Real* __restrict vector, Real* __restrict sum) const {
        const std::int32_t* column = columns;
        const Real* value = values;
        RowsInOrder z(sum, own_order ? nullptr : order, rows);
        for (Index entries = 0; entries <= longest; ++entries) {
            Index left = counts[entries];
            for (; left >= group; left -= group) {
                Real total[group], *const totals = z.next(group);
#pragma GCC unroll 8
                for (Index r = 0; r < group; ++r) total[r] = totals[r];
                for (Index e = entries; e > 0; --e, column += group, value += group)
#pragma GCC unroll 8
                    for (Index r = 0; r < group; ++r) total[r] = scalar_fma(value[r], vector[column[r]], total[r]);
#pragma GCC unroll 8
                for (Index r = 0; r < group; ++r) totals[r] = total[r];
            }
            for (; left > 0; --left) {
                Real* const total = z.next(1);
                for (Index e = entries; e > 0; --e) *total = scalar_fma(*value++, vector[*column++], *total);
            }
        }
    }

    // function(row, values, columns, entries, step from entry to entry)
    template <class Function>
    void for_each_row(const Function& function) const {
        const std::int32_t *column = columns, *row = order;
        const Real* value = values;
        for (Index entries = 0; entries <= longest; ++entries) {
            Index left = counts[entries];
            for (Index together; left > 0; left -= together, row += together) {
                together = left >= group ? group : 1;
                for (Index r = 0; r < together; ++r) function(row[r], value + r, column + r, entries, together);
                value += together * entries;
                column += together * entries;
            }
        }
    }

  private:
    // Elements of a vector in the order of the rows, copied some hundreds at a time where that is not their own. Stores
    // one by one, to addresses that depend on a load, would hold up the loads behind them (a third of the time).
    class RowsInOrder {
      public:
        RowsInOrder(Real* vector, const std::int32_t* order, Index count)
            : vector_(vector),
              order_(order),
              left_(count),
              held_(order ? 0 : count),
              elements_(order ? copy_ : vector) {}
        ~RowsInOrder() {
            if (order_) write();
        }
        RowsInOrder(const RowsInOrder&) = delete;
        RowsInOrder& operator=(const RowsInOrder&) = delete;
        Real* next(Index count) {
            if (used_ + count > held_) turn();
            used_ += count;
            return elements_ + used_ - count;
        }

      private:
        static constexpr Index most = 512;

        void write() {
            for (Index i = 0; i < used_; ++i) vector_[order_[i]] = elements_[i];
        }

        void turn() {
            write();
            order_ += used_;
            left_ -= used_;
            used_ = 0;
            held_ = left_ < most ? left_ : most;
            for (Index i = 0; i < held_; ++i) elements_[i] = vector_[order_[i]];
        }

        Real* vector_;
        const std::int32_t* order_;
        Index left_, held_, used_ = 0;
        Real* elements_;
        Real copy_[most];
    };

    static Index length(const SparseRows<Real>& from, Index row) {
        return static_cast<Index>(from.row_starts[row + 1] - from.row_starts[row]);
    }

    bool sort_rows(const SparseRows<Real>& from) {
        Index* next = static_cast<Index*>(allocate(sizeof(Index) * (longest + 1)));
        if (!next) return false;
        std::memset(counts, 0, sizeof(Index) * (longest + 1));
        for (Index i = 0; i < rows; ++i) ++counts[length(from, i)];
        own_order = counts[longest] == rows;
        for (Index entries = 0, before = 0; entries <= longest; before += counts[entries++]) next[entries] = before;
        for (Index i = 0; i < rows; ++i) order[next[length(from, i)]++] = static_cast<std::int32_t>(i);
        std::free(next);
        return true;
    }

    void place_entries(const SparseRows<Real>& from) {
        Index placed = 0;
        const std::int32_t* row = order;
        for (Index entries = 0; entries <= longest; ++entries) {
            Index left = counts[entries];
            for (Index together; left > 0; left -= together, row += together) {
                together = left >= group ? group : 1;
                for (Index e = 0; e < entries; ++e)
                    for (Index r = 0; r < together; ++r, ++placed) {
                        columns[placed] = from.columns[from.row_starts[row[r]] + e];
                        values[placed] = from.values[from.row_starts[row[r]] + e];
                    }
            }
        }
    }
};

}  // namespace rnncore::RNNCORE_TARGET
