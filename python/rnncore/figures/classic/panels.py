"""Pages and panels in the sizes of print, and lines that are told apart in grey too."""

import numpy as np

from ..style import BLUE, GREEN, GREY, ORANGE, RED, dress

COLUMN, PAGE = 3.4, 7.0  # inches: the width of one column of text, and of two
PINK, SKY, BLACK = "#CC79A7", "#56B4E9", "#000000"
_DASHES = ("-", (0, (5, 1.5)), (0, (5, 1.5, 1, 1.5)), (0, (1.5, 1)), (0, (8, 1.5)), (0, (3, 1, 1, 1, 1, 1)))
_PLAIN = [
    {"color": colour, "linestyle": dashes} for colour, dashes in zip((BLUE, RED, GREEN, ORANGE, PINK, SKY), _DASHES)
]
_MARKED = [
    {"color": colour, "linestyle": dashes, "marker": marker, "markersize": 3, "markevery": 0.12}
    for colour, dashes, marker in zip((BLACK, GREY, BLUE, RED, GREEN, PINK), _DASHES, "os^vDx")
]
LOOKS = (*_PLAIN, *_MARKED)
TITLE, LABEL, SMALL = 8.5, 8, 7  # points
_EXTRA = "pip install 'rnncore[figures]'"


def page(height, width=PAGE):
    """An empty figure, in inches; not known to pyplot, so that nothing has to be closed."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ImportError(f"the figures need matplotlib: {_EXTRA}") from None
    figure = Figure(figsize=(width, height), dpi=200, layout="constrained")
    figure.get_layout_engine().set(w_pad=0.05, h_pad=0.05, wspace=0.04, hspace=0.04)
    return figure


def panel(ax, title, xlabel="", ylabel=""):
    """A heading that says what is seen, and labelled axes; returns them."""
    dress(ax, title, xlabel, ylabel)
    ax.set_title(title, loc="left", fontsize=TITLE, fontweight="bold", pad=4)
    ax.xaxis.label.set_size(LABEL)
    ax.yaxis.label.set_size(LABEL)
    ax.tick_params(which="both", labelsize=SMALL, width=0.6, length=2.5)
    ax.spines[["left", "bottom"]].set_linewidth(0.6)
    return ax


def legend(ax, **options):
    """Small, without a box, its lines long enough to tell the dashes apart; returns it."""
    options = {"frameon": False, "fontsize": SMALL, "handlelength": 2.6, "labelspacing": 0.3, "borderaxespad": 0.3} | {
        **options
    }
    return ax.legend(**options)


def legend_below(figure, ax, **options):
    """One legend for all panels, of the lines of ``ax``, along the lower edge of the page."""
    handles, labels = ax.get_legend_handles_labels()
    options = {"frameon": False, "fontsize": SMALL, "handlelength": 2.6, "ncols": len(labels)} | options
    return figure.legend(handles, labels, loc="outside lower center", **options)


def note(ax, text, at=(0.03, 0.04), **options):
    """Some words inside the panel, at a place in fractions of it."""
    options = {"fontsize": SMALL, "color": GREY} | options
    return ax.annotate(text, at, xycoords="axes fraction", **options)


def name_line_ends(ax, ends):
    """Names beside the right edge at the heights of the lines' ends, moved apart where these are close.

    ``ends`` holds ``(height, name, colour)``; heights outside the picture are drawn at its edge.
    """
    low, high = ax.get_ylim()
    height = ax.figure.get_figheight() / max(1, ax.get_subplotspec().get_gridspec().nrows)
    gap = 1.25 * SMALL / 72 / (0.8 * height)  # lines of text, in fractions of the panel
    ends = sorted(ends, key=lambda end: end[0])
    wished = np.clip([(value - low) / (high - low) for value, _, _ in ends], 0, 1)
    for place, wish, (_, name, colour) in zip(_move_apart(wished, gap), wished, ends):
        ax.annotate(
            name, (1, wish), xytext=(1.05, place), xycoords="axes fraction", textcoords="axes fraction",
            va="center", fontsize=SMALL, color=colour, annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.5, "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip


def _move_apart(places, gap):
    """Ascending places at least ``gap`` apart, and as near as that allows (pool adjacent violators)."""
    steps = gap * np.arange(len(places))
    blocks = []
    for value in places - steps:
        blocks.append([value, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            value, count = blocks.pop()
            blocks[-1] = [(blocks[-1][0] * blocks[-1][1] + value * count) / (blocks[-1][1] + count),
                          blocks[-1][1] + count]  # fmt: skip
    return np.repeat([value for value, _ in blocks], [count for _, count in blocks]) + steps


def lag_axis(ax, most):
    """Steps from 0 on, to ten at even distances and then logarithmically."""
    ax.set_xscale("symlog", linthresh=10, linscale=0.6)
    ticks = [0, *(10**power for power in range(1, 1 + int(np.log10(max(10, most)))))]
    ax.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    ax.minorticks_off()
    ax.set_xlim(0, most)


def rows_of(ax, names):
    """A row for each name, the first one on top."""
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.grid(axis="y", visible=False)


def draw_curve(ax, x, y, look, **options):
    """A line in its look."""
    if not np.isfinite(y).any():  # matplotlib cannot space markers along nothing
        look = {"color": look["color"], "linestyle": look["linestyle"]}
    ax.plot(x, y, **look, **options)


def draw_row(ax, row, value, look, *, goes_on=False):
    """A bar from 0 to the value in the look of its curve; an arrow where it is known to go on."""
    ax.plot([0, value], [row, row], color=look["color"], linestyle=look["linestyle"], linewidth=1.6)
    marker = ">" if goes_on else look.get("marker", "|")
    ax.plot(value, row, marker, color=look["color"], markersize=5, markeredgewidth=1.6, clip_on=False)


def within(values, least, most=np.inf):
    """What lies outside is not drawn."""
    values = np.asarray(values, np.float64)
    with np.errstate(invalid="ignore"):
        return np.where((values >= least) & (values <= most), values, np.nan)


def log10(values):
    """Of magnitudes; what is zero is not drawn."""
    values = np.abs(np.asarray(values, np.float64))
    return np.where(values > 0, np.log10(np.where(values > 0, values, 1)), np.nan)
