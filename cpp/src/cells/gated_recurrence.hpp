// The recurrence of a cell with several gates a unit whose products all see the same h: one sequence at a time without
// leaving the registers, a batch with each tile of the weights serving all sequences while it is in cache.
//
// Units is what becomes of a vector of units once its gates' sums are known:
//   gates                       rows of weights a unit has
//   start(drive, unit, gate)    what the gate's sum begins with; drive: of this vector of units, gate after gate
//   finish(sums, drive, at)     h; with a memory also c
#pragma once

#include "dense/gate_rows.hpp"
#include "dense/multiply.hpp"
#include "rnncore/layout.hpp"
#include "walks/simulate_gated.hpp"

namespace rnncore::RNNCORE_TARGET {

// One step of one sequence at the units from `unit` on; pointers to where a row of all units begins.
template <class Real>
struct UnitsAt {
    Index unit;
    const Real* previous;  // h before
    const Real* memory;    // c before
    Real* next_memory;     // receives c; may be the same
    Real* trace;           // receives what the slopes are worked out from, `row` apart; null: not wanted
    Index row;
};

template <class Real, class Units, int V>
void recur_gated(const Units& units, const Real* weights, Index columns, Index first, const GatedSteps<Real>& part,
                 Index sequence, Index from, Index to) {
    constexpr int G = Units::gates;
    const Index row = part.row, width = part.width;
    const Real* drive = part.drives + (from * width + sequence) * G * row + first * G;
    const Real* previous =
        from ? part.rows + (from - 1) * part.step + sequence * part.sequence : part.before + sequence * row;
    Real* out = part.rows + from * part.step + sequence * part.sequence;
    Real *const memory = part.memory + sequence * row, *const slopes = slopes_of(part.slopes, sequence);
    const Real* kept = from && part.memories ? part.memories + ((from - 1) * width + sequence) * row : memory;
    for (Index t = from; t < to; ++t) {
        Vector<Real> sums[1][V * G];
        const Real* const vectors[1] = {previous};
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v)
#pragma GCC unroll 8
            for (int g = 0; g < G; ++g)
                sums[0][v * G + g] = units.start(drive + v * G * lanes<Real>, first + v * lanes<Real>, g);
        add_products<Real, V * G, 1, 1>(weights, columns, vectors, sums);
        UnitsAt<Real> at{0,
                         previous,
                         kept,
                         part.memories ? part.memories + (t * width + sequence) * row : memory,
                         slopes ? slopes + t * Units::slopes * row : nullptr,
                         row};
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v) {
            at.unit = first + v * lanes<Real>;
            store<Real>(out + at.unit, units.finish(sums[0] + v * G, drive + v * G * lanes<Real>, at));
        }
        kept = at.next_memory;
        previous = out;
        out += part.step;
        drive += width * G * row;
    }
}

template <class Real, class Units>
using GatedTileRecurrence = void (*)(const Units& units, const Real* weights, Index columns, Index first,
                                     const GatedSteps<Real>& part, Index sequence, Index from, Index to);

template <class Real, class Units>
inline GatedTileRecurrence<Real, Units> choose_gated_recurrence(int unit_vectors) {
    return unit_vectors == 2 ? recur_gated<Real, Units, 2> : recur_gated<Real, Units, 1>;
}

template <class Real, class Units>
struct GatedRecurrence {
    PackedMatrix<Real> weight;
    GatedTileRecurrence<Real, Units> tall = nullptr, low = nullptr;  // a batch has none

    bool create(const GateRows<Real>& rows, Index units, Layout layout) {
        constexpr int G = Units::gates;
        if (is_batch(layout)) return pack<Real>(weight, rows.data(), rows.rows(), units, 1, batch_tile_vectors);
        if (!pack<Real>(weight, rows.data(), rows.rows(), units, 1, gate_tile_vectors(G), G)) return false;
        tall = choose_gated_recurrence<Real, Units>(weight.tile_vectors(0) / G);
        low = choose_gated_recurrence<Real, Units>(weight.tile_vectors(weight.tiles - 1) / G);
        return true;
    }

