"""Ctrl-C ends a way forward and a way back alike, and leaves no file."""

import pytest

from ..long_runs.test_interrupt import PROGRAM, interrupt

FORWARD = {
    "gradients": "gradients(cell, None, np.ones((batch, size)), steps=2**40, at='last', {limit}**options)",
    "record": "record(cell, steps=2**40, keep='last', {limit}**options)",
}
# A thousand ways back along one recording, which is more than a machine does in the ten seconds.
BACKWARD = """truncated_gradients(
    cell, None, np.ones((batch, size)), steps=20_000, at='last', truncations=range(1, 1001), {limit}**options)
"""


@pytest.mark.parametrize("batch, size", [(1, 1), (1, 64), (1, 1500), (30, 100)])
@pytest.mark.parametrize("call", FORWARD)
def test_an_interrupt_ends_the_way_forward(call, batch, size, backend, tmp_path):
    call = FORWARD[call].format(limit="memory_limit='2 GB', ")
    interrupt(PROGRAM.format(call=call, begun=0), 0.3, tmp_path, backend, batch, size)


@pytest.mark.parametrize("limit", ["", "memory_limit='8 MB', "])
def test_an_interrupt_ends_the_way_back(limit, backend, tmp_path):
    call = BACKWARD.format(limit=limit)
    interrupt(PROGRAM.format(call=call, begun=0.002), 0.3, tmp_path, backend, 1, 200)


def test_an_interrupt_leaves_neither_checkpoints_nor_an_unfinished_file(backend, tmp_path):
    call = """gradients(
    cell.replace(weight_ih=np.ones((size, 1))), np.ones((2**24, 1), 'i1'), np.ones((batch, size)), at='last',
    memory_limit='20 MB', checkpoint_path=folder + '/states', out=folder + '/out.npy', **options)
"""
    interrupt(PROGRAM.format(call=call, begun=0), 0.3, tmp_path, backend, 1, 32)
    assert not list(tmp_path.iterdir())
