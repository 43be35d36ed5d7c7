"""The scalar linear recursion."""

import numpy as np

from ...arrays import as_count
from ...cells import Linear
from ...linear import impulse_response
from .arguments import as_numbers
from .classic_figure import ClassicFigure
from .panels import LOOKS, legend, log10, name_line_ends, page, panel, within

WEIGHTS = (-1.1, -1.0, -0.9, -0.5, 0.5, 0.9, 1.0, 1.1)
_MARKERS = "ov^sD"
_TOP = 4.0  # what grows further leaves the picture


def scalar_linear(*, weights=WEIGHTS, steps=40):
    """A scalar linear recursion after one impulse: it blows up, holds, oscillates or vanishes.

    The state h_k = w h_{k-1} + x_k holds w^k of an input of 1 at step 0. So the magnitude changes by ``ln |w|`` nats at
    every step, a straight line on a logarithmic axis, and the sign of w is all that makes it oscillate.

    Parameters
    ----------
    weights : sequence of float
        The w.
    steps : int
        Steps after the impulse, at least 1.

    Returns
    -------
    ClassicFigure
        ``numbers``: ``weights`` (m,); ``responses`` (m, steps + 1); ``rates`` (m,) in nats per step, measured from the
        first to the last response, -inf where nothing is left; ``fates``, m texts.

    Raises
    ------
    ValueError, TypeError
        Wrong arguments, by name.
    NonFiniteError
        A response overflows.

    Notes
    -----
    By :func:`rnncore.impulse_response`. The first case of Hochreiter (1991) and of Bengio, Simard and Frasconi (1994):
    what entered is lost or takes over, but for a weight of exactly 1.

    Examples
    --------
    >>> from rnncore.figures import scalar_linear
    >>> scalar_linear(weights=[-1.0, 0.5]).numbers["fates"]
    ('alternates and holds', 'vanishes')
    """
    weights = as_numbers("weights", weights)
    steps = as_count("steps", steps, 1)
    figure = page(2.5)
    responses = np.array([impulse_response(Linear([[w]], [[1.0]]), steps + 1)[:, 0, 0] for w in weights])
    with np.errstate(divide="ignore"):
        rates = np.log(np.abs(responses[:, -1])) / steps
    numbers = {
        "weights": weights,
        "responses": responses,
        "rates": rates,
        "fates": tuple(_fate(*each) for each in zip(responses, rates)),
    }
    positive, negative, magnitudes = figure.subplots(1, 3, width_ratios=[1, 1, 1.1])
    _draw_responses(positive, weights, responses, weights >= 0, "w > 0")
    _draw_responses(negative, weights, responses, weights < 0, "w < 0: the sign alternates")
    _draw_magnitudes(magnitudes, weights, responses)
    return ClassicFigure.of(scalar_linear, figure, numbers, _caption(numbers, steps))


def _fate(response, rate):
    change = "blows up" if rate > 0 else "vanishes" if rate < 0 else "holds"
    return f"alternates and {change}" if response[0] * response[1] < 0 else change


def _draw_responses(ax, weights, responses, chosen, title):
    alternating = (weights[chosen] < 0).any()
    for w, response, (look, marker) in zip(weights[chosen], responses[chosen], _looks(weights[chosen])):
        if alternating:
            look = {"color": look["color"], "linewidth": 0.5, "marker": marker, "markersize": 3}
        ax.plot(within(response, -_TOP, _TOP), **({"linewidth": 1.2} | look), label=f"{w:g}")
    panel(ax, title, "steps since the impulse", "response h")
    low = -_TOP if alternating else -0.1
    ax.set_ylim(low, _TOP + 0.35 * (_TOP - low))
    ax.margins(x=0)
    if chosen.any():
        legend(ax, ncols=2, loc="upper right")


def _draw_magnitudes(ax, weights, responses):
    """Those of w and -w are the same."""
    magnitudes, first = np.unique(np.abs(weights), return_index=True)
    curves = log10(responses[first])
    looks = [look for look, _ in _looks(magnitudes)]
    for curve, look in zip(curves, looks):
        ax.plot(curve, **look, linewidth=1.2)
    ax.margins(x=0)
    ends = zip(curves[:, -1], magnitudes, looks)
    name_line_ends(ax, [(end, f"{size:g}", look["color"]) for end, size, look in ends if np.isfinite(end)])
    panel(ax, "Magnitudes, for each |w|", "steps since the impulse", "log10 |h|")


def _looks(weights):
    """The same for w and -w."""
    order = np.unique(np.abs(WEIGHTS)).tolist()
    others = sorted(set(np.abs(weights).tolist()) - set(order))
    places = [(order + others).index(abs(w)) for w in weights.tolist()]
    return [(LOOKS[place % len(LOOKS)], _MARKERS[place % len(_MARKERS)]) for place in places]


def _caption(numbers, steps):
    kinds = {}
    for w, fate in zip(numbers["weights"], numbers["fates"]):
        kinds.setdefault(fate, []).append(f"{w:g}")
    parts = [f"it {fate} for w = {' and '.join(found)}" for fate, found in kinds.items()]
    return (
        f"The response of h_k = w h_(k-1) + x_k to a single input of 1, over {steps} steps: {', '.join(parts)}. "
        "On a logarithmic axis each is a straight line, the same for w and -w."
    )
