"""Cells are values: immutable, copied by changing, equal after a round trip through pickle."""

import copy
import pickle

import numpy as np
import pytest
import scipy.sparse

from rnncore import GRU, LSTM, Chain, DelayLine, Dense, Diagonal, Elman, GatedDiagonal, Linear, MatrixSequence, simulate

CELLS = {
    "linear": Linear([[0.5, 0.1], [0.0, 0.2]], [[1.0], [2.0]], [0.1, 0.2]),
    "elman": Elman(np.eye(2, dtype="f4"), np.ones((2, 3), "f4"), nonlinearity="elu", leak=0.5),
    "sparse": Elman(scipy.sparse.csr_array([[0.0, 1.0], [0.5, 0.0]]), bias_ih=[1.0, -1.0]),
    "dense": Dense([[1.0, 2.0]], [3.0], nonlinearity="softplus"),
    "lstm": LSTM(np.ones((8, 2)), np.ones((8, 3)), bias_hh=np.arange(8.0), weight_ci=[0.5, -0.5], weight_co=[1.0, 2.0]),
    "lstm without input": LSTM(np.ones((4, 1), "f4")),
    "gru": GRU(np.ones((6, 2)), np.ones((6, 1)), np.arange(6.0), reset_after=False),
    "diagonal": Diagonal([0.5, -0.25], [[1.0], [2.0]], [0.1, 0.2]),
    "complex diagonal": Diagonal([0.5j, -0.25], [[1.0], [2.0]], [0.1, 0.2]),
    "complex64 diagonal": Diagonal(np.complex64([0.5j])),
    "gated diagonal": GatedDiagonal(np.ones((2, 1)), -np.ones((2, 1)), [1.0, 2.0], gate_nonlinearity="tanh"),
    "delay line": DelayLine(3, 2),
    "float32 delay line": DelayLine(1, 1, dtype="float32"),
    "matrices": MatrixSequence(np.arange(12.0).reshape(3, 2, 2)),
    "chain": Chain([Linear([[0.5]], [[1.0]]), Dense([[2.0], [3.0]], nonlinearity="relu")]),
    "time-delay network": Chain([DelayLine(2, 1), Dense([[1.0, -1.0]])]),
    "gated chain": Chain(
        [GRU(np.ones((3, 1)), np.ones((3, 1))), Diagonal([0.5j], [[1.0]]), LSTM(np.ones((4, 1)), np.ones((4, 2)))]
    ),
}


@pytest.fixture(params=CELLS)
def cell(request):
    return CELLS[request.param]


def same(first, second):
    """Equal cells: kind, sizes, options, parameters."""
    assert repr(first) == repr(second)
    assert first.parameters.keys() == second.parameters.keys()
    for name, array in first.parameters.items():
        other = second.parameters[name]
        assert array.dtype == other.dtype
        assert (array != other).sum() == 0


def arrays(cell):
    for array in cell.parameters.values():
        yield from (array.data, array.indices, array.indptr) if scipy.sparse.issparse(array) else (array,)


def test_parameters_cannot_be_written(cell):
    for array in arrays(cell):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def test_attributes_cannot_be_set_or_deleted(cell):
    with pytest.raises(AttributeError, match=r"cells are immutable; use cell.replace\(dtype=...\)"):
        cell.dtype = np.float32
    with pytest.raises(AttributeError, match="cells are immutable"):
        cell.anything = 1
    with pytest.raises(AttributeError, match="cells are immutable"):
        del cell.dtype


def test_the_dict_of_parameters_is_a_copy(cell):
    names = list(cell.parameters)
    cell.parameters.clear()
    assert list(cell.parameters) == names


def test_copies_are_the_cell_itself(cell):
    assert copy.copy(cell) is cell
    assert copy.deepcopy(cell) is cell


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickle_gives_the_same_immutable_cell_back(cell, protocol):
    simulate(cell, steps=2)  # what a backend prepared does not travel
    again = pickle.loads(pickle.dumps(cell, protocol))
    same(cell, again)
    for array in arrays(again):
        assert not array.flags.writeable
    state = np.ones(cell.state_size)
    np.testing.assert_array_equal(
        simulate(again, steps=3, state=state).outputs, simulate(cell, steps=3, state=state).outputs
    )


