"""What torch's automatic differentiation may ask of the modules."""

import tracemalloc

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

import rnncore.torch

from .pairs import INPUT_SIZE, KINDS, as_tuple, assert_close, pair, recordings


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("packed", [False, True])
def test_gradcheck(kind, packed):
    name, options = kind.split()[0], KINDS[kind]
    torch.manual_seed(3)
    module = getattr(rnncore.torch, name)(2, 2, num_layers=2, bidirectional=True, dtype=torch.float64, **options)
    states = [torch.randn(4, 2, 2, dtype=torch.float64) for _ in as_tuple(module(torch.zeros(1, 2, 2).double())[1])]
    input = torch.randn(4, 2, 2, dtype=torch.float64)
    names = [name for name, _ in module.named_parameters()]

    def walk(input, *tensors):
        hx, weights = tensors[: len(states)], dict(zip(names, tensors[len(states) :]))
        batch = pack_padded_sequence(input, [4, 2]) if packed else input
        output, final = torch.func.functional_call(module, weights, (batch, hx if len(hx) > 1 else hx[0]))
        return (output.data if isinstance(output, PackedSequence) else output, *as_tuple(final))

    leaves = [tensor.detach().requires_grad_() for tensor in (input, *states, *module.parameters())]
    assert torch.autograd.gradcheck(walk, leaves)


def leaf(steps=20, dtype=torch.float64):
    torch.manual_seed(5)
    return torch.randn(steps, 2, INPUT_SIZE, dtype=dtype, requires_grad=True)


def wanted_and_found(kind, differentiate):
    return (differentiate(module, leaf()) for module in pair(kind, dtype=torch.float64))


@pytest.mark.parametrize("kind", KINDS)
def test_back_twice_along_one_tape(kind):
    def differentiate(module, input):
        output, states = module(input)
        leaves = [input, *module.parameters()]
        first = torch.autograd.grad(output.sum(), leaves, retain_graph=True)
        return *first, *torch.autograd.grad(as_tuple(states)[-1].square().sum(), leaves)

    wanted, found = wanted_and_found(kind, differentiate)
    assert_close(found, wanted, 1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_some_gradients_alone(kind):
    """Frozen weights, and an input that needs none."""

    def differentiate(module, input):
        module.requires_grad_(False)
        module.weight_hh_l0.requires_grad_()
        module(input.detach())[0].sum().backward()
        return [module.weight_hh_l0.grad]

    wanted, found = wanted_and_found(kind, differentiate)
    assert_close(found, wanted, 1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_state_carried_over(kind):
    """Gradients flow through hx from one call into the one before."""

    def differentiate(module, input):
        output, states = module(input[:9])
        output, _ = module(input[9:], states)
        return torch.autograd.grad(output[-1].sum(), [input, *module.parameters()])

    wanted, found = wanted_and_found(kind, differentiate)
    assert_close(found, wanted, 1e-10)


def test_transforms_and_hooks():
    """torch.func.grad, checkpointing, and saved tensors that are put elsewhere in between."""

    def differentiate(module, input):
        found = [torch.func.grad(lambda input: module(input)[0].sum())(input)]
        output = torch.utils.checkpoint.checkpoint(lambda input: module(input)[0], input, use_reentrant=False)
        found += torch.autograd.grad(output.sum(), input)
        with torch.autograd.graph.save_on_cpu():
            output, _ = module(input)
        return [*found, *torch.autograd.grad(output.sum(), input)]

    wanted, found = wanted_and_found("LSTM", differentiate)
    assert_close(found, wanted, 1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_results_may_be_changed_in_place(kind):
    """As they are the caller's, and the way back does not read them."""

    def scaled(module, input):
        output, _ = module(input)
        return torch.autograd.grad((2 * output).sum(), [input, *module.parameters()])

    def scaled_in_place(module, input):
        output, states = module(input)
        for state in as_tuple(states):
            state.detach_().zero_()
        return torch.autograd.grad(output.mul_(2).sum(), [input, *module.parameters()])

    module = pair(kind, dtype=torch.float64)[1]
    assert_close(scaled_in_place(module, leaf()), scaled(module, leaf()), 0)


def test_what_is_read_again_must_not_change():
    module = pair("LSTM", dtype=torch.float64)[1]
    for change in (lambda input: input.mul_(2), lambda _: module.weight_hh_l0.mul_(2)):
        input = leaf()
        output, _ = module(input)
        with torch.no_grad():
            change(input)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            output.sum().backward()


@pytest.mark.parametrize("create_graph_of", ["input", "weights"])
def test_a_gradient_has_no_gradient(create_graph_of):
    module, input = pair("GRU", dtype=torch.float64)[1], leaf()
    leaves = [input] if create_graph_of == "input" else list(module.parameters())
    gradients = torch.autograd.grad(module(input)[0].sum(), leaves, create_graph=True)
    with pytest.raises(NotImplementedError, match="first derivatives only"):
        torch.autograd.grad(sum(gradient.square().sum() for gradient in gradients), leaves)


def test_tapes_live_as_long_as_torch_needs_them():
    module, input = pair("LSTM", dtype=torch.float64, bidirectional=True)[1], leaf()
    before = len(recordings())
    with torch.no_grad():
        module(input)
    assert len(recordings()) == before
    output, _ = module(input)
    assert len(recordings()) == before + 2
    output.sum().backward(retain_graph=True)
    assert len(recordings()) == before + 2
    output.sum().backward()
    assert len(recordings()) == before
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        output.sum().backward()


@pytest.mark.parametrize("batch_first", [False, True])
def test_tensors_are_not_copied(batch_first):
    """NumPy's memory is traced: that holds chunks of the 65 MB of input at most, forward and back."""
    module = rnncore.torch.RNN(512, 1, batch_first=batch_first)
    input = torch.randn(8000, 4, 512)
    if batch_first:
        input = input.transpose(0, 1)
    module(input)[0].sum().backward()
    tracemalloc.start()
    try:
        module(input)[0].sum().backward()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < input.nbytes / 4


def test_outputs_are_the_walks_own_memory():
    output, _ = rnncore.torch.RNN(2, 3)(torch.zeros(4, 2))
    base = output.detach().numpy()
    while isinstance(base.base, np.ndarray):
        base = base.base
    assert base.nbytes == output.nbytes
