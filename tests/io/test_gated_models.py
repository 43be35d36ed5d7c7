"""Gated and diagonal cells survive a file; torch's are found by their names and shapes."""

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file as load_arrays
from safetensors.torch import load_file, save_file

import rnncore
from rnncore import GRU, LSTM, Chain, Dense, Diagonal, Elman, FormatError, GatedDiagonal

from .test_models import array, assert_same


def complex_array(*shape, dtype=np.complex128):
    return (array(*shape) + 1j * array(*shape)).astype(dtype)


CELLS = {
    "lstm": LSTM(array(12, 3), array(12, 2), array(12), array(12)),
    "lstm without input": LSTM(array(12, 3), bias_hh=array(12)),
    "peepholes": LSTM(array(4, 1), array(4, 2), weight_ci=array(1), weight_cf=array(1), weight_co=array(1)),
    "one peephole": LSTM(*(array(*s, dtype=np.float32) for s in [(8, 2), (8, 1)]), weight_cf=np.float32([0.5, 2])),
    "gru": GRU(array(9, 3), array(9, 2), array(9), array(9)),
    "reset before": GRU(array(3, 1), array(3, 4), reset_after=False),
    "diagonal": Diagonal(array(3), array(3, 2), array(3)),
    "diagonal of one unit": Diagonal(array(1)),
    "complex diagonal": Diagonal(complex_array(3), complex_array(3, 2), complex_array(3)),
    "complex64 diagonal": Diagonal(complex_array(3, dtype=np.complex64), array(3, 2, dtype=np.float32)),
    "gated diagonal": GatedDiagonal(array(3, 2), array(3, 2), array(3), array(3)),
    "gates": GatedDiagonal(array(3, 2), array(3, 2), nonlinearity="elu", gate_nonlinearity="softplus"),
    "chain": Chain(
        [
            LSTM(array(12, 3), array(12, 2), weight_co=array(3)),
            GRU(array(6, 2), array(6, 3), reset_after=False),
            Diagonal(complex_array(2), complex_array(2, 2)),
            GatedDiagonal(array(5, 4), array(5, 4), nonlinearity="tanh"),
            Elman(array(2, 2), array(2, 5), nonlinearity="relu"),
            Dense(array(1, 2), nonlinearity="sigmoid"),
        ]
    ),
    "chain of one": Chain([GRU(array(6, 2), reset_after=False)]),
}


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
@pytest.mark.parametrize("name", CELLS)
def test_a_saved_cell_is_loaded_exactly(name, suffix, tmp_path):
    path = tmp_path / f"cell.{suffix}"
    rnncore.save(CELLS[name], path)
    assert_same(rnncore.load(path), CELLS[name])


def test_complex_arrays_of_a_safetensors_file_are_two_real_ones(tmp_path):
    cell = CELLS["complex diagonal"]
    rnncore.save(cell, tmp_path / "cell.safetensors")
    arrays = load_arrays(tmp_path / "cell.safetensors")
    assert sorted(arrays) == [
        f"{name}.{part}" for name in ("bias", "weight_hh", "weight_ih") for part in ("imag", "real")
    ]
    np.testing.assert_array_equal(arrays["weight_ih.imag"], cell.parameters["weight_ih"].imag)


def test_complex64_tensors_of_torch_are_read(tmp_path):
    weights = {"weight_hh": torch.tensor([0.5j, 1 - 2j]), "weight_ih": torch.tensor([[1.0], [2.0]])}
    save_file(weights, tmp_path / "m.safetensors")
    cell = rnncore.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(cell.parameters["weight_hh"], np.complex64([0.5j, 1 - 2j]))
    assert (type(cell), cell.dtype, cell.is_complex) == (Diagonal, np.float32, True)


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("bias", [True, False])
def test_a_torch_network_gives_the_same_outputs_after_loading(kind, layers, bias, backend, tmp_path):
    torch.manual_seed(4)
    memory = getattr(torch.nn, kind)(3, 8, layers, bias=bias)
    network = torch.nn.ModuleDict({"rnn": memory, "fc": torch.nn.Linear(8, 2)})
    save_file(network.state_dict(), tmp_path / "m.safetensors")
    inputs = torch.randn(50, 3)
    with torch.no_grad():
        expected = network["fc"](memory(inputs)[0]).numpy()
    cell = rnncore.load(tmp_path / "m.safetensors")
    assert [type(layer).__name__ for layer in cell.layers] == [kind] * layers + ["Dense"]
    # Some 20 roundings of numbers below 2 a step and layer; weights within 1/√8 let little of them stay.
    np.testing.assert_allclose(rnncore.simulate(cell, inputs.numpy(), backend=backend).outputs, expected, atol=3e-6)


