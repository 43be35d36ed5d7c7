"""Cells: parameters and validation, no arithmetic."""

from .base import Cell
from .chain import Chain
from .delay_line import DelayLine
from .dense import Dense
from .diagonal import Diagonal
from .elman import Elman
from .gated_diagonal import GatedDiagonal
from .gru import GRU
from .linear import Linear
from .lstm import LSTM
from .matrix_sequence import MatrixSequence
from .nonlinearities import NONLINEARITIES

__all__ = [
    "GRU",
    "LSTM",
    "NONLINEARITIES",
    "Cell",
    "Chain",
    "DelayLine",
    "Dense",
    "Diagonal",
    "Elman",
    "GatedDiagonal",
    "Linear",
    "MatrixSequence",
]
