"""The pictures of a diagnosis, one by one."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

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
from .traces import plot_traces


class Panel(NamedTuple):
    """What draws on given axes, and where the page says in words what is to be seen there.

    Attributes
    ----------
    name : str
    draw : callable
        Takes the axes.
    topic : str
        That of the page's section.
    labels : tuple of str
        The rows of that section which say it; where there are none, its finding does.
    layer : int or None
        Of a chain in which several layers have such a picture.
    """

    name: str
    draw: Callable
    topic: str
    labels: tuple = ()
    layer: int | None = None


def panels(diagnosis, layers):
    """Rows of panels in reading order, of the first so many layers that have them; rows of none are left out."""
    rows = [_forecast_or_traces(diagnosis), _basic(diagnosis, layers), _recall(diagnosis)]
    rows += [_memory(memory, diagnosis) for memory in diagnosis.memories[:layers]]
    return [row for row in rows if row]


def _forecast_or_traces(diagnosis):
    if diagnosis.forecast is not None:
        return [Panel("forecast", partial(plot_forecast, diagnosis.forecast), "forecast")]
    return [Panel("traces", partial(plot_traces, diagnosis.traces), "boundedness")]


def _basic(diagnosis, layers):
    found = []
    if len(diagnosis.forgetting.distance) > 1:
        found.append(Panel("forgetting", partial(plot_forgetting, diagnosis.forgetting), "forgetting"))
    if diagnosis.gradients.norms is not None:
        found.append(Panel("gradients", partial(plot_gradients, diagnosis.gradients), "gradients"))
    several = len(diagnosis.saturation) > 1
    for layer in diagnosis.saturation[:layers]:
        label = "saturated units" + (f", layer {layer.layer}" if several else "")
        number = layer.layer if several else None
        found.append(Panel("activations", partial(plot_activations, layer), "boundedness", (label,), number))
    matrices = [matrix for matrix in diagnosis.recurrence if matrix.gate is None]
    for matrix in matrices[:layers]:
        number = matrix.layer if len(matrices) > 1 else None
        topic = f"recurrence-{matrix.layer}"
        found.append(Panel("eigenvalues", partial(plot_eigenvalues, matrix), topic, ("spectral radius",), number))
    return found


def _recall(diagnosis):
    found, recall = [], diagnosis.recall
    if recall.horizon is not None:
        found.append(Panel("horizon", partial(plot_memory_horizon, recall.horizon), "horizon"))
    if recall.capacity is not None:
        found.append(Panel("capacity", partial(plot_memory_capacity, recall.capacity), "capacity"))
    if diagnosis.stability is not None:
        found.append(Panel("stability", partial(plot_stability, diagnosis.stability), "stability"))
    return found


def _memory(memory, diagnosis):
    time = {"interval": memory.interval, "unit": memory.unit}
    topic = f"memory-{memory.layer}"
    number = memory.layer if len(diagnosis.memories) > 1 else None
    shares = ("gradient by gates alone",) if memory.shares else ()
    gates = [gate for gate in diagnosis.gates if gate.layer == memory.layer]
    found = [
        Panel(
            "carousel", partial(plot_gradient_and_carousel, memory.carousel, decades=DECADES, **time), topic, shares,
            number,
        ),
        Panel("shares", partial(plot_shares, memory.carousel, **time), topic, shares, number),
        Panel("time-constants", partial(plot_time_constants, memory.carousel, **time), topic, (), number),
    ]  # fmt: skip
    if gates:
        labels = tuple(f"{gate.gate} gates" for gate in gates)
        found.append(Panel("gates", partial(plot_gates, gates), topic, labels, number))
    return found
