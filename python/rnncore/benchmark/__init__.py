"""How fast this machine runs recurrences, here and in other libraries."""

from .command import add_arguments, main

__all__ = ["add_arguments", "main"]
