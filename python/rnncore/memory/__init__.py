"""How long a network remembers, and how much."""

from .decay import Decay
from .horizon import memory_horizon
from .horizon_result import MemoryHorizon

__all__ = ["Decay", "MemoryHorizon", "memory_horizon"]
