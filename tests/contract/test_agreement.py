"""Every backend gives the reference's answer."""

import numpy as np
import pytest

from rnncore import Elman, simulate

from .examples import EXAMPLES, KINDS, LONG, experiment, experiment_on, tolerance

# Around the widths of vector registers (2 … 16) and their multiples, where the remainders of tiles lie.
SIZES = [1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 100]
BATCHES = [None, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17]


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_backend_equals_the_reference(name, backend, dtype):
    for batch in (None, 3):
        case = experiment(name, dtype, size=13, input_size=3, batch=batch)
        got = case.run(backend, keep="states")
        want = case.run("reference", keep="states")
        close = tolerance(case.cell, want.states, want.outputs)
        np.testing.assert_allclose(got.outputs, want.outputs, rtol=0, atol=close)
        np.testing.assert_allclose(got.states, want.states, rtol=0, atol=close)
        np.testing.assert_allclose(got.final_state, want.final_state, rtol=0, atol=close)


@pytest.mark.parametrize("name", KINDS)
def test_every_size_and_batch_equals_the_reference(name, backend, dtype, rng):
    for index, size in enumerate(SIZES):
        cell = experiment(name, dtype, size=size, input_size=index % 6).cell
        for batch in BATCHES:
            case = experiment_on(cell, rng, steps=3, batch=batch)
            got = case.run(backend).outputs
            want = case.run("reference").outputs
            close = tolerance(cell, want)
            np.testing.assert_allclose(got, want, rtol=0, atol=close, err_msg=f"{cell}, batch={batch}")


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("batch", [None, 37])
def test_a_long_run_equals_the_reference(name, batch, backend, dtype):
    case = experiment(name, dtype, size=12, batch=batch, steps=LONG)
    got, want = case.run(backend).outputs, case.run("reference").outputs
    np.testing.assert_allclose(got, want, rtol=0, atol=tolerance(case.cell, want))


@pytest.mark.parametrize("name", KINDS)
def test_a_batch_equals_its_sequences_alone(name, backend, dtype):
    case = experiment(name, dtype, size=11, batch=9)
    together = case.run(backend).outputs
    close = tolerance(case.cell, together)
    for index in range(9):
        inputs = None if case.inputs is None else case.inputs[:, index]
        alone = case.run(backend, inputs=inputs, state=case.state[index]).outputs
        np.testing.assert_allclose(together[:, index], alone, rtol=0, atol=close)


def test_a_chaotic_network_agrees_step_by_step_from_the_same_states(backend, dtype, rng):
    # Gain 3 is deep in chaos (Sompolinsky et al. 1988): trajectories part, single steps from one state must not.
    size, steps = 100, 200
    cell = Elman(3 / np.sqrt(size) * rng.normal(size=(size, size)), rng.normal(size=(size, 1))).astype(dtype)
    inputs = rng.normal(size=(steps, 1)).astype(dtype)
    states = simulate(cell, inputs, keep="states", backend="reference").states
    each = simulate(cell, inputs[None, 1:], state=states[:-1], backend=backend).outputs[0]
    # |z| sums 101 products: the row sums of |W| times |h| <= 1 and |W_ih x|, a rounding each; tanh adds 2 ULP.
    magnitude = (
        abs(cell.parameters["weight_hh"]).sum(axis=1) + abs(cell.parameters["weight_ih"][:, 0] * inputs[1:])
    ).max()
    atol = 2 * (size + 4) * np.finfo(dtype).eps * magnitude
    np.testing.assert_allclose(each, states[1:], rtol=0, atol=atol)
