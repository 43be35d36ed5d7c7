"""Reports: plain numbers, readable words, and errors that say what was expected."""

import json
import subprocess
import sys

import numpy as np
import pytest

import rnncore
from rnncore import GRU, LSTM, Chain, Dense, Diagonal, Elman, GatedDiagonal, Linear, MatrixSequence, stability

CELLS = {
    "stable": Linear([[0.5]], [[1.0]]),
    "unstable": Linear([[1.5]], [[1.0]]),
    "marginal": Diagonal(np.array([1j, 0.5]), np.ones((2, 1))),
    "defective": Linear(np.eye(2) + np.eye(2, k=1)),
    "elman": Elman([[3.0]], [[1.0]]),
    "undecided": Elman(np.array([[0.0, 1.6], [-1.6, 0.4]]), np.ones((2, 1)), [3.0, -3.0]),
    "ray": Elman([[2.0]], [[1.0]], nonlinearity="relu"),
    "lstm": LSTM(0.1 * np.ones((4, 1)), np.ones((4, 1))),
    "peephole": LSTM(np.zeros((4, 1)), np.ones((4, 1)), weight_cf=[5.0]),
    "gru": GRU(0.1 * np.ones((3, 1)), np.ones((3, 1))),
    "gated": GatedDiagonal([[1.0]], [[1.0]], gate_nonlinearity="identity"),
    "dense": Dense([[1.0]], nonlinearity="tanh"),
    "chain": Chain([Dense([[1.0]]), Elman([[0.5]], [[1.0]]), Linear([[1.0]], [[1.0]])]),
    "huge": Elman([[1e308]], [[1e308]], nonlinearity="softplus"),
    "autonomous": Linear([[0.9]]),
}
cells = pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)


def entries(value):
    if isinstance(value, dict):
        for entry in value.values():
            yield from entries(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from entries(entry)
    else:
        yield value


@cells
def test_dicts_are_plain_and_whole(cell):
    found = stability(cell)
    plain = found.to_dict()
    assert json.loads(json.dumps(plain)).keys() == plain.keys()
    assert {type(entry) for entry in entries(plain)} <= {str, float, int, bool, type(None)}
    assert plain["verdict"] == found.verdict == plain["bounded"]["verdict"]
    assert plain["input_bound"] == 1.0 and len(plain["layers"]) == len(cell.layers)
    for name in ("bounded", "incremental", "gradients"):
        assert plain[name]["name"] == name and plain[name]["certificate"]
        assert (plain[name]["witness"] is not None) == (plain[name]["verdict"] == "unstable")


@cells
def test_words_say_what_was_found(cell, capsys):
    found = stability(cell)
    assert repr(found).startswith(f"StabilityReport({found.verdict}") and "\n" not in repr(found)
    for prop in found.properties:
        assert f"{prop.name}={prop.verdict}" in repr(found) or prop.name == "bounded"
        assert prop.certificate in str(found)
        assert "nan" not in prop.certificate
    assert found.explanation in str(found) and found.explanation.endswith(".")
    assert found.explanation.count(". ") >= 2
    beginning = {"stable": "It stays bounded", "unstable": "It can grow", "undecided": "Whether it stays bounded"}
    assert found.explanation.startswith(beginning[found.verdict])
    assert capsys.readouterr() == ("", "")


@cells
def test_numbers_are_in_their_ranges(cell):
    found = stability(cell)
    assert found.bound is None or 0 <= found.bound < np.inf
    assert found.bound is None or found.verdict == "stable"
    for prop in found.properties:
        assert prop.verdict in ("stable", "unstable", "undecided")
        assert prop.rate is None or (0 <= prop.rate < 1 and prop.verdict == "stable")
        for condition in prop.conditions:
            assert condition.holds == (condition.value < 1) and condition.property == prop.name
            assert not condition.holds or prop.verdict == "stable"


@cells
def test_the_cell_is_left_as_it_was_and_the_answer_is_the_same_again(cell):
    before = [{name: np.array(a) for name, a in layer.parameters.items()} for layer in cell.layers]
    assert json.dumps(stability(cell).to_dict()) == json.dumps(stability(cell).to_dict())
    for layer, arrays in zip(cell.layers, before, strict=True):
        for name, array in arrays.items():
            assert np.array_equal(layer.parameters[name], array)


def test_bounds_of_each_input_by_itself():
    cell = Linear([[0.5]], [[1.0, 10.0]])
    found = stability(cell, input_bound=[1.0, 0.1])
    assert 4 <= found.bound <= 4 * (1 + 1e-5)
    assert found.to_dict()["input_bound"] == [1.0, 0.1]
    assert "up to ±1" in found.explanation
    assert stability(cell, input_bound=np.float32(1.0)).bound == pytest.approx(22, rel=1e-5)
    assert stability(cell, input_bound=1).bound == pytest.approx(22, rel=1e-5)


@pytest.mark.parametrize("bound", [0, 0.0, -1.0, np.inf, -np.inf, np.nan, [1.0, 0.0], [1.0, np.nan], [np.inf, 1.0]])
def test_bounds_have_to_be_positive_and_finite(bound):
    with pytest.raises(ValueError, match=r"input_bound.*(finite|positive)"):
        stability(Linear([[0.5]], [[1.0, 1.0]]), input_bound=bound)


@pytest.mark.parametrize("bound", [[1.0], [1.0, 1.0, 1.0], [[1.0, 1.0]], [], np.ones((2, 2))])
def test_bounds_have_to_fit_the_inputs(bound):
    with pytest.raises(ValueError, match=r"input_bound must .*\(2,\)"):
        stability(Linear([[0.5]], [[1.0, 1.0]]), input_bound=bound)


@pytest.mark.parametrize("bound", ["1", None, 1j, [1.0, "x"], object(), {}, [1.0, [2.0]]])
def test_bounds_have_to_be_numbers(bound):
    with pytest.raises((TypeError, ValueError), match="input_bound"):
        stability(Linear([[0.5]], [[1.0, 1.0]]), input_bound=bound)


@pytest.mark.parametrize("cell", [None, 1.0, np.eye(2), "Elman", Elman, [Linear([[0.5]])]])
def test_only_cells_are_judged(cell):
    with pytest.raises(TypeError, match=r"cell must be a cell such as rnncore\.Elman, got"):
        stability(cell)


def test_a_sequence_of_matrices_ends():
    sequence = MatrixSequence(np.ones((3, 1, 1)))
    with pytest.raises(ValueError, match="layer 0 is a MatrixSequence"):
        stability(sequence)


def test_the_bound_is_named():
    with pytest.raises(TypeError, match="positional"):
        stability(Linear([[0.5]], [[1.0]]), 1.0)


def test_the_package_loads_no_scipy():
    """Nor a report on what needs none of it."""
    program = (
        "import sys, rnncore\n"
        "assert rnncore.stability is not None\n"
        "loaded = {'scipy', 'numba', 'torch', 'jax', 'matplotlib'} & set(sys.modules)\n"
        "assert not loaded, loaded\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)


def test_names_are_public():
    assert rnncore.stability is stability
