"""A module of ``torch.nn`` and rnncore's in its place, with the same parameters."""

import gc

import torch

import rnncore.torch
from rnncore.backpropagation import Recording

KINDS = {"RNN": {}, "RNN relu": {"nonlinearity": "relu"}, "LSTM": {}, "GRU": {}}
INPUT_SIZE, HIDDEN_SIZE = 3, 5


def pair(kind, **options):
    """Torch's module, and rnncore's."""
    name, options = kind.split()[0], {**KINDS[kind], **options}
    torch.manual_seed(7)
    peer = getattr(torch.nn, name)(INPUT_SIZE, HIDDEN_SIZE, **options)
    module = getattr(rnncore.torch, name)(INPUT_SIZE, HIDDEN_SIZE, **options)
    module.load_state_dict(peer.state_dict())
    return peer, module


def as_tuple(states):
    return states if isinstance(states, tuple) else (states,)


def drawn_states(module, *lead):
    """hx as the module takes it, its tensors leaves."""
    layers = module.num_layers * (2 if module.bidirectional else 1)
    dtype = module.weight_hh_l0.dtype
    count = 2 if isinstance(module, torch.nn.LSTM) else 1
    states = tuple(
        torch.randn(layers, *lead, module.hidden_size, dtype=dtype, requires_grad=True) for _ in range(count)
    )
    return states if count > 1 else states[0]


def assert_close(found, wanted, tolerance):
    """To ``tolerance`` of the largest entry of each tensor."""
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted):
        assert one.dtype == other.dtype
        scale = max(1e-3, other.detach().abs().max().item())
        torch.testing.assert_close(one, other, rtol=0, atol=tolerance * scale)


def recordings():
    """Those alive."""
    gc.collect()
    return [thing for thing in gc.get_objects() if type(thing) is Recording]