def test_torch_loads_what_is_saved(tmp_path):
    path = tmp_path / "cell.safetensors"
    shapes = [(4, 1), (3,), (3,), (3,)]
    for kind, blocks in ((LSTM, 4), (GRU, 3)):
        rows = 5 * blocks
        shapes = [(rows, 5), (rows, 2), (rows,), (rows,)]
        cell = kind(*(array(*shape, dtype=np.float32) for shape in shapes))
        rnncore.save(cell, path)
        getattr(torch.nn, f"{kind.__name__}Cell")(2, 5).load_state_dict(load_file(path))
        rnncore.save(Chain([cell]), path)
        torch.nn.Sequential(getattr(torch.nn, f"{kind.__name__}Cell")(2, 5)).load_state_dict(load_file(path))


@pytest.mark.parametrize("key", ["weight_hh", "encoder.rnn.weight_hh", "cells.0.weight_hh", "rnn.weight_hh_l0"])
def test_the_rows_of_weight_hh_tell_the_cells_apart(key, tmp_path):
    for blocks, kind in ((1, Elman), (3, GRU), (4, LSTM)):
        for size in (1, 4):
            arrays = {key: array(blocks * size, size), key.replace("hh", "ih"): array(blocks * size, 2)}
            np.savez(tmp_path / "m.npz", **arrays)
            assert type(rnncore.load(tmp_path / "m.npz")) is kind


def test_a_convention_of_the_reset_gate_comes_from_the_file_or_the_caller(tmp_path):
    np.savez(tmp_path / "m.npz", **{"rnn.weight_hh": array(6, 2)}, reset_after=False)
    assert rnncore.load(tmp_path / "m.npz").reset_after is False
    assert rnncore.load(tmp_path / "m.npz", reset_after=True).reset_after is True
    np.savez(tmp_path / "m.npz", **{"rnn.weight_hh": array(6, 2)})
    assert rnncore.load(tmp_path / "m.npz").reset_after is True


def test_options_go_to_the_layers_that_have_them(tmp_path):
    rnncore.save(CELLS["chain"], tmp_path / "m.npz")
    cell = rnncore.load(tmp_path / "m.npz", nonlinearity="identity", reset_after=True)
    assert [layer.options for layer in cell.layers] == [
        {},
        {"reset_after": True},
        {},
        {"nonlinearity": "tanh", "gate_nonlinearity": "sigmoid"},
        {"nonlinearity": "identity", "leak": 1.0},
        {"nonlinearity": "sigmoid"},
    ]
    rnncore.save(CELLS["lstm"], tmp_path / "m.npz")
    with pytest.raises(ValueError, match="reset_after given, but the model has no GRU layer to set it on"):
        rnncore.load(tmp_path / "m.npz", reset_after=False)
    with pytest.raises(ValueError, match="leak given, but the model has no Elman layer to set it on"):
        rnncore.load(tmp_path / "m.npz", leak=0.5)


