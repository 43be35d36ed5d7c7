"""How long a network remembers, and how much."""

from .capacity import memory_capacity
from .capacity_result import MemoryCapacity, Term
from .decay import Decay
from .horizon import memory_horizon
from .horizon_result import MemoryHorizon

__all__ = ["Decay", "MemoryCapacity", "MemoryHorizon", "Term", "memory_capacity", "memory_horizon"]
