"""What the modules do not do or cannot read is refused by name."""

import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence

import rnncore.torch
from rnncore import NonFiniteError

from ...programs import output_of
from .pairs import KINDS, as_tuple, pair

NAN, INFINITY = float("nan"), float("inf")


@pytest.mark.parametrize(
    "kind, options, error, message",
    [
        ("LSTM", {"proj_size": 2}, ValueError, r"proj_size must be 0, there are no projections here; got 2"),
        ("GRU", {"proj_size": 2}, ValueError, "proj_size"),
        ("RNN", {"device": "cuda"}, ValueError, r"device must be the CPU, got 'cuda'"),
        ("GRU", {"device": torch.device("meta")}, ValueError, r"device must be the CPU, got device\(type='meta'\)"),
        ("RNN", {"dtype": torch.float16}, TypeError, r"weight_ih_l0 must be torch.float32 or .*, got torch.float16"),
        ("GRU", {"dtype": torch.complex64}, TypeError, r"weight_ih_l0 must be .*, got torch.complex64"),
        ("RNN", {"memory_limit": "much"}, ValueError, r"memory_limit must be bytes, or a text .*, got 'much'"),
        ("RNN", {"memory_limit": 0}, ValueError, r"memory_limit must be .* got 0"),
        ("RNN", {"nonlinearity": "sigmoid"}, ValueError, "sigmoid"),
        ("LSTM", {"peepholes": True}, TypeError, "peepholes"),
    ],
)
def test_what_is_not_built(kind, options, error, message):
    with pytest.raises(error, match=message):
        getattr(rnncore.torch, kind)(3, 5, **options)


def test_the_default_device():
    with torch.device("meta"), pytest.raises(ValueError, match=r"weight_ih_l0 must be in the CPU's memory, .* meta"):
        rnncore.torch.RNN(3, 5)


@pytest.mark.parametrize(
    "input, error, message",
    [
        (torch.zeros(4, 2, 2), ValueError, r"input must have shape \(T, B, 3\), .*, got \(4, 2, 2\)"),
        (torch.zeros(3), ValueError, r"input must have shape .* or \(T, 3\), got \(3,\)"),
        (torch.zeros(4, 2, 3).double(), TypeError, r"input must have .* weights, torch.float32; got torch.float64"),
        (torch.zeros(4, 2, 3).int(), TypeError, r"input must have .* got torch.int32"),
        (torch.zeros(4, 2, 3, device="meta"), ValueError, r"input must be in the CPU's memory, .* on meta"),
        (torch.zeros(4, 2, 3).to_sparse(), TypeError, r"input must be a dense tensor, got layout torch.sparse_coo"),
        ([[0.0] * 3], TypeError, r"input must be a tensor, got list"),
        (torch.zeros(0, 2, 3), ValueError, r"input must hold at least one step"),
        (torch.tensor([[0.0, 1.0, NAN]]), ValueError, r"input must be finite, got nan at index \(0, 2\)"),
        (torch.tensor([[0.0, -INFINITY, 1.0]]), ValueError, r"input must be finite, got -inf at index \(0, 1\)"),
        (
            pack_padded_sequence(torch.zeros(4, 2, 2), [4, 1]),
            ValueError,
            r"input.data must have shape \(sum of lengths, 3\), got \(5, 2\)",
        ),
        (pack_padded_sequence(torch.full((4, 2, 3), NAN), [4, 1]), ValueError, r"input.data must be finite, got nan"),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_inputs(kind, input, error, message):
    with pytest.raises(error, match=message):
        pair(kind)[1](input)


H, BATCH = torch.zeros(1, 2, 5), torch.zeros(4, 2, 3)


@pytest.mark.parametrize(
    "hx, error, message",
    [
        (torch.zeros(1, 3, 5), ValueError, r"h_0 must have shape \(1, 2, 5\), got \(1, 3, 5\)"),
        (torch.zeros(2, 5), ValueError, r"h_0 must have shape \(1, 2, 5\), got \(2, 5\)"),
        (H.double(), TypeError, r"h_0 must have the dtype of the weights, torch.float32; got torch.float64"),
        ((H, H), TypeError, r"h_0 must be a tensor, got a tuple of 2"),
        (H + NAN, ValueError, r"h_0 must be finite, got nan at index \(0, 0, 0\)"),
    ],
)
def test_states(hx, error, message):
    with pytest.raises(error, match=message):
        pair("GRU")[1](BATCH, hx)


@pytest.mark.parametrize(
    "hx, error, message",
    [
        (H, TypeError, r"hx must be a tuple \(h_0, c_0\), got Tensor"),
        ((H,), TypeError, r"hx must be a tuple \(h_0, c_0\), got a tuple of 1"),
        ((H, torch.zeros(1, 2, 4)), ValueError, r"c_0 must have shape \(1, 2, 5\), got \(1, 2, 4\)"),
        ((H, H + INFINITY), ValueError, r"c_0 must be finite, got inf at index \(0, 0, 0\)"),
    ],
)
def test_states_of_lstm(hx, error, message):
    with pytest.raises(error, match=message):
        pair("LSTM")[1](BATCH, hx)


def test_a_state_for_a_batch_and_a_single_sequence():
    with pytest.raises(ValueError, match=r"h_0 must have shape \(1, 5\), got \(1, 2, 5\)"):
        pair("RNN")[1](BATCH[:, 0], H)


def test_weights_that_became_something_else():
    module = pair("LSTM")[1]
    with pytest.raises(TypeError, match=r"weight_ih_l0 must be torch.float32 or torch.float64, got torch.bfloat16"):
        module.bfloat16()(BATCH.bfloat16())
    module = pair("LSTM")[1]
    module.bias_hh_l0 = torch.nn.Parameter(module.bias_hh_l0.detach().double())
    with pytest.raises(TypeError, match=r"bias_hh_l0 must have the dtype of weight_ih_l0, torch.float32; got .*64"):
        module(BATCH)
    module = pair("LSTM")[1]
    module.weight_hh_l0.data[1, 2] = NAN
    with pytest.raises(ValueError, match=r"weight_hh must be finite .* got nan at index"):
        module(BATCH)


def test_gradients_that_are_not_finite():
    for kind in KINDS:
        for part, message in ((0, "the gradient by the output"), (1, "the gradient by the final state")):
            result = as_tuple(pair(kind)[1](BATCH)[part])[0]
            with pytest.raises(ValueError, match=f"{message} must be finite"):
                (result * INFINITY).sum().backward()


def test_a_state_that_runs_away():
    module = pair("RNN relu")[1]
    module.weight_hh_l0.data.fill_(10)
    with pytest.raises(NonFiniteError, match="step"):
        module(torch.ones(200, 3))


def test_a_memory_limit_that_is_too_small():
    module = rnncore.torch.LSTM(3, 5, memory_limit="1 kB")
    with pytest.raises(ValueError, match=r"memory_limit must be at least \d+ bytes .* got"):
        module(torch.zeros(500, 3))


def test_torch_is_imported_only_where_asked_for():
    assert output_of("import sys, rnncore; print('torch' in sys.modules)") == "False\n"


def test_without_torch():
    source = """
import sys
sys.modules["torch"] = None
try:
    import rnncore.torch
except ImportError as error:
    print(error)
"""
    assert output_of(source).startswith("rnncore.torch needs PyTorch: pip install 'rnncore[torch]' (")
