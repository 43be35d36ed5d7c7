"""Cells survive a file; files that are not what they promise say so."""

import numpy as np
import pytest
import scipy.sparse
import torch
from safetensors.torch import load_file, save_file

import rnncore
from rnncore import Chain, DelayLine, Dense, Elman, FormatError, Linear, MatrixSequence
from rnncore.cells.base import is_sparse

RANDOM = np.random.default_rng(0)


def array(*shape, dtype=np.float64):
    return RANDOM.normal(size=shape).astype(dtype)


def sparse(n):
    return scipy.sparse.random_array((n, n), density=0.3, rng=RANDOM, format="csr")


CELLS = {
    "linear": Linear(array(3, 3), array(3, 2), array(3)),
    "linear without input": Linear(array(3, 3)),
    "elman": Elman(array(4, 4), array(4, 2), array(4), array(4), nonlinearity="elu", leak=0.1 + 0.2),
    "elman float32": Elman(array(4, 4, dtype=np.float32), leak=1 / 3),
    "sparse": Elman(sparse(6), array(6, 2), nonlinearity="softplus"),
    "sparse linear": Linear(sparse(6)),
    "empty sparse": Elman(scipy.sparse.csr_array((5, 5))),
    "dense": Dense(array(2, 3), array(2), nonlinearity="sigmoid"),
    "delay line": DelayLine(3, 2),
    "delay line float32": DelayLine(1, 1, dtype="float32"),
    "chain of a delay line": Chain([DelayLine(4, 1)]),
    "time-delay network": Chain(
        [DelayLine(4, 2), Dense(array(3, 8), array(3), nonlinearity="tanh"), Dense(array(1, 3))]
    ),
    "delay lines": Chain(
        [
            Elman(array(2, 2, dtype=np.float32), array(2, 1, dtype=np.float32)),
            DelayLine(2, 2, dtype="float32"),
            DelayLine(1, 4, dtype="float32"),
        ]
    ),
    "matrices": MatrixSequence(array(7, 2, 2)),
    "unchecked matrices": MatrixSequence(np.full((2, 2, 2), np.nan), check_finite=False),
    "chain": Chain([Elman(sparse(4), array(4, 2), leak=0.5), Dense(array(3, 4)), Linear(array(2, 2), array(2, 3))]),
    "chain of one": Chain([Elman(array(2, 2))]),
}


def assert_same(first, second):
    assert type(first) is type(second)
    assert repr(first) == repr(second)
    assert first.options == second.options
    assert first.parameters.keys() == second.parameters.keys()
    for name, one in first.parameters.items():
        other = second.parameters[name]
        assert is_sparse(one) == is_sparse(other)
        parts = [(p.data, p.indices, p.indptr) if is_sparse(p) else (p,) for p in (one, other)]
        for a, b in zip(*parts):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
@pytest.mark.parametrize("name", CELLS)
def test_a_saved_cell_is_loaded_exactly(name, suffix, tmp_path):
    path = tmp_path / f"cell.{suffix}"
    rnncore.save(CELLS[name], path)
    assert_same(rnncore.load(path), CELLS[name])
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("bias", [True, False])
def test_a_torch_network_gives_the_same_outputs_after_loading(nonlinearity, layers, bias, tmp_path):
    network = torch.nn.ModuleDict(
        {"rnn": torch.nn.RNN(3, 8, layers, nonlinearity=nonlinearity, bias=bias), "fc": torch.nn.Linear(8, 2)}
    )
    save_file(network.state_dict(), tmp_path / "m.safetensors")
    inputs = torch.randn(50, 3)
    with torch.no_grad():
        expected = network["fc"](network["rnn"](inputs)[0]).numpy()
    cell = rnncore.load(tmp_path / "m.safetensors", nonlinearity=nonlinearity)
    np.testing.assert_allclose(rnncore.simulate(cell, inputs.numpy()).outputs, expected, atol=3e-6)


def test_torch_loads_what_is_saved(tmp_path):
    cell = Chain([Elman(*(array(*s, dtype=np.float32) for s in [(4, 4), (4, 3), (4,), (4,)]))])
    rnncore.save(cell.layers[0], tmp_path / "cell.safetensors")
    torch.nn.RNNCell(3, 4).load_state_dict(load_file(tmp_path / "cell.safetensors"))
    rnncore.save(cell, tmp_path / "chain.safetensors")
    torch.nn.Sequential(torch.nn.RNNCell(3, 4)).load_state_dict(load_file(tmp_path / "chain.safetensors"))


