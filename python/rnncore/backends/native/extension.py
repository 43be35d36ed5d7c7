"""The compiled module, or why it is not there."""

try:
    from . import _native
except ImportError as error:
    _native, reason = None, f"the C++ kernel was not built or does not load ({error})"
else:
    reason = None

__all__ = ["_native", "reason"]
