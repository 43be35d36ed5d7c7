"""One page about a network under a series: bounds, saturation, norms, forgetting, forecast error, speed."""

from .diagnose import diagnose
from .report import Diagnosis

__all__ = ["Diagnosis", "diagnose"]
