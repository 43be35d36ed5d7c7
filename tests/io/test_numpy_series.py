"""Series in NumPy's own files."""

import numpy as np
import pytest

from rnncore import FormatError
from rnncore.io import read_series


def test_npy_is_memory_mapped(tmp_path):
    values = np.arange(12.0).reshape(6, 2)
    np.save(tmp_path / "s.npy", values)
    series = read_series(tmp_path / "s.npy")
    assert isinstance(series.values, np.memmap)
    np.testing.assert_array_equal(series.values, values)
    np.testing.assert_array_equal(read_series(tmp_path / "s.npy", [1]).values, values[:, [1]])


@pytest.mark.parametrize("shape, expected", [((5,), (5, 1)), ((5, 2), (5, 2)), ((5, 3, 2), (5, 3, 2))])
@pytest.mark.parametrize("dtype", [">f8", "<f4", "i2", "u1", "?"])
def test_shapes_and_dtypes(shape, expected, dtype, tmp_path):
    np.save(tmp_path / "s.npy", np.ones(shape, dtype))
    assert read_series(tmp_path / "s.npy").values.shape == expected


def test_npz_needs_a_key_where_it_has_several_arrays(tmp_path):
    np.savez(tmp_path / "one.npz", x=np.ones(4))
    np.savez(tmp_path / "two.npz", x=np.ones(4), y=np.zeros(3))
    assert len(read_series(tmp_path / "one.npz")) == 4
    assert len(read_series(tmp_path / "two.npz", key="y")) == 3
    with pytest.raises(FormatError, match="holds x, y"):
        read_series(tmp_path / "two.npz")
    with pytest.raises(FormatError, match="no key 'z'; it holds x, y"):
        read_series(tmp_path / "two.npz", key="z")
    with pytest.raises(ValueError, match=r"only \.npz"):
        read_series(tmp_path / "one.npy", key="z")


@pytest.mark.parametrize(
    "array, message",
    [
        (np.array([1, None]), "Python objects"),
        (np.array([1j]), "complex"),
        (np.array(["a"]), "real numbers"),
        (np.array(3.0), "must have shape"),
        (np.ones((2, 2, 2, 2)), "must have shape"),
        (np.ones((3, 0)), "no columns"),
        (np.array([[1.0], [np.nan]]), "nan at step 1 .*column 0"),
        (np.array([[1.0, np.inf]]), "inf at step 0 .*column 1"),
    ],
)
def test_arrays_that_are_no_series(array, message, tmp_path):
    np.save(tmp_path / "s.npy", array)
    with pytest.raises(FormatError, match=message) as error:
        read_series(tmp_path / "s.npy")
    assert "s.npy" in str(error.value)


def test_every_truncation_is_noticed(tmp_path):
    np.save(tmp_path / "s.npy", np.arange(4.0))
    whole = (tmp_path / "s.npy").read_bytes()
    for length in range(len(whole)):
        (tmp_path / "cut.npy").write_bytes(whole[:length])
        with pytest.raises(FormatError, match=r"cut\.npy"):
            read_series(tmp_path / "cut.npy")


def test_other_files(tmp_path):
    (tmp_path / "s.npy").write_bytes(b"hello world, this is no array")
    with pytest.raises(FormatError, match=r"not an \.npy file"):
        read_series(tmp_path / "s.npy")
    np.savez(tmp_path / "a.npz", x=np.ones(2))
    (tmp_path / "a.npz").rename(tmp_path / "a.npy")
    with pytest.raises(FormatError, match="npz archive"):
        read_series(tmp_path / "a.npy")
    (tmp_path / "s.parquet").write_bytes(b"PAR1")
    with pytest.raises(FormatError, match=r"unknown suffix '\.parquet'"):
        read_series(tmp_path / "s.parquet")
    with pytest.raises(FileNotFoundError):
        read_series(tmp_path / "none.csv")
    with pytest.raises(IsADirectoryError):
        read_series(tmp_path)
