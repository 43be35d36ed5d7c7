"""The page as a picture."""

from .activations import plot_activations
from .carousel import plot_gradient_and_carousel, plot_shares, plot_time_constants
from .eigenvalues import plot_eigenvalues
from .forecast import plot_forecast
from .forgetting import plot_forgetting
from .gates import plot_gates
from .gradients import DECADES, plot_gradients
from .memory_capacity import plot_memory_capacity
from .memory_horizon import plot_memory_horizon
from .stability import draw as plot_stability
from .style import GREY
from .traces import plot_traces

SIZE = (14, 7.6)
_ROW = 3.6  # inches more for another row of panels


def plot_diagnosis(diagnosis, figure=None):
    """Forecast (or states) above; forgetting, gradients, activations and eigenvalues below; under these horizon,
    capacity and what is proved, and what the first gated layer keeps, in a figure made higher. Returns the figure."""
    if figure is None:
        import matplotlib.pyplot as plt

        figure = plt.figure(figsize=SIZE, layout="constrained")
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.1, wspace=0.03, hspace=0.05)
    further = [row for row in (_panels_of_recall(diagnosis), _panels_of_memory(diagnosis)) if row]
    rows = [row for row in (_panels(diagnosis), *further) if row]
    if further:
        figure.set_size_inches(figure.get_figwidth(), figure.get_figheight() + len(further) * _ROW)
    grid = figure.add_gridspec(1 + len(rows), 1)
    top = figure.add_subplot(grid[0])
    if diagnosis.forecast is not None:
        plot_forecast(diagnosis.forecast, top)
    else:
        plot_traces(diagnosis.traces, top)
    for number, row in enumerate(rows, start=1):
        for place, panel in zip(grid[number].subgridspec(1, len(row)), row):
            panel(figure.add_subplot(place))
    run = diagnosis.run
    figure.suptitle(f"{_shorten(run.model)}   ·   {_shorten(run.series)}", fontsize=12, fontweight="bold")
    figure.supxlabel(
        f"{run.steps:,} steps, {run.steps_per_second:,.0f} a second ({run.backend}, {run.dtype})   ·   rnncore",
        fontsize=9, color=GREY,
    )  # fmt: skip
    return figure


def _panels(diagnosis):
    panels = []
    if len(diagnosis.forgetting.distance) > 1:
        panels.append(lambda ax: plot_forgetting(diagnosis.forgetting, ax))
    if diagnosis.gradients.norms is not None:
        panels.append(lambda ax: plot_gradients(diagnosis.gradients, ax))
    if diagnosis.saturation:
        panels.append(lambda ax: plot_activations(diagnosis.saturation[0], ax))
    matrices = [matrix for matrix in diagnosis.recurrence if matrix.gate is None]
    if matrices:
        panels.append(lambda ax: plot_eigenvalues(matrices[0], ax))
    return panels


def _panels_of_recall(diagnosis):
    recall, panels = diagnosis.recall, []
    if recall.horizon is not None:
        panels.append(lambda ax: plot_memory_horizon(recall.horizon, ax))
    if recall.capacity is not None:
        panels.append(lambda ax: plot_memory_capacity(recall.capacity, ax))
    if diagnosis.stability is not None:
        panels.append(lambda ax: plot_stability(diagnosis.stability, ax))
    return panels


def _panels_of_memory(diagnosis):
    if not diagnosis.memories:
        return []
    memory = diagnosis.memories[0]
    time = {"interval": memory.interval, "unit": memory.unit}
    panels = [
        lambda ax: plot_gradient_and_carousel(memory.carousel, ax, decades=DECADES, **time),
        lambda ax: plot_shares(memory.carousel, ax, **time),
        lambda ax: plot_time_constants(memory.carousel, ax, **time),
    ]
    gates = [gate for gate in diagnosis.gates if gate.layer == memory.layer]
    return [*panels, lambda ax: plot_gates(gates, ax)] if gates else panels


def _shorten(text, length=70):
    return text if len(text) <= length else "…" + text[1 - length :]
