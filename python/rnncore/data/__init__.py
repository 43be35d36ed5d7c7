"""The embedded series and network; README.md beside them names source and licence."""

from .embedded import MODEL, SERIES

__all__ = ["MODEL", "SERIES"]
