"""What :func:`rnncore.stability` gives back."""

import dataclasses
from dataclasses import dataclass

import numpy as np

from ..notebook import ShownInNotebooks
from .condition import Condition
from .witness import Witness

QUESTIONS = {
    "bounded": "bounded input, bounded output",
    "incremental": "incremental stability (echo-state property)",
    "gradients": "gradients shrink",
}


@dataclass(frozen=True, eq=False)
class StabilityProperty(ShownInNotebooks):
    """One of the three questions, answered.

    Attributes
    ----------
    name : {"bounded", "incremental", "gradients"}
    verdict : {"stable", "unstable", "undecided"}
    certificate : str
        What proves the verdict, with its numbers; what came nearest to a proof where there is none.
    source : str
        Where the theorem stands.
    rate : float or None
        Factor a step, proved, by which differences or gradients shrink in the long run.
    estimate : float or None
        Where undecided: a spectral radius, say, not proved.
    witness : Witness or None
        Where unstable: a run to be simulated.
    conditions : tuple of Condition
        All sufficient conditions that were evaluated, the strongest first.
    """

    name: str
    verdict: str
    certificate: str
    source: str = ""
    rate: float | None = None
    estimate: float | None = None
    witness: Witness | None = None
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, eq=False, repr=False)
class StabilityReport(ShownInNotebooks):
    """Result of :func:`rnncore.stability`.

    Attributes
    ----------
    verdict : {"stable", "unstable", "undecided"}
        Of bounded input, bounded output.
    bound : float or None
        The largest absolute state of any run from the zero state, or more; None where no bound was proved.
    bounds_of_parts : dict of str to float
        The same by parts of the state: "h" and "c" of an LSTM, "0.h" of a chain's first layer.
    bounded, incremental, gradients : StabilityProperty
    explanation : str
        In plain words.
    input_bound : float or array (input_size,)
    layers : tuple of tuples
        (bounded, incremental, gradients) of each layer of a Chain, the inputs of each bounded by the outputs of the one
        before.
    """

    verdict: str
    bound: float | None
    bounds_of_parts: dict
    bounded: StabilityProperty
    incremental: StabilityProperty
    gradients: StabilityProperty
    explanation: str
    input_bound: object
    layers: tuple

    @property
    def properties(self):
        return self.bounded, self.incremental, self.gradients

    def __repr__(self):
        bound = "" if self.bound is None else f", bound={self.bound:.6g}"
        rest = ", ".join(f"{found.name}={found.verdict}" for found in self.properties[1:])
        return f"StabilityReport({self.verdict}{bound}, {rest})"

    def __str__(self):
        lines = [self.explanation]
        for found in self.properties:
            lines.append(f"{QUESTIONS[found.name]}: {found.verdict}")
            lines.append(f"    {found.certificate}" + (f" [{found.source}]" if found.source else ""))
            for condition in found.conditions:
                holds = "holds" if condition.holds else "says nothing"
                lines.append(f"    - {condition.name}: {condition.value:.4g}, {holds} [{condition.source}]")
        return "\n".join(lines)

    def to_dict(self):
        """Plain numbers, strings, lists and dicts."""
        return _plain(self)

    def plot(self, ax=None):
        """The three verdicts, with the conditions that were evaluated on a scale where 1 is the border."""
        from ..figures.stability import draw

        return draw(self, ax)


def _plain(value):
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(entry) for entry in value]
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "c":
            return {"real": value.real.tolist(), "imag": value.imag.tolist()}
        return value.tolist()
    return value.item() if isinstance(value, np.generic) else value
