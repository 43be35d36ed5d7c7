"""Sound files of every sample format, against SciPy's writer and hand-made headers."""

import struct

import numpy as np
import pytest
import scipy.io.wavfile

from rnncore import FormatError
from rnncore.io import read_series

EXTENSIBLE_TAIL = bytes.fromhex("000000001000800000aa00389b71")


def wave(tag, bits, channels, data, rate=8000, extensible=False, before=b""):
    frame = channels * bits // 8
    layout = struct.pack("<HHIIHH", 0xFFFE if extensible else tag, channels, rate, rate * frame, frame, bits)
    if extensible:
        layout += struct.pack("<HHIH", 22, bits, 0, tag) + EXTENSIBLE_TAIL
    body = b"WAVE" + before + b"fmt " + struct.pack("<I", len(layout)) + layout
    body += b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def read(tmp_path, content):
    (tmp_path / "sound.wav").write_bytes(content)
    return read_series(tmp_path / "sound.wav")


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "float32", "float64"])
@pytest.mark.parametrize("channels", [1, 2, 5])
def test_what_scipy_writes_is_read(dtype, channels, tmp_path):
    random = np.random.default_rng(0)
    if dtype.startswith("float"):
        samples = random.normal(size=(100, channels)).astype(dtype)
        expected = samples
    else:
        samples = random.integers(*np.array([np.iinfo(dtype).min, np.iinfo(dtype).max]), (100, channels), dtype)
        middle = 128 if dtype == "uint8" else 0
        expected = (samples.astype(np.float64) - middle) / 2.0 ** (samples.itemsize * 8 - 1)
    scipy.io.wavfile.write(tmp_path / "s.wav", 44100, samples)
    series = read_series(tmp_path / "s.wav")
    np.testing.assert_array_equal(series.values, expected)
    assert (series.interval, series.unit) == (1 / 44100, "seconds")
    assert len(series.columns) == channels


@pytest.mark.parametrize("extensible", [False, True])
def test_24_bits_are_exact(extensible, tmp_path):
    values = np.array([-(2**23), -1, 0, 1, 2**23 - 1])
    data = b"".join(int(v).to_bytes(3, "little", signed=True) for v in values)
    np.testing.assert_array_equal(
        read(tmp_path, wave(1, 24, 1, data, extensible=extensible)).values[:, 0], values / 2**23
    )


def test_unknown_chunks_are_passed_over(tmp_path):
    content = wave(1, 16, 1, struct.pack("<2h", 16384, -32768), before=b"LIST" + struct.pack("<I", 3) + b"abc\0")
    np.testing.assert_array_equal(read(tmp_path, content).values, [[0.5], [-1]])


def test_channels_are_chosen_by_number(tmp_path):
    (tmp_path / "s.wav").write_bytes(wave(3, 32, 3, np.arange(6, dtype="<f4").tobytes()))
    np.testing.assert_array_equal(read_series(tmp_path / "s.wav", [2, 0]).values, [[2, 0], [5, 3]])


SAMPLES = struct.pack("<4h", 1, 2, 3, 4)


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "empty"),
        (b"RIFF", "truncated at offset 4"),
        (b"OggS" + bytes(20), "not a wav"),
        (b"RIFX" + bytes(20), "RIFX"),
        (b"RF64" + bytes(20), "RF64"),
        (wave(2, 16, 1, SAMPLES), "Microsoft ADPCM"),
        (wave(6, 8, 1, SAMPLES), "A-law"),
        (wave(7, 8, 1, SAMPLES), "µ-law"),
        (wave(0x55, 16, 1, SAMPLES), "MP3"),
        (wave(0x1234, 16, 1, SAMPLES), "unknown samples .format 0x1234"),
        (wave(6, 8, 1, SAMPLES, extensible=True), "A-law"),
        (wave(1, 16, 1, SAMPLES, extensible=True).replace(EXTENSIBLE_TAIL, bytes(14)), "unknown subformat"),
        (wave(1, 12, 2, SAMPLES), "PCM samples of 12 bits"),
        (wave(1, 64, 1, SAMPLES), "PCM samples of 64 bits"),
        (wave(3, 16, 1, SAMPLES), "float samples of 16 bits"),
        (wave(1, 16, 0, SAMPLES), "0 channels"),
        (wave(1, 16, 1, SAMPLES, rate=0), "0 Hz"),
        (wave(1, 16, 3, SAMPLES), "whole number of frames"),
        (wave(3, 32, 1, struct.pack("<f", np.nan)), "nan at step 0"),
        (b"RIFF\0\0\0\0WAVEdata\4\0\0\0abcd", "data come before the format"),
        (b"RIFF\0\0\0\0WAVEfmt \4\0\0\0abcd", "format chunk of 4 bytes"),
    ],
)
def test_odd_formats_are_refused_by_name(content, message, tmp_path):
    with pytest.raises(FormatError, match=message) as error:
        read(tmp_path, content)
    assert "sound.wav" in str(error.value)


@pytest.mark.parametrize("extensible", [False, True])
def test_every_truncation_is_noticed(extensible, tmp_path):
    whole = wave(1, 16, 1, SAMPLES, extensible=extensible)
    for length in range(len(whole)):
        with pytest.raises(FormatError):
            read(tmp_path, whole[:length])