    void destroy() { std::free(weight.data); }

    // A batch whose sums do not begin with the drive needs them beside it.
    Index work_size(Index width) const { return Units::starts_from_drive ? 0 : width * weight.vectors * lanes<Real>; }

    void advance(const Units& units, const GatedSteps<Real>& part) const {
        if (tall)
            for (Index b = 0; b < part.width; ++b) advance_single(units, part, b);
        else
            advance_batch(units, part);
        const Index row = part.width * part.row;
        if (part.memories) std::memcpy(part.memory, part.memories + (part.steps - 1) * row, sizeof(Real) * row);
    }

  private:
    void advance_single(const Units& units, const GatedSteps<Real>& part, Index b) const {
        if (weight.tiles == 1) return run_tile(units, 0, part, b, 0, part.steps);
        // To and fro, so that the tiles used last in one step, still in the nearest cache, come first next.
        for (Index t = 0; t < part.steps; ++t)
            for (Index i = 0; i < weight.tiles; ++i)
                run_tile(units, (part.start + t) % 2 ? i : weight.tiles - 1 - i, part, b, t, t + 1);
    }

    void run_tile(const Units& units, Index tile, const GatedSteps<Real>& part, Index b, Index from, Index to) const {
        (tile < weight.tall_tiles ? tall : low)(units, weight.tile_data(tile), weight.columns,
                                                weight.tile_start(tile) / Units::gates * lanes<Real>, part, b, from,
                                                to);
    }

    void advance_batch(const Units& units, const GatedSteps<Real>& part) const {
        constexpr int G = Units::gates;
        const Index row = part.row, width = part.width, drive_row = G * row;
        const Index vectors = row / lanes<Real>;
        const Real *previous = part.before, *kept = part.memory;
        Index previous_sequence = row;
        Real *drives = part.drives, *out = part.rows;
        for (Index t = 0; t < part.steps; ++t, drives += width * drive_row, out += part.step) {
            Real* const sums = Units::starts_from_drive ? drives : part.work;
            if (!Units::starts_from_drive)
                for (Index b = 0; b < width; ++b)
                    for (Index v = 0; v < vectors; ++v)
                        for (int g = 0; g < G; ++g) {
                            const Index at = b * drive_row + (v * G + g) * lanes<Real>;
                            store<Real>(sums + at,
                                        units.start(drives + b * drive_row + v * G * lanes<Real>, v * lanes<Real>, g));
                        }
            Real* const next = part.memories ? part.memories + t * width * row : part.memory;
            const bool upward = (part.start + t) % 2;
            Index done = upward ? 0 : vectors;  // vectors of units before (after) which all is finished
            for (Index i = 0; i < weight.tiles; ++i) {
                const Index tile = upward ? i : weight.tiles - 1 - i;
                add_tile_product<Real>(weight, tile, width, {previous, 0, previous_sequence, width},
                                       {sums, 0, drive_row, width});
                const Index first = weight.tile_start(tile), last = first + weight.tile_vectors(tile);
                const Index from = upward ? done : (first + G - 1) / G, to = upward ? last / G : done;
                for (Index b = 0; b < width; ++b) {
                    Real* const slopes = slopes_of(part.slopes, b);
                    UnitsAt<Real> at{0,
                                     previous + b * previous_sequence,
                                     kept + b * row,
                                     next + b * row,
                                     slopes ? slopes + t * Units::slopes * row : nullptr,
                                     row};
                    for (Index v = from; v < to; ++v) {
                        at.unit = v * lanes<Real>;
                        Vector<Real> z[G];
                        for (int g = 0; g < G; ++g) z[g] = load<Real>(sums + b * drive_row + (v * G + g) * lanes<Real>);
                        store<Real>(out + b * part.sequence + at.unit,
                                    units.finish(z, drives + b * drive_row + v * G * lanes<Real>, at));
                    }
                }
                done = upward ? to : from;
            }
            previous = out;
            previous_sequence = part.sequence;
            kept = next;
        }
    }
};

}  // namespace rnncore::RNNCORE_TARGET
