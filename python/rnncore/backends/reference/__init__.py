"""The specification: plain NumPy, to be read beside a textbook."""

from .backend import ReferenceBackend

BACKEND = ReferenceBackend()
