"""A file from which a killed run goes on; it belongs to one run alone."""

import hashlib
import os

import numpy as np
from numpy.lib.npyio import NpzFile

from ..errors import FormatError
from ..whole_files import whole_file

_WHOLE_BYTES = 1 << 24
_SAMPLED_ROWS = 64


class ResumeFile:
    """Named arrays beside the fingerprint of the run they belong to.

    Parameters
    ----------
    path : path
    fingerprint : str
    """

    def __init__(self, path, fingerprint):
        if not isinstance(path, (str, bytes, os.PathLike)):
            raise TypeError(f"resume must be a path, got {path!r}")
        self.path, self.fingerprint = os.fspath(path), fingerprint

    def read(self, names):
        """The arrays by name, or None where there is no file yet.

        Parameters
        ----------
        names : iterable of str
            Of the arrays that the file must hold.

        Raises
        ------
        ValueError
            The file is that of another run.
        FormatError
            It is no such file.
        """
        if not os.path.exists(self.path):
            return None
        with open(self.path, "rb") as archive:
            try:
                with NpzFile(archive) as file:
                    arrays = dict(file)
                fingerprint = str(arrays.pop("fingerprint"))
            except Exception as error:  # broken bytes make zipfile and numpy raise half of what there is
                raise FormatError(f"resume: {self.path} is no file to resume from: {error}") from None
        if fingerprint != self.fingerprint:
            raise ValueError(
                f"resume: {self.path} is of another run: its cell, inputs, state, options or backend differ; "
                "give another path, or remove the file to start anew"
            )
        if missing := set(names) - set(arrays):
            raise FormatError(f"resume: {self.path} is no file to resume from: it holds no {min(missing)!r}")
        return arrays

    def write(self, arrays):
        with whole_file(self.path) as path, open(path, "wb") as file:
            np.savez(file, fingerprint=self.fingerprint, **arrays)


def fingerprint(run, options):
    """Of a run's cell, inputs and state, and of ``options``; of arrays beyond 16 MB 64 rows are looked at."""
    digest = hashlib.sha256(repr((run.cell, run.steps, run.batch, sorted(options.items()))).encode())
    arrays = {"state": run.state, **run.cell.parameters}
    if run.inputs is not None:
        arrays["inputs"] = run.inputs
    for name, array in arrays.items():
        for part in (array,) if isinstance(array, np.ndarray) else (array.data, array.indices, array.indptr):
            digest.update(repr((name, part.shape, part.dtype.str)).encode())
            if part.nbytes > _WHOLE_BYTES:
                part = part[np.linspace(0, len(part) - 1, _SAMPLED_ROWS).astype(np.int64)]
            digest.update(np.ascontiguousarray(part))
    return digest.hexdigest()
