"""Runs of cells as functions that JAX differentiates and compiles around: ``pip install 'rnncore[jax]'``."""

try:
    import jax as _jax  # noqa: F401
except ImportError as error:
    raise ImportError(f"rnncore.jax needs JAX: pip install 'rnncore[jax]' ({error})") from error

from .pytrees import parameters, replace
from .simulation import simulate

__all__ = ["parameters", "replace", "simulate"]
