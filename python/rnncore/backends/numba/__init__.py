"""Compiled by numba at first use: for machines where the C++ kernel is not there."""

from .backend import NumbaBackend

BACKEND = NumbaBackend()
