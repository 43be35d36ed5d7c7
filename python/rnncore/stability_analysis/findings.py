"""What is found of one layer, before it is put together."""

from dataclasses import dataclass

from .interval import Interval
from .report import StabilityProperty

NAMES = ("bounded", "incremental", "gradients")


def same_of_all(verdict, certificate, source="", **further):
    """One answer to the three questions."""
    return tuple(StabilityProperty(name, verdict, certificate, source, **further) for name in NAMES)


@dataclass(frozen=True, eq=False)
class LayerFindings:
    """Of one layer under inputs in a box.

    Attributes
    ----------
    bounded, incremental, gradients : StabilityProperty
    states : Interval (state_size,) or None
        All states of runs from zero; None where they are not bounded, or no bound is known.
    outputs : Interval (output_size,) or None
    """

    bounded: StabilityProperty
    incremental: StabilityProperty
    gradients: StabilityProperty
    states: Interval | None
    outputs: Interval | None

    @property
    def properties(self):
        return self.bounded, self.incremental, self.gradients