def test_a_cell_does_not_see_later_changes_of_its_arguments():
    weights, inputs, sparse = np.eye(2), np.ones((2, 1)), scipy.sparse.csr_array(np.eye(2))
    dense_cell, sparse_cell = Elman(weights, inputs), Linear(sparse)
    weights[...] = inputs[...] = sparse.data[...] = 7
    np.testing.assert_array_equal(dense_cell.parameters["weight_hh"], np.eye(2))
    np.testing.assert_array_equal(dense_cell.parameters["weight_ih"], np.ones((2, 1)))
    np.testing.assert_array_equal(sparse_cell.parameters["weight_hh"].toarray(), np.eye(2))


def test_matrices_are_used_in_place():
    matrices = np.ones((4, 2, 2))
    assert np.shares_memory(MatrixSequence(matrices).matrices, matrices)
    assert matrices.flags.writeable


def test_matrices_may_be_left_unchecked():
    cell = MatrixSequence(np.full((2, 1, 1), np.nan), check_finite=False)
    assert np.isnan(simulate(cell, state=[1.0]).outputs).all()


def test_replace_changes_what_is_named_and_nothing_else():
    cell = CELLS["elman"]
    changed = cell.replace(leak=0.25, bias_hh=np.float32([1, 2]))
    assert (changed.leak, changed.nonlinearity) == (0.25, "elu")
    np.testing.assert_array_equal(changed.parameters["bias_hh"], [1, 2])
    np.testing.assert_array_equal(changed.parameters["weight_ih"], cell.parameters["weight_ih"])
    assert cell.leak == 0.5 and "bias_hh" not in cell.parameters
    assert cell.replace(weight_ih=None).input_size == 0


def test_replace_refuses_what_the_cell_does_not_have():
    with pytest.raises(TypeError, match="Elman has no parameter 'weights'; it has weight_hh, weight_ih"):
        CELLS["elman"].replace(weights=1)
    with pytest.raises(ValueError, match=r"leak must be in \(0, 1\], got 3"):
        CELLS["elman"].replace(leak=3)
    for wrong in ("weight_hh", "7.weight_hh", "0.", "x.weight"):
        with pytest.raises(TypeError, match="Chain has no parameter"):
            CELLS["chain"].replace(**{wrong: 1})


def test_a_chain_replaces_by_layer():
    changed = CELLS["chain"].replace(**{"0.weight_hh": [[0.25]], "1.nonlinearity": "tanh"})
    assert changed.parameters["0.weight_hh"] == 0.25
    assert changed.layers[1].nonlinearity == "tanh"


def test_astype_converts_every_parameter_and_back(cell):
    other = np.dtype("float32" if cell.dtype == np.float64 else "float64")
    converted = cell.astype(other)
    assert converted.dtype == other
    for name, array in converted.parameters.items():
        complex_before = np.iscomplexobj(cell.parameters[name])
        assert array.dtype == (np.result_type(other, np.complex64) if complex_before else other)
    assert converted.astype(other) is converted or isinstance(cell, Chain)
    same(
        converted.astype(">f4" if cell.dtype == np.float32 else ">f8").astype(cell.dtype),
        cell.astype(other).astype(cell.dtype),
    )


@pytest.mark.parametrize("wrong", ["float16", "int32", "complex64", "longdouble", None, "many", 3])
def test_astype_refuses_other_dtypes(wrong, cell):
    with pytest.raises(TypeError, match="dtype must be float32 or float64, got"):
        cell.astype(wrong)


def test_chains_flatten():
    inner, readout = CELLS["linear"], Dense([[1.0, 1.0]])
    assert Chain([Chain([Chain([inner]), readout])]).layers == (inner, readout)


def test_split_state_names_views_of_the_parts():
    chain = Chain([Linear(np.eye(2), np.eye(2)), Dense(np.eye(2)), Elman(np.eye(3), np.ones((3, 2)))])
    states = np.arange(20.0).reshape(4, 5)
    parts = chain.split_state(states)
    assert list(parts) == ["0.h", "2.h"]
    np.testing.assert_array_equal(parts["0.h"], states[:, :2])
    np.testing.assert_array_equal(parts["2.h"], states[:, 2:])
    assert all(np.shares_memory(part, states) for part in parts.values())
    assert Dense([[1.0]]).split_state(np.empty((4, 0))) == {}
    for wrong in (np.zeros(4), np.zeros((5, 4)), 1.0):
        with pytest.raises(ValueError, match="state must have a last axis of 5, got shape"):
            chain.split_state(wrong)


def test_split_state_of_gated_cells():
    chain = Chain(
        [CELLS["lstm"], GatedDiagonal(np.ones((2, 2)), np.ones((2, 2))), GRU(np.ones((9, 3)), np.ones((9, 2)))]
    )
    states = np.arange(36.0).reshape(4, 9)
    parts = chain.split_state(states)
    assert list(parts) == ["0.h", "0.c", "1.c", "2.h"]
    for part, columns in zip(parts.values(), ([0, 1], [2, 3], [4, 5], [6, 7, 8])):
        np.testing.assert_array_equal(part, states[:, columns])
        assert np.shares_memory(part, states)


