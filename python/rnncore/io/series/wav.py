"""Sound files: RIFF/WAVE with integer PCM or float samples."""

import os
import struct

import numpy as np

from ...errors import FormatError

_PCM, _FLOAT, _EXTENSIBLE = 0x0001, 0x0003, 0xFFFE
_OTHERS = {
    0x0002: "Microsoft ADPCM", 0x0006: "A-law", 0x0007: "µ-law", 0x0011: "IMA ADPCM", 0x0031: "GSM 6.10",
    0x0050: "MPEG", 0x0055: "MP3", 0x00FF: "AAC",
}  # fmt: skip
_SUBFORMAT_TAIL = bytes.fromhex("000000001000800000aa00389b71")  # KSDATAFORMAT_SUBTYPE_* behind the format tag


def read_wav(path):
    """``(values, samples per second)``; integer samples are scaled to [-1, 1), as (T, channels)."""
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        _check_container(file.read(12), path)
        layout, offset = None, 12
        while offset + 8 <= size:
            file.seek(offset)
            name, length = struct.unpack("<4sI", file.read(8))
            body = offset + 8
            if name == b"fmt ":
                layout = _read_layout(file.read(min(length, 40)), length, path, body)
            elif name == b"data":
                if layout is None:
                    raise FormatError(f"{path}: offset {offset}: the data come before the format")
                return _read_samples(file, layout, length, size - body, path, body), layout["rate"]
            offset = body + length + length % 2
    raise FormatError(f"{path}: truncated at offset {size}: no {'format' if layout is None else 'data'} chunk")


def _check_container(head, path):
    if head[:4] in (b"RIFX", b"RF64", b"BW64"):
        raise FormatError(f"{path}: {head[:4].decode()} files are not read; convert to an ordinary RIFF wav")
    if len(head) < 12:
        raise FormatError(f"{path}: truncated at offset {len(head)}: no RIFF/WAVE header")
    if head[:4] != b"RIFF" or head[8:] != b"WAVE":
        raise FormatError(f"{path}: offset 0: not a wav file (no RIFF/WAVE header)")


def _read_layout(chunk, length, path, offset):
    if len(chunk) < 16 or length < 16:
        raise FormatError(
            f"{path}: offset {offset}: format chunk of {min(len(chunk), length)} bytes, expected 16 or more"
        )
    tag, channels, rate, _, frame, bits = struct.unpack("<HHIIHH", chunk[:16])
    if tag == _EXTENSIBLE:
        if len(chunk) < 40:
            raise FormatError(f"{path}: offset {offset}: extensible format chunk of {len(chunk)} bytes, expected 40")
        if chunk[26:40] != _SUBFORMAT_TAIL:
            raise FormatError(f"{path}: offset {offset + 24}: unknown subformat {chunk[24:40].hex()}")
        tag = int.from_bytes(chunk[24:26], "little")
    if tag not in (_PCM, _FLOAT):
        name = _OTHERS.get(tag, "unknown")
        raise FormatError(f"{path}: {name} samples (format 0x{tag:04X}) are not read; convert to PCM or float")
    kind, allowed = ("PCM", (8, 16, 24, 32)) if tag == _PCM else ("float", (32, 64))
    if bits not in allowed:
        raise FormatError(
            f"{path}: {kind} samples of {bits} bits are not read; {', '.join(map(str, allowed))} bits are"
        )
    if channels == 0 or rate == 0 or frame != channels * bits // 8:
        raise FormatError(
            f"{path}: offset {offset}: {channels} channels of {bits} bits at {rate} Hz in frames of {frame} bytes"
        )
    return {"float": tag == _FLOAT, "channels": channels, "rate": rate, "frame": frame, "bits": bits}


def _read_samples(file, layout, length, present, path, offset):
    if length > present:
        raise FormatError(f"{path}: truncated: {length} bytes of data announced at offset {offset}, {present} present")
    frames, rest = divmod(length, layout["frame"])
    if rest:
        raise FormatError(f"{path}: offset {offset}: {length} bytes of data are not a whole number of frames")
    file.seek(offset)
    raw = np.frombuffer(file.read(length), np.uint8)
    bits = layout["bits"]
    if layout["float"]:
        samples = raw.view(f"<f{bits // 8}")
    elif bits == 8:
        samples = (raw.astype(np.float32) - 128) / 128
    elif bits == 24:
        wide = np.zeros((len(raw) // 3, 4), np.uint8)
        wide[:, 1:] = raw.reshape(-1, 3)
        samples = (wide.reshape(-1).view("<i4") >> 8).astype(np.float32) / 2**23
    else:
        samples = raw.view(f"<i{bits // 8}").astype(np.float32 if bits == 16 else np.float64) / 2 ** (bits - 1)
    return samples.reshape(frames, layout["channels"])
