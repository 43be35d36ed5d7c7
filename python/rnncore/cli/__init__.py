"""The command ``rnncore``."""

from .main import main

__all__ = ["main"]
