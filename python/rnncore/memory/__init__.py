"""How long a network remembers, and how much."""

from .capacity import memory_capacity
from .capacity_result import MemoryCapacity, Term
from .decay import Decay
from .dependence import long_term_dependence
from .dependence_result import LongTermDependence
from .horizon import memory_horizon
from .horizon_result import MemoryHorizon
from .sweep import MemorySweep, memory_sweep

__all__ = [
    "Decay",
    "LongTermDependence",
    "MemoryCapacity",
    "MemoryHorizon",
    "MemorySweep",
    "Term",
    "long_term_dependence",
    "memory_capacity",
    "memory_horizon",
    "memory_sweep",
]
