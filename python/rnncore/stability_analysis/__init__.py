"""Stability: verdicts that are proved, with their certificates, or with runs that show the contrary."""

from .condition import Condition
from .report import StabilityProperty, StabilityReport
from .stability import stability
from .witness import Witness

__all__ = ["Condition", "StabilityProperty", "StabilityReport", "Witness", "stability"]
