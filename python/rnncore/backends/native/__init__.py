"""The C++ kernel."""

from .backend import NativeBackend

BACKEND = NativeBackend()
