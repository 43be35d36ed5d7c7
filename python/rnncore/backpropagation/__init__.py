"""Exact gradients through any length: back-propagation through time."""

from .gradients import gradients
from .recording import Recording, record
from .result import Gradients

__all__ = ["Gradients", "Recording", "gradients", "record"]
