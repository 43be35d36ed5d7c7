"""``out=``: the same bits wherever they go."""

import numpy as np
import pytest

from rnncore import simulate

from .examples import STEPS, experiment
from .layouts import unaligned

KINDS = ["elman-tanh", "dense-tanh", "matrix-sequence", "chain-readout", "linear-sparse", "chain-lstm-last"]
KEEP = ["outputs", "states", "last", 4]


def result_of(trajectory, keep):
    return trajectory.states if keep == "states" else trajectory.outputs


def places(shape, dtype):
    """Arrays of one shape in every layout that can be written to, inside memory whose rest is to stay."""
    wide = np.full((*(2 * size + 1 for size in shape),), 7, dtype)
    yield "C order", wide, np.full(shape, 7, dtype)
    yield "Fortran order", wide, np.full(shape, 7, dtype, order="F")
    yield "strided", wide, wide[tuple(slice(0, 2 * size, 2) for size in shape)]
    yield "negative strides", wide, wide[tuple(slice(2 * size, 0, -2) for size in shape)]
    yield "part", wide, wide[tuple(slice(1, size + 1) for size in shape)]
    yield "unaligned", wide, unaligned(np.full(shape, 7, dtype))


@pytest.mark.parametrize("keep", KEEP)
@pytest.mark.parametrize("batch", [None, 3])
def test_an_array_of_any_layout_receives_the_result(keep, batch, backend, dtype):
    for name in KINDS:
        case = experiment(name, dtype, batch=batch)
        want = result_of(case.run(backend, keep=keep), keep)
        for layout, memory, out in places(want.shape, dtype):
            memory[...] = 7
            trajectory = case.run(backend, keep=keep, out=out, chunk=5)
            assert result_of(trajectory, keep) is out
            np.testing.assert_array_equal(out, want, strict=True, err_msg=f"{name}, {layout}")
            if np.shares_memory(memory, out):
                assert np.sum(memory != 7) <= out.size, f"{name}, {layout}: memory beside out was written"


@pytest.mark.parametrize("keep", KEEP)
def test_a_memory_map_receives_the_result(keep, backend, dtype, tmp_path):
    case = experiment("chain-readout", dtype, batch=2)
    want = result_of(case.run(backend, keep=keep), keep)
    for offset in (0, 128, 4097):
        out = np.memmap(tmp_path / "out", dtype, "w+", offset, want.shape)
        case.run(backend, keep=keep, out=out, chunk=3)
        out.flush()
        np.testing.assert_array_equal(np.fromfile(tmp_path / "out", dtype, offset=offset), want.ravel(), strict=True)


@pytest.mark.parametrize("keep", KEEP)
def test_a_path_becomes_an_npy_file_with_the_result(keep, backend, dtype, tmp_path):
    case = experiment("chain-readout", dtype)
    want = result_of(case.run(backend, keep=keep), keep)
    for path in (tmp_path / "result.npy", str(tmp_path / "result")):
        got = result_of(case.run(backend, keep=keep, out=path, chunk=3), keep)
        np.testing.assert_array_equal(np.load(path), want, strict=True)
        np.testing.assert_array_equal(got, want, strict=True)
        assert isinstance(got, np.memmap) and str(got.filename) == str(path)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["result", "result.npy"]


def test_the_result_of_no_steps_is_an_empty_file(backend, dtype, tmp_path):
    case = experiment("elman-tanh", dtype)
    assert case.run(backend, stop=0, out=tmp_path / "empty.npy").outputs.shape == (0, 5)
    assert np.load(tmp_path / "empty.npy").shape == (0, 5)


def test_states_go_to_out_and_the_readout_stands_beside_them(backend, dtype):
    case = experiment("chain-readout", dtype)
    out = np.empty((STEPS, case.cell.state_size), dtype)
    trajectory = case.run(backend, keep="states", out=out)
    assert trajectory.states is out
    np.testing.assert_array_equal(trajectory.outputs, case.run(backend).outputs, strict=True)


def test_out_may_be_the_memory_of_the_state_it_starts_from(backend, dtype):
    case = experiment("elman-tanh", dtype)
    state = case.state.copy()
    want = case.run(backend, keep="last").outputs
    simulate(case.cell, case.inputs, state=state, keep="last", out=state, backend=backend)
    np.testing.assert_array_equal(state, want, strict=True)


def test_out_may_lie_between_the_inputs(backend, dtype):
    case = experiment("elman-tanh", dtype, size=2, input_size=2)
    memory = np.zeros((STEPS, 4), dtype)
    memory[:, :2] = case.inputs
    simulate(case.cell, memory[:, :2], state=case.state, out=memory[:, 2:], backend=backend)
    np.testing.assert_array_equal(memory[:, 2:], case.run(backend).outputs, strict=True)
