"""The safetensors reader against hand-made headers; the safetensors package is the second judge."""

import json

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from rnncore import FormatError
from rnncore.io.safetensors import read_safetensors, write_safetensors


def write(path, header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


def entry(**changes):
    return {"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]} | changes}


@pytest.mark.parametrize(
    "header, data, message",
    [
        (b"not json", b"", "offset 8"),
        (b"[" * 100_000, b"", "offset 8"),
        (b"[]", b"", "JSON object"),
        ({"__metadata__": {"a": 1}}, b"", "__metadata__"),
        ({"w": 3}, b"", "'w': data_offsets"),
        (entry(data_offsets=[8, 0]), bytes(8), "'w': data_offsets"),
        (entry(data_offsets=[-8, 0]), bytes(8), "'w': data_offsets"),
        (entry(data_offsets=[0, True]), bytes(8), "'w': data_offsets"),
        (entry(data_offsets=[4, 12]), bytes(12), "begins at offset"),
        (entry(shape=[3]), bytes(8), "does not fill"),
        (entry(shape=[-2]), bytes(8), "shape must"),
        (entry(shape="2"), bytes(8), "shape must"),
        (entry(shape=[2**62, 4]), bytes(8), "does not fill"),
        (entry(dtype="F16"), bytes(8), "float16"),
        (entry(dtype="BF16"), bytes(8), "bfloat16"),
        (entry(dtype="F8_E4M3"), bytes(8), "unknown dtype"),
        (entry(), bytes(7), "truncated"),
        (entry(), bytes(9), "1 bytes after"),
    ],
)
def test_malformed_files_are_refused_with_the_place(header, data, message, tmp_path):
    path = write(tmp_path / "m.safetensors", header, data)
    with pytest.raises(FormatError, match=message) as error:
        read_safetensors(path)
    assert "m.safetensors" in str(error.value)


def test_a_header_longer_than_the_file_is_refused(tmp_path):
    path = tmp_path / "m.safetensors"
    path.write_bytes((1 << 62).to_bytes(8, "little") + b"{}")
    with pytest.raises(FormatError, match="offset 0"):
        read_safetensors(path)


def test_both_implementations_read_what_either_writes(tmp_path):
    arrays = {
        "a": np.arange(6, dtype=np.float32).reshape(2, 3),
        "b.c": np.arange(3, dtype=np.int64),
        "e": np.zeros((0, 4)),
        "one": np.array([2.5]),
    }
    write_safetensors(tmp_path / "ours", arrays, {"leak": 0.3})
    save_file(arrays, tmp_path / "theirs", {"leak": "0.3"})
    ours, (theirs, about) = load_file(tmp_path / "ours"), read_safetensors(tmp_path / "theirs")
    assert about == {"leak": "0.3"}
    assert ours.keys() == theirs.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(ours[name], array, strict=True)
        np.testing.assert_array_equal(theirs[name], array, strict=True)