@pytest.mark.parametrize(
    "keys",
    [
        ["weight_hh", "weight_ih"],
        ["rnn.weight_hh_l0", "rnn.weight_ih_l0"],
        ["encoder.rnn.weight_hh", "encoder.rnn.weight_ih"],
        ["cells.0.weight_hh", "cells.0.weight_ih"],
    ],
)
@pytest.mark.parametrize("readout", ["fc.weight", "readout.weight", "linear.weight", "decoder.out.weight"])
def test_layers_are_found_behind_any_prefix(keys, readout, tmp_path):
    np.savez(tmp_path / "m.npz", **{keys[0]: array(4, 4), keys[1]: array(4, 2), readout: array(1, 4)})
    cell = rnncore.load(tmp_path / "m.npz")
    assert [type(layer) for layer in cell.layers] == [Elman, Dense]
    assert (cell.input_size, cell.output_size) == (2, 1)


def test_a_numbered_list_of_cells_keeps_its_order(tmp_path):
    sizes = {0: (5, 2), 1: (3, 5), 2: (4, 3)}
    arrays = {f"cells.{i}.weight_ih": array(*s) for i, s in reversed(sizes.items())}
    arrays |= {f"cells.{i}.weight_hh": array(s[0], s[0]) for i, s in sizes.items()}
    np.savez(tmp_path / "m.npz", **arrays, **{"head.weight": array(1, 4)})
    assert [layer.output_size for layer in rnncore.load(tmp_path / "m.npz").layers] == [5, 3, 4, 1]


def test_metadata_set_nonlinearity_and_leak_and_the_caller_overrides_them(tmp_path):
    np.savez(tmp_path / "m.npz", weight_hh=array(2, 2), nonlinearity="relu", leak=0.25)
    assert rnncore.load(tmp_path / "m.npz").options == {"nonlinearity": "relu", "leak": 0.25}
    changed = rnncore.load(tmp_path / "m.npz", nonlinearity="sigmoid", leak=1.0)
    assert changed.options == {"nonlinearity": "sigmoid", "leak": 1.0}