def test_split_state_of_a_complex_recursion_is_complex():
    cell = CELLS["complex diagonal"]
    want = np.array([[1 + 2j, 3 + 4j], [5 + 6j, 7 + 8j]])
    states = want.view(float)
    found = cell.split_state(states)["h"]
    np.testing.assert_array_equal(found, want, strict=True)
    assert np.shares_memory(found, states)
    within = np.zeros((2, 7))
    within[:, 1:5] = states
    assert np.shares_memory(cell.split_state(within[:, 1:5])["h"], within)
    for other in (
        np.asfortranarray(states),
        np.repeat(states, 2, axis=1)[:, ::2],
        states.astype(int),
        states.astype(">f8"),
    ):
        np.testing.assert_array_equal(cell.split_state(other)["h"], want, strict=True)
    found = cell.astype("f4").split_state(states.astype("f4"))["h"]
    np.testing.assert_array_equal(found, want.astype("c8"), strict=True)


def test_all_parameters_of_a_complex_recursion_are_complex():
    cell = Diagonal([0.5, 2], [[1], [1j]], np.array([1.0, 2.0]))
    assert {array.dtype for array in cell.parameters.values()} == {np.dtype("c16")}
    assert (cell.dtype, cell.output_size, cell.is_complex) == (np.float64, 4, True)
    assert cell.replace(weight_ih=[[1.0], [1.0]]).is_complex and not Diagonal([0.5]).is_complex
    assert Diagonal(np.complex64([1j]), np.float32([[1]])).dtype == np.float32


def test_an_lstm_is_replaced_and_loses_parameters_by_name():
    cell = CELLS["lstm"]
    assert "weight_ci" not in cell.replace(weight_ci=None).parameters
    assert cell.replace(weight_ih=None).input_size == 0
    assert (cell.output_size, cell.state_size) == (2, 4)
    assert CELLS["gru"].replace(reset_after=True).reset_after is True
    assert CELLS["gated diagonal"].replace(nonlinearity="relu").options == {
        "nonlinearity": "relu",
        "gate_nonlinearity": "tanh",
    }


def test_a_delay_line_has_options_in_the_place_of_parameters():
    cell = DelayLine(3, np.int64(2), dtype=np.float32)
    assert cell.parameters == {}
    assert cell.options == {"steps": 3, "input_size": 2, "dtype": "float32"}
    assert (cell.steps, cell.input_size, cell.output_size, cell.state_size) == (3, 2, 6, 6)
    assert repr(cell) == "DelayLine(steps=3, input_size=2, output_size=6, state_size=6, dtype=float32)"
    assert cell.astype("float64").options == {"steps": 3, "input_size": 2, "dtype": "float64"}
    assert cell.replace(steps=4).state_size == 8
    state = np.arange(12.0).reshape(2, 6)
    assert list(cell.split_state(state)) == ["x"] and np.shares_memory(cell.split_state(state)["x"], state)
    chain = Chain([cell, Dense(np.ones((1, 6), np.float32))]).astype("float64")
    assert [layer.dtype for layer in chain.layers] == [np.float64, np.float64]
    assert list(chain.split_state(np.zeros(6))) == ["0.x"]


def test_a_chain_says_how_a_delay_line_gets_the_dtype_of_its_neighbours():
    with pytest.raises(TypeError, match=r"layer 0 \(DelayLine\) is float64 but layer 1 \(Dense\) is float32; .*astype"):
        Chain([DelayLine(2, 1), Dense(np.float32([[1, 2]]))])


def test_sizes_follow_the_parameters(cell):
    trajectory = simulate(cell, steps=2)
    assert trajectory.outputs.shape == (2, cell.output_size)
    assert trajectory.final_state.shape == (cell.state_size,)
    assert f"output_size={cell.output_size}" in repr(cell)


def test_a_trajectory_tells_its_shapes_and_gives_its_fields():
    trajectory = simulate(CELLS["linear"], np.ones((4, 1)), backend="reference")
    assert repr(trajectory) == (
        "Trajectory(steps=4, outputs=(4, 2), states=None, final_state=(2,), dtype=float64, backend='reference')"
    )
    assert list(trajectory.to_dict()) == ["outputs", "states", "final_state", "steps", "backend"]
    with pytest.raises(AttributeError):
        trajectory.steps = 5
