"""Runs of cells as functions that JAX differentiates and compiles around: ``pip install 'rnncore[jax]'``."""

try:
    import jax as _jax
except ImportError as error:
    raise ImportError(f"rnncore.jax needs JAX: pip install 'rnncore[jax]' ({error})") from error

from .pytrees import parameters, replace
from .simulation import simulate

# A callback waits for copies of large arguments, which XLA's threads make. With asynchronous dispatch the callback
# itself occupies one of them: where it is the last, and on one processor it is the only one, both wait for ever.
_jax.config.update("jax_cpu_enable_async_dispatch", False)

__all__ = ["parameters", "replace", "simulate"]
