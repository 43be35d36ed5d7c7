"""``torch.nn.RNN``, ``LSTM`` and ``GRU`` that walk, and walk back, in rnncore: ``pip install 'rnncore[torch]'``."""

try:
    import torch as _torch  # noqa: F401
except ImportError as error:
    raise ImportError(f"rnncore.torch needs PyTorch: pip install 'rnncore[torch]' ({error})") from error

from .modules import GRU, LSTM, RNN

__all__ = ["GRU", "LSTM", "RNN"]
