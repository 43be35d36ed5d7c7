"""What must not change a scan's result changes not one bit of it."""

import numpy as np
import pytest

from rnncore import Chain, Dense, Diagonal, GatedDiagonal, Linear, simulate

STEPS = 800


def linear(rng, size=6):
    return Linear(0.999 * np.linalg.qr(rng.normal(size=(size, size)))[0], rng.normal(size=(size, 3)))


def diagonal(rng):
    return Diagonal(rng.uniform(-1, 1, 9), rng.normal(size=(9, 3)), rng.normal(size=9))


def diagonal_complex(rng):
    return Diagonal(np.exp(1j * rng.uniform(-3, 3, 5) - 1e-3), rng.normal(size=(5, 3)))


def gated(rng):
    return GatedDiagonal(rng.normal(size=(9, 3)), rng.normal(size=(9, 3)), bias_gate=np.full(9, 4.0))


def chain(rng):
    first, second = linear(rng), gated(rng)
    return Chain(
        [first, Dense(rng.normal(size=(3, 6)) / 9, nonlinearity="tanh"), second, Dense(rng.normal(size=(2, 9)))]
    )


CELLS = [linear, diagonal, diagonal_complex, gated, chain]
pytestmark = pytest.mark.parametrize("build", CELLS, ids=lambda build: build.__name__)


@pytest.fixture(params=[None, 1, 3])
def case(request, build, dtype, rng):
    """A cell and the arguments of ``simulate``, of a batch of that many."""
    cell, lead = build(rng).astype(dtype), () if request.param is None else (request.param,)
    return cell, rng.normal(size=(STEPS, *lead, 3)), rng.normal(size=(*lead, cell.state_size))


def scan(case, backend, **options):
    cell, inputs, state = case
    return simulate(cell, inputs, state=state, backend=backend, scan="associative", **options)


def assert_same_bits(got, want):
    np.testing.assert_array_equal(got.outputs, want.outputs, strict=True)
    np.testing.assert_array_equal(got.final_state, want.final_state, strict=True)


def test_the_number_of_threads(case, backend):
    for keep in ("outputs", "last", 100):
        single = scan(case, backend, keep=keep, threads=1)
        for threads in (2, 3, 7, 100, None):
            assert_same_bits(scan(case, backend, keep=keep, threads=threads), single)


def test_the_segments(case, backend, monkeypatch):
    monkeypatch.setattr("rnncore.scan.program.MOST_PANEL", 256)
    whole = scan(case, backend, chunk=STEPS)
    for chunk in (None, 1, 256, 600):
        assert_same_bits(scan(case, backend, chunk=chunk), whole)


def test_what_is_kept(case, backend):
    everything = scan(case, backend, keep="states", raise_nonfinite=True)
    outputs = scan(case, backend)
    assert_same_bits(outputs, everything)
    for keep in (1, 2, 7, 300, STEPS, STEPS + 1):
        thinned = scan(case, backend, keep=keep)
        # The reference leaves its products to BLAS, which may round a batch of fewer blocks in another way.
        close = 1e3 * np.finfo(outputs.outputs.dtype).eps if backend == "reference" else 0
        np.testing.assert_allclose(thinned.outputs, outputs.outputs[keep - 1 :: keep], rtol=0, atol=close)
        np.testing.assert_allclose(thinned.final_state, outputs.final_state, rtol=0, atol=close)


def test_the_values_of_neighbours(build, backend, dtype, rng):
    cell = build(rng).astype(dtype)
    inputs, state = rng.normal(size=(STEPS, 3, 3)), rng.normal(size=(3, cell.state_size))
    before = scan((cell, inputs, state), backend).outputs
    inputs[500, 1] = np.nan
    after = scan((cell, inputs, state), backend, check_finite=False).outputs
    np.testing.assert_array_equal(after[:, [0, 2]], before[:, [0, 2]])
    assert np.isfinite(after[:500, 1]).all()
    assert np.isnan(after[500:, 1]).all()


def test_sums_are_taken_in_another_order(case, backend):
    # Or the cells of this file would tell nothing of scans.
    cell, inputs, state = case
    step_by_step = simulate(cell, inputs, state=state, backend=backend)
    assert not np.array_equal(scan(case, backend).outputs, step_by_step.outputs)
