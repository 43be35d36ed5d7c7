"""Cells: parameters and validation, no arithmetic."""

from .base import Cell
from .chain import Chain
from .dense import Dense
from .elman import Elman
from .linear import Linear
from .matrix_sequence import MatrixSequence
from .nonlinearities import NONLINEARITIES

__all__ = ["NONLINEARITIES", "Cell", "Chain", "Dense", "Elman", "Linear", "MatrixSequence"]
