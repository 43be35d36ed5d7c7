"""Outputs, final states and every gradient against those of ``torch.nn``."""

import pytest
import torch
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

import rnncore
import rnncore.torch

from .pairs import HIDDEN_SIZE, INPUT_SIZE, KINDS, as_tuple, assert_close, drawn_states, pair, recordings

STEPS = 12
OPTIONS = {
    "plain": {},
    "no bias": {"bias": False},
    "bidirectional": {"bidirectional": True},
    "layers": {"num_layers": 3},
    "all": {"num_layers": 2, "bidirectional": True, "batch_first": True, "dropout": 0.3},
}
LAYOUTS = ("batch", "single", "packed", "packed in order", "packed, equal lengths")
LENGTHS = {"packed": [4, 12, 1, 12, 7], "packed in order": [12, 9, 9, 2, 1], "packed, equal lengths": [12] * 5}
# In float32 sums over STEPS · 5 sequences of terms rounded at 6e-8 stay within 60 · 6e-8, two layers within twice that.
TOLERANCE = {torch.float64: 1e-10, torch.float32: 1e-5}


def results(module, layout, start, batch_first):
    """Outputs, states, and the gradients of a function of all of them by input, hx and parameters."""
    torch.manual_seed(11)  # for the drawn numbers and for the masks of dropout
    dtype = module.weight_hh_l0.dtype
    shape = (STEPS, INPUT_SIZE) if layout == "single" else (STEPS, 5, INPUT_SIZE)
    leaf = torch.randn(shape, dtype=dtype, requires_grad=True)
    input = leaf.transpose(0, 1) if batch_first and layout != "single" else leaf
    if layout in LENGTHS:
        in_order = layout != "packed"
        input = pack_padded_sequence(input, LENGTHS[layout], batch_first=batch_first, enforce_sorted=in_order)
    hx = drawn_states(module, *(() if layout == "single" else (5,))) if start else None
    output, states = module(input, hx)
    if layout in LENGTHS:
        assert isinstance(output, PackedSequence)
        output = pad_packed_sequence(output, batch_first=batch_first)[0]
    values = (output, *as_tuple(states))
    function = sum((value * torch.randn_like(value)).sum() for value in values)
    leaves = [leaf, *(as_tuple(hx) if start else ()), *module.parameters()]
    return values, torch.autograd.grad(function, leaves)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_outputs_and_gradients(kind, options, layout):
    compare(kind, OPTIONS[options], layout, torch.float64)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layout", ["batch", "packed"])
def test_every_backend(kind, layout, backend):
    with rnncore.use_backend(backend):
        compare(kind, OPTIONS["all"], layout, torch.float64)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layout", ["batch", "packed"])
def test_float32(kind, layout):
    compare(kind, OPTIONS["all"], layout, torch.float32)


def compare(kind, options, layout, dtype):
    peer, module = pair(kind, dtype=dtype, **options)
    batch_first = options.get("batch_first", False)
    for start in (True, False):
        values, gradients = results(peer, layout, start, batch_first)
        found_values, found_gradients = results(module, layout, start, batch_first)
        assert_close(found_values, values, TOLERANCE[dtype])
        assert_close(found_gradients, gradients, TOLERANCE[dtype])


@pytest.mark.parametrize("kind", KINDS)
def test_more_steps_than_a_block_of_sums(kind):
    peer, module = pair(kind, dtype=torch.float64)
    torch.manual_seed(1)
    input = torch.randn(700, 2, INPUT_SIZE, dtype=torch.float64)
    wanted, found = (
        torch.autograd.grad(each(input)[0].square().sum(), list(each.parameters())) for each in (peer, module)
    )
    assert_close(found, wanted, TOLERANCE[torch.float64])


@pytest.mark.parametrize("kind", KINDS)
def test_without_gradients_the_same_bits(kind):
    module = pair(kind)[1]
    input = torch.randn(40, 2, INPUT_SIZE)
    with torch.no_grad():
        output, states = module(input)
    again, states_again = module(input)
    assert torch.equal(output, again)
    assert all(map(torch.equal, as_tuple(states), as_tuple(states_again)))
    assert again.requires_grad
    assert not output.requires_grad


@pytest.mark.parametrize("kind", KINDS)
def test_no_sequences(kind):
    """A batch of none, as torch takes it."""
    peer, module = pair(kind)
    empty = torch.zeros(4, 0, INPUT_SIZE)
    wanted, found = ((each(empty)[0], *as_tuple(each(empty)[1])) for each in (peer, module))
    assert [tensor.shape for tensor in found] == [tensor.shape for tensor in wanted]


@pytest.mark.parametrize("kind", KINDS)
def test_a_memory_limit_changes_no_bit(kind):
    module = pair(kind)[1]
    name, options = kind.split()[0], KINDS[kind]
    limited = getattr(rnncore.torch, name)(INPUT_SIZE, HIDDEN_SIZE, memory_limit="1 MB", **options)
    limited.load_state_dict(module.state_dict())
    input, gradients, recomputed = torch.randn(20_000, 2, INPUT_SIZE), [], []
    for each in (module, limited):
        output, _ = each(input)
        recomputed.append(sum(recording.recomputed_steps for recording in recordings()))
        gradients.append(torch.autograd.grad(output.square().sum(), list(each.parameters())))
        del output
    assert recomputed[0] == 0
    assert recomputed[1] > 0
    assert all(map(torch.equal, *gradients))
