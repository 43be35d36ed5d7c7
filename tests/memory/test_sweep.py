"""Grids of networks, point by point what single calls give."""

import numpy as np
import pytest
import scipy.sparse

from rnncore import (
    GRU,
    LSTM,
    Chain,
    Dense,
    Diagonal,
    Elman,
    GatedDiagonal,
    Linear,
    memory_capacity,
    memory_horizon,
    memory_sweep,
)
from rnncore.memory.variation import varied


def test_horizons_of_a_grid_of_scalar_recursions_are_known(rng):
    cell = Elman([[1.0]], [[1.0]], nonlinearity="identity")
    found = memory_sweep(cell, rng.normal(size=(3000, 1)), recurrent=[0.5, 0.9], leak=[1, 0.5])
    multipliers = np.array([[0.5, 0.75], [0.9, 0.95]])  # 1 - a + a w
    np.testing.assert_array_equal(found.values, np.ceil(np.log(0.01) / np.log(multipliers)))
    np.testing.assert_allclose(found.rates, np.log(multipliers), rtol=1e-9)
    assert list(found.axes) == ["recurrent", "leak"]


def test_each_point_is_what_a_single_call_gives(rng):
    cell = Elman([[0.8]], [[1.0]], [0.1], nonlinearity="elu")
    inputs = rng.normal(size=(800, 1))
    options = {"max_lag": 20, "starts": 60}
    found = memory_sweep(cell, inputs, recurrent=[0.5, 1.0], bias=[-1.0, 1.0], input=[1.0, -1.0], **options)
    assert found.results.shape == (2, 2, 2)
    single = memory_horizon(
        cell.replace(weight_hh=[[0.4]], bias_ih=[1.1]), -inputs, **options
    )  # fmt: skip
    # The batch draws other starts: medians of sixty.
    np.testing.assert_allclose(found.results[0, 1, 1].curve[:5], single.curve[:5], rtol=0.2)
    capacities = memory_sweep(cell, inputs, measure="capacity", input=[1.0, -2.0], max_lag=6, surrogates=0)
    for factor, one in zip((1.0, -2.0), capacities.results):
        alone = memory_capacity(cell, factor * inputs, max_lag=6, surrogates=0)
        np.testing.assert_allclose(one.raw, alone.raw, atol=1e-10)
    assert capacities.rates is None
    assert capacities.to_dict()["values"].shape == (2,)


def test_without_axes_there_is_one_point(rng):
    found = memory_sweep(Linear([[0.5]], [[1.0]]), rng.normal(size=(500, 1)))
    assert found.results.shape == ()
    assert found.values == 7


def test_what_is_not_forgotten_is_infinite(rng):
    found = memory_sweep(Linear([[0.5]], [[1.0]]), rng.normal(size=(500, 1)), recurrent=[1.0, 2.0])
    np.testing.assert_array_equal(found.values, [7, np.inf])
    assert "inf" in repr(found)


def test_biases_are_those_that_keep(rng):
    gates = varied(LSTM(np.zeros((8, 2)), np.zeros((8, 1)), np.arange(8.0)), None, None, 10.0).parameters["bias_ih"]
    np.testing.assert_array_equal(gates, [0, 1, 12, 13, 4, 5, 6, 7])
    gates = varied(GRU(np.zeros((6, 2)), np.zeros((6, 1))), None, None, 1.0).parameters["bias_ih"]
    np.testing.assert_array_equal(gates, [0, 0, 1, 1, 0, 0])
    gates = varied(GatedDiagonal(np.zeros((2, 1)), np.zeros((2, 1))), None, None, -1.0).parameters["bias_gate"]
    np.testing.assert_array_equal(gates, [-1, -1])
    modes = varied(Diagonal([0.5j, 0.1], [[1.0], [1.0]]), 2.0, None, 3.0).parameters
    np.testing.assert_array_equal(modes["weight_hh"], [1j, 0.2])
    np.testing.assert_array_equal(modes["bias"], [3, 3])


def test_every_layer_of_a_chain_that_is_concerned_changes():
    sparse = Elman(scipy.sparse.csr_array(np.eye(2)), np.ones((2, 1)))
    chain = Chain([sparse, Dense(np.ones((1, 2))), Linear([[1.0]], [[1.0]])]).astype(np.float32)
    changed = varied(chain, 0.5, 0.25, None)
    assert changed.dtype == np.float32
    assert changed.layers[0].leak == 0.25
    np.testing.assert_array_equal(changed.layers[0].parameters["weight_hh"].toarray(), 0.5 * np.eye(2))
    np.testing.assert_array_equal(changed.layers[2].parameters["weight_hh"], [[0.5]])


@pytest.mark.parametrize(
    ("cell", "options", "words"),
    [
        (Linear([[0.5]], [[1.0]]), {"leak": [0.5]}, "leak cannot be varied"),
        (GatedDiagonal([[1.0]], [[1.0]]), {"recurrent": [0.5]}, "recurrent cannot be varied"),
        (Dense([[1.0]]), {"bias": [0.5]}, "bias cannot be varied"),
        (Linear([[0.5]], [[1.0]]), {"recurrent": []}, "recurrent must be a sequence of numbers"),
        (Linear([[0.5]], [[1.0]]), {"recurrent": 0.5}, "recurrent must be a sequence of numbers"),
        (Linear([[0.5]], [[1.0]]), {"input": [np.inf]}, "input must be finite"),
        (Linear([[0.5]], [[1.0]]), {"measure": "both"}, "measure must be one of"),
        (Elman([[0.5]], [[1.0]]), {"leak": [0.0]}, "leak must be in"),
    ],
)
def test_bad_axes_are_named(cell, options, words):
    with pytest.raises(ValueError, match=words):
        memory_sweep(cell, np.ones((50, 1)), **options)


def test_what_is_no_cell_or_no_single_series_is_named():
    with pytest.raises(TypeError, match="cell must be a cell"):
        memory_sweep(None, np.ones((50, 1)))
    with pytest.raises(ValueError, match="inputs must have shape"):
        memory_sweep(Linear([[0.5]], [[1.0]]), np.ones((50, 2, 1)))
