"""The walk forward by blocks of steps side by side, for recursions that are affine in their state."""

from .program import AssociativeProgram

__all__ = ["AssociativeProgram"]
