"""Series from files: csv, npy, npz, wav."""

from .reading import Series, read_series

__all__ = ["Series", "read_series"]
