"""What a scan refuses, and in which words."""

import numpy as np
import pytest

from rnncore import GRU, LSTM, Chain, Dense, Diagonal, Elman, Linear, MatrixSequence, simulate

REFUSED = {
    "Elman": Elman([[0.5]], [[1.0]]),
    "LSTM": LSTM(np.zeros((4, 1)), np.zeros((4, 1))),
    "GRU": GRU(np.zeros((3, 1)), np.zeros((3, 1))),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_cell_that_is_not_affine_in_its_state(name, backend):
    with pytest.raises(ValueError, match=f'scan="associative" needs .* the cell is of type {name}$'):
        simulate(REFUSED[name], np.zeros((9, 1)), scan="associative", backend=backend)


@pytest.mark.parametrize("name", REFUSED)
def test_a_layer_that_is_not(name):
    chain = Chain([Dense([[1.0]]), Diagonal([0.5], [[1.0]]), REFUSED[name], Linear([[0.5]], [[1.0]])])
    with pytest.raises(ValueError, match=f"layer 2 is of type {name}$"):
        simulate(chain, np.zeros((9, 1)), scan="associative")


def test_matrices_of_their_own_for_every_step():
    with pytest.raises(ValueError, match=r"the cell is of type MatrixSequence$"):
        simulate(MatrixSequence(np.ones((9, 1, 1))), scan="associative")


@pytest.mark.parametrize("scan", [None, True, "parallel", "", 1, b"sequential", ["associative"]])
def test_a_scan_that_is_none(scan):
    with pytest.raises(ValueError, match=r'scan must be "sequential" or "associative", got '):
        simulate(Linear([[0.5]], [[1.0]]), np.zeros((9, 1)), scan=scan)


def test_nothing_is_written_before_the_refusal(tmp_path):
    with pytest.raises(ValueError, match="Elman"):
        simulate(REFUSED["Elman"], np.zeros((9, 1)), scan="associative", out=tmp_path / "out.npy")
    assert not list(tmp_path.iterdir())
    out = np.full((9, 1), 7.0)
    with pytest.raises(ValueError, match="Elman"):
        simulate(REFUSED["Elman"], np.zeros((9, 1)), scan="associative", out=out)
    assert (out == 7).all()


def test_a_dense_network_has_nothing_to_scan_and_is_let_through(backend):
    cell, inputs = Dense([[2.0]]), np.arange(9.0)[:, None]
    np.testing.assert_array_equal(
        simulate(cell, inputs, scan="associative", backend=backend).outputs,
        simulate(cell, inputs, backend=backend).outputs,
    )


def test_progress_counts_every_step():
    told = []
    simulate(
        Diagonal([0.5]), steps=700_000, scan="associative", keep="last",
        progress=lambda done, steps: told.append((done, steps)),
    )  # fmt: skip
    assert told[-1] == (700_000, 700_000)
    assert len(told) > 1