W, B = array(4, 4), array(4)
BAD = {
    "unknown cell": ({"weight_hh": W, "cell": np.array("Clockwork")}, "cell is 'Clockwork'; this version reads Linear"),
    "bidirectional": ({"weight_hh_l0": W, "weight_hh_l0_reverse": W}, "weight_hh_l0_reverse.*bidirectional"),
    "unknown key": ({"weight_hh": W, "norm.running_mean": B}, "norm.running_mean"),
    "not square": (
        {"weight_hh": array(4, 5)},
        r"'weight_hh' must have shape \(n, n\), \(3 n, n\) of a GRU .* got \(4, 5\)",
    ),
    "wrong input shape": (
        {"rnn.weight_hh_l0": W, "rnn.weight_ih_l0": array(3, 2)},
        r"'rnn.weight_ih_l0' must have shape",
    ),
    "wrong bias": ({"weight_hh": W, "bias_hh": array(3)}, "'bias_hh' must have shape"),
    "three axes": ({"weight_hh": array(2, 4, 4)}, r"'weight_hh' must have shape \(n, n\), .* got \(2, 4, 4\)"),
    "no recurrent matrix": ({"a.weight_ih_l0": array(4, 2)}, "'a.weight_hh_l0' is missing"),
    "bias alone": ({"bias": B}, "'weight' is missing"),
    "level missing": ({"weight_hh_l0": W, "weight_hh_l2": W}, "levels"),
    "two readouts": ({"weight_hh": W, "fc.weight": array(1, 4), "head.weight": array(1, 4)}, "fc.weight.*head.weight"),
    "two networks": ({"encoder.weight_hh": W, "decoder.weight_hh": W}, "encoder.weight_hh.*decoder.weight_hh"),
    "embedding": ({"embed.weight": array(9, 4), "rnn.weight_hh": W}, "embed"),
    "activation between": ({"0.weight": array(4, 2), "2.weight": array(1, 4)}, "layer 1"),
    "readout too wide": ({"rnn.weight_hh": W, "fc.weight": array(1, 7)}, "4 outputs.*takes 7"),
    "nan": ({"weight_hh": np.where(W > 1, W, np.nan)}, "'weight_hh' holds nan at index"),
    "mixed": ({"weight_hh": W, "weight_ih": array(4, 2, dtype=np.float32)}, "weight_hh.*float64.*weight_ih.*float32"),
    "half": ({"weight_hh": W.astype(np.float16)}, "'weight_hh' is float16"),
    "integers": ({"weight_hh": W.astype(int)}, "'weight_hh' must be float32 or float64"),
    "complex": ({"weight_hh": W + 1j}, "'weight_hh' must hold real numbers, got an array of dtype complex128"),
    "strings": ({"weight_hh": np.array([["a"]])}, "'weight_hh' must be float32 or float64"),
    "leak": ({"weight_hh": W, "leak": np.array(2.0)}, "leak must be in"),
    "leak word": ({"weight_hh": W, "leak": np.array("much")}, "leak.*much"),
    "nonlinearity": ({"weight_hh": W, "nonlinearity": np.array("gelu")}, "nonlinearity must be one of"),
    "sparse part missing": ({"weight_hh.data": B, "weight_hh.indices": np.arange(4)}, "weight_hh.indptr"),
    "sparse out of range": (
        {
            f"weight_hh.{k}": v
            for k, v in zip(("data", "indices", "indptr", "shape"), (B, [0, 1, 2, 9], range(5), [4, 4]))
        },
        "'weight_hh'",
    ),
    "delay line without length": (
        {"0.cell": "DelayLine", "0.input_size": 2, "1.weight": W},
        "'0.steps' is missing beside 0.input_size",
    ),
    "delay line without anything": ({"cell": "DelayLine"}, "'steps' is missing beside cell"),
    "delay line of no steps": ({"cell": "DelayLine", "steps": 0, "input_size": 1}, "steps must be at least 1, got 0"),
    "delay line of parts of steps": (
        {"cell": "DelayLine", "steps": 2.5, "input_size": 1},
        "steps must be an integer, got 2.5",
    ),
    "delay line of words": ({"cell": "DelayLine", "steps": "some", "input_size": 1}, "steps cannot be 'some'"),
    "delay line with weights": (
        {"cell": "DelayLine", "steps": 2, "input_size": 1, "weight": W},
        "'weight' is no parameter of the layer, DelayLine",
    ),
    "delay line of another dtype": (
        {"0.cell": "DelayLine", "0.steps": 4, "0.input_size": 1, "1.weight": array(1, 4, dtype=np.float32)},
        r"layer 0 \(DelayLine\) is float64 but layer 1 \(Dense\) is float32",
    ),
    "nothing": ({}, "no arrays"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_no_model_names_its_key(name, tmp_path):
    arrays, message = BAD[name]
    np.savez(tmp_path / "bad.npz", **{key: np.asarray(value) for key, value in arrays.items()})
    with pytest.raises(FormatError, match=message) as error:
        rnncore.load(tmp_path / "bad.npz")
    assert str(tmp_path / "bad.npz") in str(error.value)


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
def test_every_truncation_of_a_file_is_an_error_with_its_name(suffix, tmp_path):
    rnncore.save(CELLS["sparse"], tmp_path / f"whole.{suffix}")
    whole = (tmp_path / f"whole.{suffix}").read_bytes()
    path = tmp_path / f"cut.{suffix}"
    for length in [*range(0, 300), *range(300, len(whole), 37), len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(FormatError, match=f"cut.{suffix}"):
            rnncore.load(path)


def test_damaged_bytes_of_an_archive_are_noticed(tmp_path):
    path = tmp_path / "m.npz"
    np.savez(path, weight_hh=np.zeros((30, 30)))
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(FormatError, match="weight_hh"):
        rnncore.load(path)


def test_pickles_are_never_read(tmp_path):
    np.savez(tmp_path / "m.npz", weight_hh=np.array([[object()]], dtype=object))
    with pytest.raises(FormatError, match=r"m\.npz: key 'weight_hh' holds pickled"):
        rnncore.load(tmp_path / "m.npz")
    with open(tmp_path / "p.npz", "wb") as file:
        torch.save({}, file, _use_new_zipfile_serialization=False)
    with pytest.raises(FormatError, match=r"not an \.npz archive"):
        rnncore.load(tmp_path / "p.npz")


@pytest.mark.parametrize("suffix", [".h5", ""])
def test_other_formats_are_refused_by_name(suffix, tmp_path):
    with pytest.raises(FormatError, match=r"models are \.npz, \.safetensors, \.pt, \.pth or \.onnx files"):
        rnncore.load(tmp_path / f"model{suffix}")
    with pytest.raises(FormatError, match=r"models are \.npz or \.safetensors files"):
        rnncore.save(CELLS["elman"], tmp_path / f"model{suffix}")


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".onnx"])
def test_formats_that_are_only_read_say_so(suffix, tmp_path):
    with pytest.raises(FormatError, match=rf"\{suffix} files are read, not written, by this version"):
        rnncore.save(CELLS["elman"], tmp_path / f"model{suffix}")


def test_a_missing_file_is_the_usual_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="none"):
        rnncore.load(tmp_path / "none.npz")
    with pytest.raises(OSError, match="no_folder"):
        rnncore.save(CELLS["elman"], tmp_path / "no_folder" / "m.npz")


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "m.npz"
    rnncore.save(CELLS["elman"], path)
    before = path.read_bytes()
    with pytest.raises(TypeError, match="cell must be a cell"):
        rnncore.save("no cell", path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["m.npz"]


def test_options_for_a_model_that_has_none_are_an_error(tmp_path):
    rnncore.save(CELLS["linear"], tmp_path / "m.npz")
    with pytest.raises(ValueError, match="leak given"):
        rnncore.load(tmp_path / "m.npz", leak=0.5)
