"""``examples/torch_drop_in.py``: training takes the same course in either library."""

import runpy
from pathlib import Path

import numpy as np
import torch

import rnncore.torch

EXAMPLE = runpy.run_path(str(Path(__file__).parents[3] / "examples" / "torch_drop_in.py"))


def curves(dtype, epochs):
    temperature = EXAMPLE["read_temperature"]()[:4000]
    series = ((temperature - temperature.mean()) / temperature.std()).to(dtype)
    return [EXAMPLE["train"](make_lstm, series, epochs) for make_lstm in (torch.nn.LSTM, rnncore.torch.LSTM)]


def test_the_same_losses():
    """Adam divides by the size of gradients, so that small ones lose digits to rounding: 1e-8 is left of 1e-16."""
    (_, wanted), (_, found) = curves(torch.float64, 8)
    assert wanted[-1] < 0.95 * wanted[0]
    np.testing.assert_allclose(found, wanted, rtol=1e-8)


def test_in_float32():
    """The same of 6e-8: three digits of the losses, while their change over the epochs is in the first."""
    (network, wanted), (other, found) = curves(torch.float32, 8)
    np.testing.assert_allclose(found, wanted, rtol=1e-3)
    series = torch.linspace(-1, 1, 500)
    errors = [EXAMPLE["held_back_errors"](each, series) for each in (network, other)]
    np.testing.assert_allclose(errors[1], errors[0], rtol=1e-2)
