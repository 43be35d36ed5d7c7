"""Progress: a function of (done, total), or a tqdm bar."""

import numpy as np
import pytest

from rnncore import Linear, gradient_norms, lyapunov_spectrum, simulate

CELL = Linear(np.eye(2) / 2)


def test_a_function_is_told_every_chunk(backend):
    told = []
    simulate(CELL, steps=10, chunk=4, progress=lambda *now: told.append(now), backend=backend)
    assert told == [(4, 10), (8, 10), (10, 10)]


def test_without_a_chunk_the_steps_still_add_up(backend):
    told = []
    simulate(CELL, steps=50_000, keep="last", progress=lambda *now: told.append(now), backend=backend)
    done = [steps for steps, _ in told]
    assert done == sorted(set(done)) and done[-1] == 50_000
    assert {total for _, total in told} == {50_000}


@pytest.mark.parametrize("options", [{}, {"chunk": 64}, {"tolerance": 0.5}])
def test_progress_of_a_spectrum_ends_with_all_steps(options, backend):
    told = []
    lyapunov_spectrum(CELL, steps=3000, progress=lambda *now: told.append(now), backend=backend, **options)
    assert told == sorted(told) and told[-1] == (3000, 3000)


@pytest.mark.parametrize("cotangent", [None, [1.0, 0.0]])
def test_progress_of_gradients_ends_with_all_steps(cotangent, backend):
    for lags in (None, 5):
        told = []
        options = {"cotangent": cotangent, "lags": lags, "backend": backend}
        gradient_norms(CELL, steps=300, progress=lambda *now, told=told: told.append(now), **options)
        assert told == sorted(told) and told[-1] == (600, 600)


def test_no_steps_are_no_progress():
    told = []
    simulate(CELL, steps=0, progress=lambda *now: told.append(now))
    assert not told


def test_true_draws_a_bar_to_the_end(capsys):
    simulate(CELL, steps=1234, chunk=100, progress=True)
    shown = capsys.readouterr().err
    assert "simulate: 100%" in shown and "1.23k/1.23k" in shown


@pytest.mark.parametrize("silent", [None, False])
def test_otherwise_nothing_is_drawn(silent, capsys):
    simulate(CELL, steps=10, progress=silent)
    assert capsys.readouterr() == ("", "")


def test_an_error_of_the_function_ends_the_run():
    with pytest.raises(ZeroDivisionError):
        simulate(CELL, steps=10, chunk=4, progress=lambda done, total: 1 / 0)
