"""A sufficient condition, evaluated."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Condition:
    """Holds where ``value``, rounded up, is below 1; it is sufficient only, so that more than 1 says nothing.

    Attributes
    ----------
    name : str
    property : {"bounded", "incremental", "gradients"}
        What it proves where it holds.
    value : float
    source : str
        Where it was published, or where its proof stands.
    """

    name: str
    property: str
    value: float
    source: str

    @property
    def holds(self):
        return self.value < 1
