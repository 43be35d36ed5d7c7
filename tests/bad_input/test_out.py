"""``out=`` that cannot receive the result: refused by name, and nothing is lost."""

import errno
import os
import re
import stat

import numpy as np
import pytest

from rnncore import Elman, Linear, MatrixSequence, simulate

from ..programs import output_of

CELL = Elman(np.eye(3) / 2, np.ones((3, 3)))
U = np.ones((6, 3))


def read_only(array):
    array.flags.writeable = False
    return array


REFUSED = [
    (np.empty((5, 3)), ValueError, "out must have shape (6, 3), got (5, 3)"),
    (np.empty((7, 3)), ValueError, "out must have shape (6, 3), got (7, 3)"),
    (np.empty((6, 1, 3)), ValueError, "out must have shape (6, 3), got (6, 1, 3)"),
    (np.empty(18), ValueError, "out must have shape (6, 3), got (18,)"),
    (np.empty((6, 3), "f4"), TypeError, "out must have the cell's dtype float64, got float32"),
    (np.empty((6, 3), ">f8" if np.little_endian else "<f8"), TypeError, "out must have the cell's dtype float64, got"),
    (np.empty((6, 3), complex), TypeError, "out must have the cell's dtype float64, got complex128"),
    (np.empty((6, 3), object), TypeError, "out must have the cell's dtype float64, got object"),
    (read_only(np.empty((6, 3))), ValueError, "out is read-only"),
    (np.broadcast_to(np.empty(3), (6, 3)), ValueError, "out is read-only"),
    (np.lib.stride_tricks.as_strided(np.empty(3), (6, 3), (0, 8)), ValueError, "out has elements that share memory"),
    (
        np.lib.stride_tricks.sliding_window_view(np.empty(8), 3, writeable=True),
        ValueError,
        "out has elements that share memory: shape (6, 3), strides (8, 8)",
    ),
    ([[0.0] * 3] * 6, TypeError, "out must be an array, a memory map or a file path, got list"),
    (b"file.npy", TypeError, "out must be an array, a memory map or a file path, got bytes"),
    (3, TypeError, "out must be an array, a memory map or a file path, got int"),
]


@pytest.mark.parametrize("out, kind, message", REFUSED, ids=[message for _, _, message in REFUSED])
def test_a_wrong_out_is_refused(out, kind, message):
    with pytest.raises(kind, match=re.escape(message)):
        simulate(CELL, U, out=out)


def test_the_last_output_of_no_steps_has_no_place_to_go(tmp_path):
    with pytest.raises(ValueError, match="out would receive nothing"):
        simulate(CELL, U[:0], keep="last", out=tmp_path / "last.npy")


def test_out_over_the_inputs_is_refused():
    memory = np.ones((6, 6))
    for inputs, out in (
        (memory[:, :3], memory[:, :3]),
        (memory[:, :3], memory[:, 2:5]),
        (memory[:, ::2], memory[::-1, 1:4]),
    ):
        with pytest.raises(ValueError, match="out overlaps inputs in memory; give it memory of its own"):
            simulate(CELL, inputs, out=out)
    assert (memory == 1).all()


def test_out_over_the_matrices_is_refused():
    matrices = np.ones((4, 2, 2))
    with pytest.raises(ValueError, match="out overlaps matrices in memory"):
        simulate(MatrixSequence(matrices), state=[1.0, 1.0], out=matrices[:, 0])
    assert (matrices == 1).all()


def test_two_maps_of_one_file_overlap_where_their_bytes_do(tmp_path):
    path, link = tmp_path / "series", tmp_path / "link"
    np.ones((12, 3)).tofile(path)
    link.symlink_to(path)
    inputs = np.memmap(path, float, "r", shape=(6, 3))
    for offset in (0, 24, 5 * 24):
        with pytest.raises(ValueError, match="out overlaps inputs in memory"):
            simulate(CELL, inputs, out=np.memmap(link, float, "r+", offset, (6, 3)))
    simulate(CELL, inputs[:3], out=np.memmap(link, float, "r+", 3 * 24, (3, 3)))
    private = np.memmap(path, float, "c", shape=(6, 3))
    simulate(CELL, inputs, out=private)
    assert (np.fromfile(path).reshape(12, 3)[:3] == 1).all()


