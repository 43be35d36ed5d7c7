"""What truncation loses, against gradients cut by hand."""

import numpy as np
import pytest

from rnncore import Chain, Dense, Linear, gradients, truncated_gradients

from ..contract.examples import experiment


def test_a_truncation_as_long_as_the_run_is_exact(backend, dtype):
    case = experiment("lstm", dtype, steps=300, batch=2)
    cotangent = np.random.default_rng(0).normal(size=(300, 2, 5))
    options = {"state": case.state, "backend": backend}
    want = gradients(case.cell, case.inputs, cotangent, **options)
    for truncation in (300, 301, 2**60):
        got = gradients(case.cell, case.inputs, cotangent, truncation=truncation, **options)
        np.testing.assert_array_equal(got.state, want.state)
        np.testing.assert_array_equal(got.inputs, want.inputs)


def test_the_cotangent_of_the_last_output_goes_back_so_many_steps(backend):
    found = gradients(Linear([[0.5]], [[1.0]]), np.ones((9, 1)), [1.0], at="last", truncation=3, backend=backend)
    np.testing.assert_array_equal(found.inputs[:, 0], [0, 0, 0, 0, 0, 0, 0.25, 0.5, 1])
    assert found.state[0] == 0


def test_errors_are_those_of_a_geometric_series(backend):
    # Under constant inputs of 1 from where they leave it, h = 2, ∂D/∂a of D = h_T is 2 (1 - a^k) / (1 - a) after k
    # steps: what is missing beyond k of T is (a^k - a^T) / (1 - a^T).
    a, steps = 0.5, 40
    cell = Linear([[a]], [[1.0]])
    found = truncated_gradients(
        cell, np.ones((steps, 1)), [1.0], state=[2.0], at="last", truncations=[8, 2, 2, 40, 64], backend=backend
    )
    k = np.array([2, 8, 40, 64])
    np.testing.assert_array_equal(found.truncations, k)
    want = (a ** np.minimum(k, steps) - a**steps) / (1 - a**steps)
    np.testing.assert_allclose(found.relative_errors, want, rtol=1e-14, atol=0)
    np.testing.assert_allclose(found.norm_ratios, 1 - want, rtol=1e-14)
    np.testing.assert_allclose(found.cosines, 1, rtol=1e-15)
    assert set(found.by_parameter) == {"weight_hh", "weight_ih"}
    assert found.exact.parameters["weight_hh"].item() == pytest.approx(4 * (1 - a**steps))


def test_what_came_too_long_ago_is_not_seen_at_all(backend):
    # One input 20 steps before the output that depends on it; the readout's bias needs no memory.
    cell = Chain([Linear([[0.9]], [[1.0]]), Dense([[1.0]], [0.0])])
    found = truncated_gradients(cell, np.eye(21, 1), [1.0], at="last", truncations=[20, 21], backend=backend)
    np.testing.assert_array_equal(found.by_parameter["0.weight_ih"], [1, 0])
    np.testing.assert_array_equal(found.by_parameter["1.bias"], [0, 0])
    assert 0 < found.cosines[0] < 1 and found.cosines[1] == pytest.approx(1, rel=1e-15)


def test_it_is_gradients_side_by_side(backend):
    case = experiment("chain-diagonal", np.dtype("float64"), steps=300)
    cotangent = np.random.default_rng(0).normal(size=(300, case.cell.output_size))
    options = {"state": case.state, "backend": backend}
    told = []
    found = truncated_gradients(case.cell, case.inputs, cotangent, progress=lambda *done: told.append(done), **options)
    np.testing.assert_array_equal(found.truncations, 2 ** np.arange(9))
    assert told[-1] == (300 * 11, 300 * 11)
    exact, cut = (flat(gradients(case.cell, case.inputs, cotangent, truncation=k, **options)) for k in (None, 4))
    assert found.relative_errors[2] == pytest.approx(np.linalg.norm(cut - exact) / np.linalg.norm(exact), rel=1e-12)
    assert found.cosines[2] == pytest.approx(cut @ exact / np.linalg.norm(cut) / np.linalg.norm(exact), rel=1e-12)
    only = truncated_gradients(case.cell, case.inputs, cotangent, wrt=["0.bias"], truncations=4, **options)
    np.testing.assert_array_equal(only.relative_errors, found.by_parameter["0.bias"][2:3])


def flat(found):
    arrays = [np.ascontiguousarray(array).ravel() for array in found.parameters.values()]
    return np.concatenate([array.view(np.float64) for array in arrays])


def test_gradients_that_are_zero_have_no_direction(backend):
    found = truncated_gradients(Linear([[0.5]]), None, np.zeros((4, 1)), steps=4, backend=backend)
    np.testing.assert_array_equal(found.relative_errors, [0, 0])
    assert np.isnan(found.cosines).all()


def test_the_figure_says_from_where_on_it_is_good_enough(backend):
    import matplotlib

    matplotlib.use("Agg")
    found = truncated_gradients(
        Linear([[0.5]], [[1.0]]), np.ones((40, 1)), [1.0], state=[2.0], at="last", backend=backend
    )
    ax = found.plot()
    # (1/2)^4 is the first power of four, eight, … below 10 %.
    assert any("within 10 % from k = 4 on" in text.get_text() for text in ax.texts)
    np.testing.assert_array_equal(ax.lines[-2].get_xdata(), found.truncations)
    assert found.to_dict()["exact"]["steps"] == 40 and "k = 1" in repr(found)
