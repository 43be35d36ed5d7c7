"""What ``torch.nn`` lets one do with a module beside calling it."""

import copy
import io
import pickle

import numpy as np
import pytest
import torch

import rnncore
import rnncore.torch
from rnncore.torch.kept_cell import KeptCell

from .pairs import HIDDEN_SIZE, INPUT_SIZE, KINDS, assert_close, pair

INPUT = torch.linspace(-1, 1, 10 * INPUT_SIZE).reshape(10, INPUT_SIZE)


@pytest.mark.parametrize("kind", KINDS)
def test_initial_values_and_names(kind):
    """The same seed, the same network; and so a checkpoint of one is one of the other."""
    made = []
    for source in (torch.nn, rnncore.torch):
        torch.manual_seed(1)
        made.append(getattr(source, kind.split()[0])(3, 4, 2, bidirectional=True, **KINDS[kind]))
    peer, module = made
    assert list(module.state_dict()) == list(peer.state_dict())
    assert all(map(torch.equal, module.state_dict().values(), peer.state_dict().values()))
    assert isinstance(module, type(peer))
    assert repr(module) == repr(peer)


def pickled(module):
    return pickle.loads(pickle.dumps(module))


def saved(module):
    file = io.BytesIO()
    torch.save(module, file)
    file.seek(0)
    return torch.load(file, weights_only=False)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("take", [copy.deepcopy, pickled, saved])
def test_copies(kind, take):
    module = pair(kind, num_layers=2)[1]
    output = module(INPUT)[0]
    taken = take(module)
    assert torch.equal(taken(INPUT)[0], output)
    with torch.no_grad():
        taken.weight_hh_l0.mul_(2)
    assert not torch.equal(taken(INPUT)[0], output)
    assert torch.equal(module(INPUT)[0], output)


def change_by_optimiser(module):
    optimiser = torch.optim.SGD(module.parameters(), lr=0.5)
    module(INPUT)[0].sum().backward()
    optimiser.step()
    optimiser.zero_grad()


def change_data(module):
    module.weight_hh_l0.data.mul_(2)


def change_by_numpy(module):
    module.weight_ih_l0.detach().numpy()[0, 0] += 1


def put_another_in_place(module):
    module.bias_hh_l0 = torch.nn.Parameter(torch.ones_like(module.bias_hh_l0))


def load_state(module):
    module.load_state_dict({name: 2 * tensor for name, tensor in module.state_dict().items()})


def change_dtype(module):
    module.double()


def reparametrise(module):
    torch.nn.utils.parametrizations.weight_norm(module, "weight_hh_l0")
    with torch.no_grad():
        module.parametrizations.weight_hh_l0.original0.mul_(2)


@pytest.mark.parametrize(
    "change",
    [
        change_by_optimiser, change_data, change_by_numpy, put_another_in_place, load_state, change_dtype,
        reparametrise,
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", KINDS)
def test_changed_weights_are_seen(kind, change):
    peer, module = pair(kind)
    module(INPUT)
    for each in (peer, module):
        change(each)
    input = INPUT.to(module.bias_ih_l0.dtype)
    assert_close([module(input)[0]], [peer(input)[0]], 1e-5)  # rounded at 6e-8, in sums of few terms


def test_a_cell_is_built_once_for_the_same_numbers():
    built, weights = [], {"weight_hh": np.zeros((2, 2)), "weight_ih": np.ones((2, 1))}

    def make(**weights):
        built.append(rnncore.Elman(**weights))
        return built[-1]

    kept = KeptCell()
    assert kept.build(make, weights) is kept.build(make, {name: array.copy() for name, array in weights.items()})
    weights["weight_hh"][0, 1] = 1
    changed = kept.build(make, weights)
    assert changed.parameters["weight_hh"][0, 1] == 1
    assert changed.parameters["weight_hh"].dtype == kept.build(make, weights).dtype
    narrow = kept.build(make, {name: array.astype(np.float32) for name, array in weights.items()})
    assert narrow.dtype == np.float32
    assert len(built) == 3


def test_weights_of_a_trained_module_are_a_cells():
    """What was trained goes to the rest of the library by name."""
    module = pair("LSTM")[1]
    weights = {name.removesuffix("_l0"): tensor for name, tensor in module.state_dict().items()}
    outputs = rnncore.simulate(rnncore.LSTM(**weights), INPUT).outputs
    np.testing.assert_array_equal(outputs, module(INPUT)[0].detach())
    assert outputs.shape == (10, HIDDEN_SIZE)