def test_a_result_file_mapped_again_overlaps_the_result(tmp_path):
    result = simulate(CELL, U, out=tmp_path / "result.npy").outputs
    with pytest.raises(ValueError, match="out overlaps inputs in memory"):
        simulate(CELL, result, out=np.load(tmp_path / "result.npy", mmap_mode="r+"))


def test_a_path_that_cannot_be_written_is_an_error_naming_it(tmp_path):
    (tmp_path / "file").write_text("kept")
    for path, kind in (
        (tmp_path / "missing" / "out.npy", FileNotFoundError),
        (tmp_path / "file" / "out.npy", NotADirectoryError),
        (tmp_path, IsADirectoryError),
        (tmp_path / ("n" * 300), OSError),
        ("/dev/null", FileExistsError),
    ):
        with pytest.raises(kind, match="cannot write") as caught:
            simulate(CELL, U, out=path)
        assert str(caught.value.filename) == str(path)
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "kept"


def test_a_run_that_fails_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "out.npy"
    np.save(path, [1.0, 2.0])

    def stop(done, total):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        simulate(CELL, U, out=path, progress=stop)
    with pytest.raises(ArithmeticError):
        simulate(Linear([[1e200]]), steps=9, state=[1.0], out=path, raise_nonfinite=True)
    np.testing.assert_array_equal(np.load(path), [1.0, 2.0])
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.npy"]


def test_a_new_result_replaces_the_old_file_and_keeps_links_and_permissions(tmp_path):
    path, link = tmp_path / "out.npy", tmp_path / "link.npy"
    np.save(path, [1.0, 2.0])
    path.chmod(0o640)
    link.symlink_to(path)
    simulate(CELL, U, out=link)
    assert link.is_symlink()
    assert np.load(path).shape == (6, 3)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_new_file_has_the_permissions_the_umask_gives(tmp_path):
    (tmp_path / "plain").touch()
    simulate(CELL, U, out=tmp_path / "out.npy")
    assert (tmp_path / "out.npy").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_map_still_open_on_the_old_file_keeps_the_old_numbers(tmp_path):
    path = tmp_path / "series.npy"
    np.save(path, U)
    inputs = np.load(path, mmap_mode="r")
    simulate(CELL, inputs, out=path)
    np.testing.assert_array_equal(inputs, U)
    np.testing.assert_array_equal(np.load(path), simulate(CELL, U).outputs)


FULL_DISK = """
import resource, sys
import numpy as np, rnncore
np.save(sys.argv[1], [1.0, 2.0])
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
try:
    rnncore.simulate(rnncore.Linear(np.eye(64)), steps=1 << 20, out=sys.argv[1])
except OSError as error:
    print(error.errno, error.filename, error.strerror, sep="|")
"""


def test_no_room_for_the_result_is_an_error_before_work_starts(tmp_path):
    # A limit on the size of files stands in for the end of the disk: it needs no rights to set.
    path = tmp_path / "out.npy"
    number, name, text = output_of(FULL_DISK, path).strip().split("|")
    assert (int(number), name) == (errno.EFBIG, str(path))
    assert text.startswith("cannot write")
    np.testing.assert_array_equal(np.load(path), [1.0, 2.0])
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.npy"]


def test_a_sparse_file_gets_its_disk_blocks_before_the_first_step(tmp_path):
    # A write into a hole of a full disk would be a bus error later.
    out = np.memmap(tmp_path / "out", float, "w+", 4096, (1000, 100))
    assert os.stat(tmp_path / "out").st_blocks * 512 < out.nbytes
    allocated = []
    simulate(
        Linear(np.eye(100)),
        steps=1000,
        out=out,
        chunk=10,
        progress=lambda done, total: allocated.append(os.stat(tmp_path / "out").st_blocks * 512),
    )
    assert allocated[0] >= out.nbytes


def test_a_map_whose_file_is_gone_still_receives_the_result(tmp_path):
    out = np.memmap(tmp_path / "out", float, "w+", shape=(6, 3))
    os.unlink(tmp_path / "out")
    (tmp_path / "out").write_bytes(b"another file")
    simulate(CELL, U, out=out)
    np.testing.assert_array_equal(out, simulate(CELL, U).outputs)
    assert (tmp_path / "out").read_bytes() == b"another file"
