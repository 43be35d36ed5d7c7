"""Loops that reach the limits of the machine, at the instruction-set level in use; the caller times them."""

from .extension import _native


def fma(dtype, rounds):
    """Independent multiply-adds in registers; returns the floating-point operations done."""
    return _native.probe_fma(dtype, rounds)


def load(buffer, repeats):
    """Read a uint8 array from end to end ``repeats`` times; returns the bytes read."""
    return _native.probe_load(buffer, repeats)


def store(buffer, repeats):
    """Write a uint8 array from end to end ``repeats`` times; returns the bytes written."""
    return _native.probe_store(buffer, repeats)