BAD = {
    "rows": (
        {"rnn.weight_hh_l0": array(8, 4)},
        r"'rnn.weight_hh_l0' must have shape .*\(4 n, n\) of an LSTM .*got \(8, 4\)",
    ),
    "wrong input rows": (
        {"weight_hh": array(12, 4), "weight_ih": array(16, 2)},
        r"'weight_ih' must have shape \(12, n_in\), 3 n rows for n = 4, gates in the order r, z, n; got \(16, 2\)",
    ),
    "wrong bias": ({"weight_hh": array(16, 4), "bias_hh": array(12)}, r"'bias_hh' must have shape \(16,\), 4 n rows"),
    "wrong peephole": ({"weight_hh": array(16, 4), "weight_ci": array(16)}, r"'weight_ci' must have shape \(4,\)"),
    "peephole of no LSTM": ({"weight_hh": array(4, 4), "weight_cf": array(4)}, "'weight_cf' is no parameter.*Elman"),
    "bias of a linear recursion": ({"weight_hh": array(12, 4), "bias": array(12)}, "'bias' is no parameter.*GRU"),
    "projected": ({"weight_hh_l0": array(16, 2), "weight_hr_l0": array(2, 4)}, "'weight_hr_l0' projects .*proj_size"),
    "bidirectional": (
        {"weight_hh_l0": array(16, 4), "weight_hh_l0_reverse": array(16, 4)},
        "'weight_hh_l0_reverse' belongs to a bidirectional network",
    ),
    "gate alone": ({"m.weight_gate": array(4, 2)}, "'m.weight_ih' is missing beside m.weight_gate"),
    "gate beside recurrence": (
        {"weight_gate": array(4, 2), "weight_ih": array(4, 2), "weight_hh": array(4, 4)},
        "'weight_hh' is no parameter of the layer, GatedDiagonal",
    ),
    "gate nonlinearity": (
        {"weight_gate": array(4, 2), "weight_ih": array(4, 2), "gate_nonlinearity": np.array("hard")},
        "gate_nonlinearity must be one of identity, tanh, relu, sigmoid, elu, softplus; got 'hard'",
    ),
    "convention": ({"weight_hh": array(12, 4), "reset_after": np.array("sometimes")}, "reset_after.*'sometimes'"),
    "another cell": ({"weight_hh": array(4, 4), "cell": np.array("LSTM")}, r"'weight_hh' must have shape \(4 n, n\)"),
    "complex LSTM": ({"weight_hh": complex_array(16, 4)}, "'weight_hh' must hold real numbers, got .*complex128"),
    "mixed complex": (
        {"weight_hh": complex_array(4), "bias": array(4, dtype=np.float32)},
        "mixed dtypes: key 'weight_hh' is complex128 but key 'bias' is float32",
    ),
    "nan in a part": ({"weight_hh": np.array([1, complex(0, np.nan)])}, "'weight_hh' holds .*nan.* at index"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_no_model_names_its_key(name, tmp_path):
    arrays, message = BAD[name]
    np.savez(tmp_path / "bad.npz", **arrays)
    with pytest.raises(FormatError, match=message) as error:
        rnncore.load(tmp_path / "bad.npz")
    assert str(tmp_path / "bad.npz") in str(error.value)


@pytest.mark.parametrize(
    "parts, message",
    [
        ({"weight_hh.real": torch.ones(3)}, "key 'weight_hh.imag' is missing beside 'weight_hh.real'"),
        ({"weight_hh.imag": torch.ones(3)}, "key 'weight_hh.real' is missing beside 'weight_hh.imag'"),
        (
            {"weight_hh.real": torch.ones(3), "weight_hh.imag": torch.ones(4)},
            r"'weight_hh.real' and 'weight_hh.imag' must be floats of one shape and dtype, got float32 of \(3,\) and",
        ),
        (
            {"weight_hh.real": torch.ones(3), "weight_hh.imag": torch.ones(3, dtype=torch.float64)},
            r"must be floats of one shape and dtype, got float32 of \(3,\) and float64 of \(3,\)",
        ),
    ],
)
def test_parts_of_a_complex_array_that_do_not_fit_are_refused(parts, message, tmp_path):
    save_file(parts, tmp_path / "m.safetensors")
    with pytest.raises(FormatError, match=message):
        rnncore.load(tmp_path / "m.safetensors")
