"""The page as a picture."""

from ..markup import printable
from .panels import panels
from .style import GREY, take_words_literally

SIZE = (14, 7.6)
_ROW = 3.6  # inches more for another row of panels


def plot_diagnosis(diagnosis, figure=None):
    """Forecast (or states) above; forgetting, gradients, activations and eigenvalues below; under these horizon,
    capacity and what is proved, and what the first gated layer keeps, in a figure made higher. Returns the figure."""
    if figure is None:
        import matplotlib.pyplot as plt

        figure = plt.figure(figsize=SIZE, layout="constrained")
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.1, wspace=0.03, hspace=0.05)
    rows = panels(diagnosis, layers=1)
    further = sum(row[0].name in ("horizon", "capacity", "stability", "carousel") for row in rows)
    if further:
        figure.set_size_inches(figure.get_figwidth(), figure.get_figheight() + further * _ROW)
    grid = figure.add_gridspec(len(rows), 1)
    for number, row in enumerate(rows):
        for place, panel in zip(grid[number].subgridspec(1, len(row)), row):
            ax = figure.add_subplot(place)
            panel.draw(ax)
            take_words_literally(ax)
    run = diagnosis.run
    names = printable(f"{_shorten(run.model)}   ·   {_shorten(run.series)}")
    figure.suptitle(names, fontsize=12, fontweight="bold", parse_math=False)
    figure.supxlabel(
        f"{run.steps:,} steps, {run.steps_per_second:,.0f} a second ({run.backend}, {run.dtype})   ·   rnncore",
        fontsize=9, color=GREY,
    )  # fmt: skip
    return figure


def _shorten(text, length=70):
    return text if len(text) <= length else "…" + text[1 - length :]
