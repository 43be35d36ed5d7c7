"""Exact gradients through any length: back-propagation through time."""

from .gradients import gradients
from .recording import Recording, record
from .result import Gradients
from .truncation import TruncatedGradients, truncated_gradients

__all__ = ["Gradients", "Recording", "TruncatedGradients", "gradients", "record", "truncated_gradients"]
