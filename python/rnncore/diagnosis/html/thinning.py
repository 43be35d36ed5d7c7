"""Long curves drawn with as many points as can be told apart."""

import numpy as np

_COLUMNS = 1000  # finer than a screen shows
_MOST_UNNAMED = 5000  # points of lines without a name; beyond, they are drawn as a picture


def thin_lines(ax):
    """Keep of each line the smallest and the largest value in each of some columns of the picture, and its ends.

    Returns how many points the longest of the lines that were thinned had; 0 where all were kept.
    """
    longest = 0
    for line in ax.lines:
        x, y = (np.asarray(values, np.float64) for values in line.get_data())
        if len(x) <= 2 * _COLUMNS:
            continue
        kept = _extremes(_column_of(ax, x), y)
        if len(kept) < len(x):
            line.set_data(x[kept], y[kept])
            longest = max(longest, len(x))
    unnamed = [line for line in ax.lines if str(line.get_label()).startswith("_")]
    if sum(len(line.get_xdata()) for line in unnamed) > _MOST_UNNAMED:
        for line in unnamed:
            line.set_rasterized(True)
    return longest


def _column_of(ax, x):
    """The column of each point, as the axis shows it; of what it does not show, its neighbours' or the first."""
    with np.errstate(all="ignore"):
        across = ax.transData.transform(np.column_stack([x, np.ones(len(x))]))[:, 0]
    finite = np.isfinite(across)
    if not finite.any():
        return np.zeros(len(x), int)
    low, high = across[finite].min(), across[finite].max()
    share = np.where(finite, (across - low) / max(high - low, 1e-300), 0)
    return (share * (_COLUMNS - 1)).astype(int)


def _extremes(column, y):
    """Ascending indices: of each column the smallest and largest y, or its first point where none is finite."""
    filled = np.where(np.isfinite(y), y, 0)
    order = np.lexsort((filled, ~np.isfinite(y), column))  # within a column finite ones first, ascending
    starts = np.flatnonzero(np.diff(column[order], prepend=-1))
    finite = np.add.reduceat(np.isfinite(y[order]).astype(int), starts)
    largest = starts + np.maximum(finite - 1, 0)
    return np.unique(np.concatenate([order[starts], order[largest], [0, len(y) - 1]]))
