"""What a picture shows, as numbers: for tables, and to be told where the pointer is."""

from typing import NamedTuple

import numpy as np

_MOST = 400  # positions of one figure


class Readings(NamedTuple):
    """The values of N positions along a figure's axis.

    Attributes
    ----------
    names : tuple of str
        Of the horizontal axis and the S series.
    colours : tuple of str
    positions : (N,) array
    values : (N, S) array
        NaN where a series has no value at that position.
    total : int
        Positions there are in all.
    in_plane : bool
        Whether they are points of a plane, in no order.
    """

    names: tuple
    colours: tuple
    positions: np.ndarray
    values: np.ndarray
    total: int
    in_plane: bool

    def pixels(self, ax, height):
        """Positions and values in the picture's own units, down from its upper left corner."""
        values = np.concatenate([self.values, self.positions[:, None]], axis=1)  # at least one column
        points = np.stack([np.broadcast_to(self.positions[:, None], values.shape), values], axis=-1)
        with np.errstate(all="ignore"):
            placed = ax.transData.transform(points.reshape(-1, 2)).reshape(points.shape)
        return placed[:, 0, 0], height - placed[:, :-1, 1]


def read_axes(ax):
    """The :class:`Readings` of all that is named on the axes; None where nothing is."""
    for read, in_plane in ((_lines, False), (_histograms, False), (_points, True)):
        series = [found for found in read(ax) if len(found[2])]
        if series:
            return _join(ax, series, in_plane)
    return None


def _named(artists):
    return [artist for artist in artists if not str(artist.get_label()).startswith("_")]


def _lines(ax):
    for line in _named(ax.lines):
        x, y = (np.asarray(values, np.float64) for values in line.get_data())
        yield line.get_label(), line.get_color(), x, y


def _histograms(ax):
    """The middles of the bins and their heights."""
    for bars in ax.containers:
        for first in _named(bars[:1]):  # by which hist names them all
            middles = np.array([bar.get_x() + bar.get_width() / 2 for bar in bars])
            yield first.get_label(), _hex(first.get_facecolor()), middles, np.array([bar.get_height() for bar in bars])
    for steps in _named(patch for patch in ax.patches if hasattr(patch, "get_closed")):
        corners = steps.get_xy()  # (2 bins + 2, 2): up at an edge, along the bin, and so on
        middles, heights = (corners[1:-2:2, 0] + corners[2:-1:2, 0]) / 2, corners[1:-2:2, 1]
        yield steps.get_label(), _hex(steps.get_edgecolor()), middles, heights


def _points(ax):
    for cloud in _named(ax.collections):
        offsets = np.ma.getdata(cloud.get_offsets())
        colours = cloud.get_facecolor()
        if len(offsets) and len(colours):
            yield ax.get_ylabel(), _hex(colours[0]), offsets[:, 0], offsets[:, 1]


def _join(ax, series, in_plane):
    if in_plane:
        _, colour, positions, values = series[0]
        chosen = np.argsort(-np.hypot(positions, values), kind="stable")[:_MOST]
        values, total = values[chosen, None], len(positions)
        return Readings((ax.get_xlabel(), ax.get_ylabel()), (colour,), positions[chosen], values, total, True)
    positions = np.unique(np.concatenate([x[np.isfinite(x)] for _, _, x, _ in series]))
    total = len(positions)
    positions = _spread(ax, positions)
    values = np.full((len(positions), len(series)), np.nan)
    for column, (_, _, x, y) in enumerate(series):
        order = np.argsort(x, kind="stable")
        place = np.minimum(np.searchsorted(x[order], positions), len(x) - 1)
        found = x[order][place] == positions
        values[found, column] = y[order][place][found]
    names = (ax.get_xlabel(), *(str(name) for name, *_ in series))
    return Readings(names, tuple(colour for _, colour, _, _ in series), positions, values, total, False)


def _spread(ax, positions):
    """Some of the positions, evenly apart as the axis shows them."""
    if len(positions) <= _MOST:
        return positions
    with np.errstate(all="ignore"):
        across = ax.transData.transform(np.column_stack([positions, np.ones(len(positions))]))[:, 0]
    positions, across = positions[np.isfinite(across)], across[np.isfinite(across)]
    share = (across - across[0]) / max(across[-1] - across[0], 1e-300)
    return positions[np.unique((share * (_MOST - 1)).astype(int), return_index=True)[1]]


def _hex(colour):
    from matplotlib.colors import to_hex

    return to_hex(colour)
