"""One series, whatever file it comes from."""

import os
from dataclasses import dataclass

import numpy as np

from ...arrays import first_nonfinite
from ...errors import FormatError
from .arrays import read_npy, read_npz_series
from .csv import read_csv
from .wav import read_wav


@dataclass(frozen=True, eq=False)
class Series:
    """A series of T steps.

    Attributes
    ----------
    values : array, (T, C) or (T, B, C)
        A memory map where the file allows it.
    columns : tuple of str
        Names of the C channels; their numbers where the file has no names.
    source : str
    interval : float
        Time from one step to the next, in ``unit``.
    unit : str
    """

    values: np.ndarray
    columns: tuple
    source: str
    interval: float = 1.0
    unit: str = "steps"

    def __len__(self):
        return len(self.values)


def read_series(path, columns=None, *, key=None):
    """A series from a .csv, .tsv, .txt, .npy, .npz or .wav file.

    Parameters
    ----------
    path : str or path
    columns : sequence of str or int, optional
        Which channels, by name or number from 0 (negative: from the end), in this order. All by default; in text
        files columns that are no numbers, such as dates, are left out then.
    key : str, optional
        Which array of an .npz file, where it has several.

    Raises
    ------
    FormatError
        Empty, truncated, ragged, non-numeric or missing values, with line and column; odd formats, by name.
    OSError
        The file cannot be read.
    """
    path = os.fspath(path)
    suffix = os.path.splitext(path)[1].lower()
    if key is not None and suffix != ".npz":
        raise ValueError(f"key {key!r} given, but only .npz files have keys: {path}")
    interval, unit = 1.0, "steps"
    if os.path.isdir(path):
        raise IsADirectoryError(f"{path} is a folder, not a series")
    if os.path.getsize(path) == 0:
        raise FormatError(f"{path}: the file is empty")
    if suffix in (".csv", ".tsv", ".txt"):
        values, names = read_csv(path, columns)
    elif suffix in (".npy", ".npz"):
        values = read_npy(path) if suffix == ".npy" else read_npz_series(path, key)
        values, names = select_columns(values, [str(i) for i in range(values.shape[-1])], columns, path)
    elif suffix == ".wav":
        values, rate = read_wav(path)
        values, names = select_columns(values, [str(i) for i in range(values.shape[-1])], columns, path)
        interval, unit = 1 / rate, "seconds"
    else:
        raise FormatError(f"{path}: unknown suffix {suffix!r}; series are .csv, .tsv, .txt, .npy, .npz or .wav files")
    if suffix in (".npy", ".npz", ".wav"):
        _check_finite(values, path)
    return Series(values, tuple(names), path, interval, unit)


def select_columns(values, names, columns, path):
    if columns is None:
        return values, names
    chosen = [find_column(column, names, path) for column in columns]
    return values[..., chosen], [names[index] for index in chosen]


def find_column(column, names, path):
    """Index of a column given by name or number; a name wins over a number."""
    if isinstance(column, str) and column in names:
        if names.count(column) > 1:
            raise ValueError(f"{path}: column {column!r} occurs {names.count(column)} times; choose it by number")
        return names.index(column)
    try:
        index = int(column)
    except ValueError:
        raise ValueError(f"{path}: no column {column!r}; there are {', '.join(names)}") from None
    if not -len(names) <= index < len(names):
        raise ValueError(f"{path}: no column {index}; there are {len(names)}: {', '.join(names)}")
    return index % len(names)


def _check_finite(values, path):
    index = first_nonfinite(values, values.dtype)
    if index is not None:
        raise FormatError(f"{path}: {values[index]} at step {index[0]} (counted from 0), column {index[-1]}")
