"""A spectrum that is killed goes on where it was, with the same bits."""

import os
import signal

import numpy as np
import pytest

from rnncore import Elman, FormatError, lyapunov_spectrum

from ..contract.examples import experiment
from ..programs import start
from .test_walk import same


class Stopped(Exception):
    pass


def run(case, backend, path, *, stop=None, **options):
    def progress(done, total):
        if stop is not None and done >= stop:
            raise Stopped

    return lyapunov_spectrum(
        case.cell, case.inputs, steps=case.steps, state=case.state, backend=backend, resume=path, chunk=64,
        progress=progress, **options,
    )  # fmt: skip


@pytest.mark.parametrize("options", [{}, {"qr_interval": 7}, {"k": 1, "burn_in": 0}, {"tolerance": 0.05}])
@pytest.mark.parametrize("name", ["elman-tanh", "chain-deep", "matrix-sequence", "lstm-peepholes"])
def test_a_run_broken_off_twice_has_the_bits_of_an_unbroken_one(name, options, backend, tmp_path):
    case = experiment(name, np.dtype("f4"), size=3, steps=1000, batch=2)
    whole = run(case, backend, None, **options)
    for stop in (100, 700):
        if stop < whole.steps:
            with pytest.raises(Stopped):
                run(case, backend, tmp_path / "r.npz", stop=stop, **options)
    same(run(case, backend, tmp_path / "r.npz", **options), whole)
    assert [path.name for path in tmp_path.iterdir()] == ["r.npz"]


def test_a_finished_run_is_not_walked_again(backend, tmp_path):
    case = experiment("elman-tanh", np.dtype("f8"), size=3, steps=400)
    whole = run(case, backend, tmp_path / "r.npz")
    told = []
    again = lyapunov_spectrum(
        case.cell, case.inputs, state=case.state, backend=backend, resume=tmp_path / "r.npz",
        progress=lambda *now: told.append(now),
    )  # fmt: skip
    same(again, whole)
    assert told == [(400, 400)]


@pytest.mark.parametrize("change", ["cell", "inputs", "state", "seed", "k", "burn_in", "tolerance", "qr_interval"])
def test_the_file_of_another_run_is_refused(change, backend, tmp_path):
    case = experiment("elman-tanh", np.dtype("f8"), size=3, steps=200)
    run(case, backend, tmp_path / "r.npz")
    options = {"seed": 1, "k": 2, "burn_in": 0, "tolerance": 0.1, "qr_interval": 4}
    if change == "cell":
        case.cell = case.cell.replace(bias_hh=np.zeros(3))
    elif change in ("inputs", "state"):
        setattr(case, change, getattr(case, change) + 1e-9)
    with pytest.raises(ValueError, match="is of another run"):
        run(case, backend, tmp_path / "r.npz", **({change: options[change]} if change in options else {}))


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 broken"])
def test_what_is_no_such_file_is_refused(content, tmp_path):
    (tmp_path / "r.npz").write_bytes(content)
    with pytest.raises(FormatError, match=r"r\.npz is no file to resume from"):
        lyapunov_spectrum(Elman([[0.5]]), steps=10, resume=tmp_path / "r.npz")
    np.savez(tmp_path / "other.npz", a=np.ones(3))
    with pytest.raises(FormatError, match="is no file to resume from"):
        lyapunov_spectrum(Elman([[0.5]]), steps=10, resume=tmp_path / "other.npz")


def test_a_file_without_what_it_should_hold_is_refused(tmp_path):
    path = tmp_path / "r.npz"
    lyapunov_spectrum(Elman([[0.5]]), steps=100, resume=path)
    whole = dict(np.load(path))
    for name in set(whole) - {"fingerprint"}:
        np.savez(path, **{other: array for other, array in whole.items() if other != name})
        with pytest.raises(FormatError, match=f"it holds no '{name}'"):
            lyapunov_spectrum(Elman([[0.5]]), steps=100, resume=path)


def test_broken_bytes_are_refused(rng, tmp_path):
    path = tmp_path / "r.npz"
    want = lyapunov_spectrum(Elman([[0.5]]), steps=100, resume=path)
    whole = path.read_bytes()
    for _ in range(200):
        broken = bytearray(whole)
        for place in rng.integers(len(whole), size=3):
            broken[place] = rng.integers(256)
        path.write_bytes(broken)
        try:
            same(lyapunov_spectrum(Elman([[0.5]]), steps=100, resume=path), want)
        except FormatError as error:
            assert "r.npz is no file to resume from" in str(error)


def test_an_array_file_is_refused(tmp_path):
    np.save(tmp_path / "r.npy", np.ones(3))
    with pytest.raises(FormatError, match=r"r\.npy is no file to resume from"):
        lyapunov_spectrum(Elman([[0.5]]), steps=10, resume=tmp_path / "r.npy")


def test_the_same_number_of_another_type_is_the_same_run(tmp_path):
    found = [
        lyapunov_spectrum(Elman([[0.5]]), steps=100, tolerance=tolerance, resume=tmp_path / "r.npz")
        for tolerance in (0.5, np.float64(0.5))
    ]
    same(*found)


def test_a_file_that_cannot_be_written_is_an_error(tmp_path):
    with pytest.raises(OSError, match="no_folder"):
        lyapunov_spectrum(Elman([[0.5]]), steps=10, resume=tmp_path / "no_folder" / "r.npz")


PROGRAM = """
import sys
import numpy as np, rnncore
path, backend, steps = sys.argv[1], sys.argv[2], int(sys.argv[3])
rng = np.random.default_rng(0)
cell = rnncore.Elman(3 * rng.normal(size=(5, 5)) / 5**0.5)
def progress(done, total):
    print(done, flush=True)
found = rnncore.lyapunov_spectrum(
    cell, steps=steps, state=np.ones(5), backend=backend, resume=path, chunk=128, progress=progress
)
print(found.exponents.tobytes().hex())
"""
STEPS = 3000


def test_a_kill_loses_no_more_than_a_chunk(backend, tmp_path):
    killed = start(PROGRAM, tmp_path / "r.npz", backend, STEPS)
    done = 0
    while done < STEPS / 3:
        done = int(killed.stdout.readline())
    os.kill(killed.pid, signal.SIGKILL)
    last = [int(line) for line in killed.communicate()[0].split() if line.isdigit() and len(line) < 9]
    resumed = start(PROGRAM, tmp_path / "r.npz", backend, STEPS)
    lines = resumed.communicate(timeout=120)[0].split()
    assert int(lines[0]) >= max([done, *last])
    unbroken = start(PROGRAM, tmp_path / "other.npz", backend, STEPS).communicate(timeout=120)[0].split()
    assert lines[-1] == unbroken[-1]
