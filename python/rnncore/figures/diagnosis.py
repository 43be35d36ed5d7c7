"""The page as a picture."""

from .activations import plot_activations
from .eigenvalues import plot_eigenvalues
from .forecast import plot_forecast
from .forgetting import plot_forgetting
from .gradients import plot_gradients
from .style import GREY
from .traces import plot_traces

SIZE = (14, 7.6)


def plot_diagnosis(diagnosis, figure=None):
    """Forecast (or states) above; forgetting, gradients, activations and eigenvalues below. Returns the figure."""
    if figure is None:
        import matplotlib.pyplot as plt

        figure = plt.figure(figsize=SIZE, layout="constrained")
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.1, wspace=0.03, hspace=0.05)
    panels = []
    if len(diagnosis.forgetting.distance) > 1:
        panels.append(lambda ax: plot_forgetting(diagnosis.forgetting, ax))
    if diagnosis.gradients.norms is not None:
        panels.append(lambda ax: plot_gradients(diagnosis.gradients, ax))
    if diagnosis.saturation:
        panels.append(lambda ax: plot_activations(diagnosis.saturation[0], ax))
    if diagnosis.recurrence:
        panels.append(lambda ax: plot_eigenvalues(diagnosis.recurrence[0], ax))
    grid = figure.add_gridspec(2 if panels else 1, max(1, len(panels)))
    top = figure.add_subplot(grid[0, :])
    if diagnosis.forecast is not None:
        plot_forecast(diagnosis.forecast, top)
    else:
        plot_traces(diagnosis.traces, top)
    for column, panel in enumerate(panels):
        panel(figure.add_subplot(grid[1, column]))
    run = diagnosis.run
    figure.suptitle(f"{_shorten(run.model)}   ·   {_shorten(run.series)}", fontsize=12, fontweight="bold")
    figure.supxlabel(
        f"{run.steps:,} steps, {run.steps_per_second:,.0f} a second ({run.backend}, {run.dtype})   ·   rnncore",
        fontsize=9, color=GREY,
    )  # fmt: skip
    return figure


def _shorten(text, length=70):
    return text if len(text) <= length else "…" + text[1 - length :]
