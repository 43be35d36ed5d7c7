"""Backends: native (C++), numba, and the NumPy reference both are checked against."""

from .selection import BACKENDS, choose_backend, get_backend, prepare, use_backend

__all__ = ["BACKENDS", "choose_backend", "get_backend", "prepare", "use_backend"]
