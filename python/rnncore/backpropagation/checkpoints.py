"""Where the states of checkpoints are kept: in memory, or in a file."""

import errno
import os

import numpy as np

from ..memory_maps import reserve_file
from ..whole_files import naming


class StatesInMemory:
    """``keep`` gives what ``recall`` makes the state of again."""

    def keep(self, place, state):
        return state.copy()

    def recall(self, kept):
        return kept.copy()


class StatesInFile:
    """The same in a file, at places numbered from 0.

    The file loses its name as soon as it is there: nothing is left of it, however the process ends.
    """

    def __init__(self, path, places, like):
        self.path, self.like = os.fspath(path), like
        with naming(self.path):
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
            self.file = os.fdopen(descriptor, "r+b", buffering=0)
            os.unlink(self.path)
            reserve_file(descriptor, 0, places * like.nbytes)

    def keep(self, place, state):
        with naming(self.path):
            self.file.seek(place * state.nbytes)
            rest = memoryview(np.ascontiguousarray(state)).cast("B") if state.size else b""
            while rest:
                rest = rest[self.file.write(rest) :]
        return place

    def recall(self, place):
        state = np.empty_like(self.like)
        self.file.seek(place * state.nbytes)
        rest = memoryview(state).cast("B") if state.size else b""
        while rest:
            count = self.file.readinto(rest)
            if not count:
                raise OSError(errno.EIO, "cannot read: the checkpoints end too early", self.path)
            rest = rest[count:]
        return state

    def close(self):
        self.file.close()
