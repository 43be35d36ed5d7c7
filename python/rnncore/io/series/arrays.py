"""Series from NumPy's files; .npy is memory-mapped."""

import numpy as np

from ...errors import FormatError
from ..npz import open_archive, read_arrays


def read_npy(path):
    try:
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OverflowError, SyntaxError) as error:
        message = str(error)
        if "pickle" in message or "Python objects" in message or "hasobject" in message:
            with open(path, "rb") as file:
                numpy_file = file.read(6) == b"\x93NUMPY"
            detail = "holds Python objects, which are never read" if numpy_file else "offset 0: not an .npy file"
            raise FormatError(f"{path}: {detail}") from None
        raise FormatError(f"{path}: truncated or damaged: {message}") from None
    if not isinstance(values, np.ndarray):
        values.close()
        raise FormatError(f"{path}: this is an .npz archive under the name of an .npy file")
    return _as_channels(values, path)


def read_npz_series(path, key):
    with open_archive(path) as archive:
        keys = archive.files
    if key is None and len(keys) != 1:
        raise FormatError(f"{path}: holds {', '.join(keys) or 'nothing'}; name the array to use with key")
    key = keys[0] if key is None else key
    if key not in keys:
        raise FormatError(f"{path}: no key {key!r}; it holds {', '.join(keys) or 'nothing'}")
    return _as_channels(read_arrays(path, [key])[key], f"{path}: key {key!r}")


def _as_channels(values, path):
    if values.dtype.kind not in "biuf":
        raise FormatError(f"{path}: must hold real numbers, got dtype {values.dtype}")
    if values.ndim == 1:
        values = values[:, None]
    if values.ndim not in (2, 3):
        raise FormatError(f"{path}: must have shape (T,), (T, channels) or (T, batch, channels), got {values.shape}")
    if values.shape[-1] == 0:
        raise FormatError(f"{path}: has no columns, its shape is {values.shape}")
    return values
