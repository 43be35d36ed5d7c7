"""Files in and out: models (npz, safetensors, in only: torch, ONNX) and series (csv, npy, npz, wav)."""

from .models import Model, load, read_model, save
from .series import Series, read_series

__all__ = ["Model", "Series", "load", "read_model", "read_series", "save"]
