"""Which backend runs: the call's, else that of ``use_backend``, else RNNCORE_BACKEND, else the first that works."""

import re
import threading

import numpy as np
import pytest

import rnncore
from rnncore import BackendUnavailable, Linear, simulate, use_backend
from rnncore.backends import BACKENDS, get_backend

from ..programs import output_of

CELL = Linear(np.eye(2))
BEST = next(name for name in BACKENDS if get_backend(name).unavailable() is None)
CHOSEN = "import rnncore; print(rnncore.simulate(rnncore.Linear([[1.0]]), steps=1).backend)"
WITHOUT_NUMBA = "import sys; sys.modules['numba'] = None\n"  # as if it were not installed


def chosen(**options):
    return simulate(CELL, steps=1, **options).backend


@pytest.fixture(autouse=True)
def no_choice_in_force(monkeypatch):
    monkeypatch.delenv("RNNCORE_BACKEND", raising=False)
    with use_backend(None):
        yield


def test_every_tested_backend_works(backend):
    assert get_backend(backend).unavailable() is None
    assert chosen(backend=backend) == backend


def test_the_fastest_that_works_is_chosen():
    assert chosen() == BEST


def test_use_backend_holds_until_changed(backend):
    use_backend(backend)
    assert chosen() == backend
    use_backend(None)
    assert chosen() == BEST


def test_a_with_block_ends_its_choice(backend):
    with use_backend("reference"):
        assert chosen() == "reference"
        with use_backend(backend):
            assert chosen() == backend
        assert chosen() == "reference"
    assert chosen() == BEST


def test_a_with_block_ends_its_choice_after_an_error():
    with pytest.raises(KeyError), use_backend("reference"):
        raise KeyError
    assert chosen() == BEST


def test_the_calls_backend_comes_first(backend):
    with use_backend("reference"):
        assert chosen(backend=backend) == backend


def test_threads_choose_for_themselves():
    seen = []
    with use_backend("reference"):
        thread = threading.Thread(target=lambda: (seen.append(chosen()), use_backend(None)))
        thread.start()
        thread.join()
        assert chosen() == "reference"
    assert seen == [BEST]


def test_the_environment_chooses(backend, monkeypatch):
    monkeypatch.setenv("RNNCORE_BACKEND", backend)
    assert chosen() == backend
    with use_backend("reference"):
        assert chosen() == "reference"
    assert output_of(CHOSEN, RNNCORE_BACKEND=backend) == f"{backend}\n"


def test_an_empty_environment_variable_chooses_nothing(monkeypatch):
    monkeypatch.setenv("RNNCORE_BACKEND", "")
    assert chosen() == BEST


def test_an_unknown_backend_is_an_error_with_the_known_ones(monkeypatch):
    known = "must be one of native, numba, reference; got 'cuda'"
    with pytest.raises(ValueError, match=re.escape(f"backend {known}")):
        use_backend("cuda")
    assert chosen() == BEST
    monkeypatch.setenv("RNNCORE_BACKEND", "cuda")
    with pytest.raises(ValueError, match=re.escape(f"RNNCORE_BACKEND {known}")):
        chosen()


def test_a_backend_that_cannot_run_says_why_and_is_passed_over_where_nobody_asked_for_it():
    program = WITHOUT_NUMBA + (
        "import rnncore\n"
        "cell = rnncore.Linear([[1.0]])\n"
        "try:\n"
        "    rnncore.simulate(cell, steps=1, backend='numba')\n"
        "except rnncore.BackendUnavailable as error:\n"
        "    print(error)\n"
        "print(rnncore.simulate(cell, steps=1).backend)\n"
    )
    reason, fallback = output_of(program, RNNCORE_BACKEND="").splitlines()
    assert re.fullmatch("backend 'numba' cannot run here: .+", reason)
    assert fallback == (BEST if BEST != "numba" else "reference")


def test_the_environments_backend_that_cannot_run_is_an_error():
    program = WITHOUT_NUMBA + (
        "import rnncore\n"
        "try:\n"
        "    rnncore.simulate(rnncore.Linear([[1.0]]), steps=1)\n"
        "except rnncore.BackendUnavailable as error:\n"
        "    print(error)\n"
    )
    assert "numba" in output_of(program, RNNCORE_BACKEND="numba")
    assert issubclass(BackendUnavailable, RuntimeError)


def test_show_config_tells_of_every_backend(capsys):
    rnncore.show_config()
    shown = capsys.readouterr().out
    for name in BACKENDS:
        assert re.search(rf"backend {name}: (works|does not work: .+)", shown)
    assert re.search(rf"selected +{BEST}", shown)


def test_the_import_needs_neither_scipy_nor_numba_nor_torch():
    program = (
        "import sys, rnncore; print([m for m in ('scipy.sparse', 'numba', 'torch', 'matplotlib') if m in sys.modules])"
    )
    assert output_of(program, RNNCORE_BACKEND="reference") == "[]\n"
