"""What :func:`rnncore.diagnose` gives back."""

import json
import math
from dataclasses import dataclass, fields, is_dataclass

import numpy as np

from ..gated_memory.result import root_sum
from ..notebook import ShownInNotebooks
from ..stability_analysis import StabilityReport
from ..whole_files import naming, whole_file
from .boundedness import Boundedness
from .forecast import Forecast
from .forgetting import Forgetting
from .gates import Gate
from .gradients import Gradients
from .memory import Memory
from .page import plain_page, sections
from .provenance import Provenance
from .recall import Recall
from .recurrence import Recurrence
from .run import Run
from .saturation import Saturation
from .traces import Traces

_CURVE_POINTS = 200


@dataclass(frozen=True, eq=False, repr=False)
class Diagnosis(ShownInNotebooks):
    """One page about a network under a series; ``print`` shows it.

    Attributes
    ----------
    run : Run
        What was run and how fast.
    boundedness : Boundedness
    saturation : tuple of Saturation
        One for each recurrent layer whose nonlinearity can saturate.
    gates : tuple of Gate
        How often the gates of each kind, layer by layer, stand open or closed.
    stability : StabilityReport or None
        What is proved for all inputs as large, column by column, as those of the series.
    no_stability : str or None
        Why there is none.
    recurrence : tuple of Recurrence
        Spectral radius and norms of each recurrent matrix.
    forgetting : Forgetting
    gradients : Gradients
        Lyapunov exponents, and what becomes of a gradient on its way back in time.
    recall : Recall
        How long it remembers, from many points of the series, and how much of it.
    memories : tuple of Memory
        Of each gated layer, how long its units keep a memory and how much of a gradient the gates carry.
    forecast : Forecast or None
    no_forecast : str or None
        Why there is none.
    traces : Traces
        A stretch of the run, for the figure.
    provenance : Provenance
        When, with which arguments and versions it was made, and the seconds of each part.
    """

    run: Run
    boundedness: Boundedness
    saturation: tuple[Saturation, ...]
    gates: tuple[Gate, ...]
    stability: StabilityReport | None
    no_stability: str | None
    recurrence: tuple[Recurrence, ...]
    forgetting: Forgetting
    gradients: Gradients
    recall: Recall
    memories: tuple[Memory, ...]
    forecast: Forecast | None
    no_forecast: str | None
    traces: Traces
    provenance: Provenance

    def summary(self):
        """The page as plain text."""
        return plain_page(self)

    def to_dict(self):
        """Numbers, strings, lists and dicts; the curves thinned to some 200 points, the figure's arrays left out. What
        is not finite is None."""
        facts = {f.name: _plain(getattr(self, f.name)) for f in fields(self) if f.name != "traces"}
        if self.stability is not None:
            facts["stability"] = _plain(self.stability.to_dict())
        facts["boundedness"]["verdict"] = self.boundedness.verdict
        for name in ("duration", "duration_for_good", "time_constant"):
            facts["forgetting"][name] = _plain(getattr(self.forgetting, name))
        facts["forgetting"]["curve"] = _thin("step", "remaining", self.forgetting.distance)
        for name in ("factor_two", "difference_factor_two"):
            facts["gradients"][name] = _plain(getattr(self.gradients, name))
        norms = self.gradients.norms
        facts["gradients"]["curve"] = _thin("lag", "log2_norm", () if norms is None else norms.log2_norms)
        facts["recall"] |= _recall(self.recall)
        for facts_of_one, memory in zip(facts["memories"], self.memories):
            facts_of_one |= {"longest": memory.longest, "time_constants": _plain(memory.time_constants)}
            facts_of_one["curve"] = _plain(_curve(memory.carousel))
        if self.forecast is not None:
            facts["forecast"]["improvement"] = _plain(self.forecast.improvement)
        return facts

    def to_json(self, indent=2):
        """:meth:`to_dict` as JSON text."""
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False, allow_nan=False)

    def to_html(self, path, *, command=None):
        """Write the page as one HTML file that needs no network: verdicts, figures that tell their values, tables.

        Parameters
        ----------
        path : path
            The file, which appears when it is whole; an old one is replaced.
        command : str, optional
            The command line that made it, to stand on the page.

        Raises
        ------
        ImportError
            matplotlib, which draws the figures, is not installed.
        OSError
            The file cannot be written; said before the figures are drawn.

        Examples
        --------
        >>> import os, tempfile, numpy as np, rnncore
        >>> found = rnncore.diagnose(rnncore.Elman([[0.5]], [[1.0]]), np.sin(np.arange(200.0))[:, None])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     found.to_html(os.path.join(folder, "report.html"))
        ...     os.listdir(folder)
        ['report.html']
        """
        from .html import html_page

        with whole_file(path) as temporary:
            page = html_page(self, command=command)
            with naming(path), open(temporary, "w", encoding="utf-8", newline="\n") as file:
                file.write(page)

    def plot(self, figure=None):
        """Draw the page as a matplotlib figure; returns it."""
        from ..figures.diagnosis import plot_diagnosis

        return plot_diagnosis(self, figure)

    def _shown(self):
        """The page's sections; the figures are for :meth:`plot` and :meth:`to_html`."""
        return {
            title: ({"finding": finding} if finding else {}) | dict(rows) for title, rows, finding, _ in sections(self)
        }

    def __str__(self):
        return self.summary()

    def __repr__(self):
        return (
            f"Diagnosis(steps={self.run.steps}, forgetting={self.forgetting.verdict!r}, backend={self.run.backend!r})"
        )


def _plain(value):
    if is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value) if "figure" not in f.metadata}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return value


def _thin(position, name, curve):
    """``{position: …, name: …}`` of a curve at 0, 1, 2, …, where it lies ever farther apart."""
    if not len(curve):
        return {position: [], name: []}
    chosen = np.unique(np.geomspace(1, len(curve), _CURVE_POINTS).round().astype(int)) - 1
    return {position: chosen.tolist(), name: [_plain(value) for value in curve[chosen]]}


def _recall(recall):
    """Horizon and capacity as numbers and curves, what is not there as None."""
    found = {"horizon": None, "capacity": None}
    if recall.horizon is not None:
        facts = recall.horizon.to_dict()
        left_out = ("lags", "curve", "percentiles", "input_curve", "input_percentiles")
        found["horizon"] = {name: _plain(value) for name, value in facts.items() if name not in left_out}
        found["horizon"]["curve"] = _thin("lag", "remaining", facts["curve"])
        if facts["input_curve"] is not None:
            found["horizon"]["input_curve"] = _thin("lag", "remaining", facts["input_curve"])
    if recall.capacity is not None:
        names = ("total", "present", "bound", "samples", "method")
        found["capacity"] = {name: getattr(recall.capacity, name) for name in names}
        found["capacity"]["by_lag"] = recall.capacity.by_lag.tolist()
    return found


def _curve(carousel):
    """Of all units together, at lags ever farther apart."""
    chosen = np.unique(np.geomspace(1, len(carousel.lags), _CURVE_POINTS).round().astype(int)) - 1
    return {
        "lag": carousel.lags[chosen].tolist(),
        "log2_gradient": root_sum(carousel.log2_gradients)[chosen].tolist(),
        "log2_carousel": root_sum(carousel.log2_carousel)[chosen].tolist(),
        "share": carousel.shares[chosen].tolist(),
    }
