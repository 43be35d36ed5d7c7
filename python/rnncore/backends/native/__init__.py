"""The C++ kernel."""

from .backend import NativeBackend
from .vector_math import available_targets, vector_function

BACKEND = NativeBackend()

__all__ = ["BACKEND", "NativeBackend", "available_targets", "vector_function"]
