"""Where the states of checkpoints are kept: in memory, or in a file."""

import errno
import os
import weakref

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
            self.descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            weakref.finalize(self, os.close, self.descriptor)
            os.unlink(self.path)
            # A full disk is an error now rather than in the middle of the run.
            reserve_file(self.descriptor, 0, places * like.nbytes)

    def keep(self, place, state):
        rest, offset = memoryview(np.ascontiguousarray(state).reshape(-1)).cast("B"), place * state.nbytes
        with naming(self.path):
            while rest:
                written = os.pwrite(self.descriptor, rest, offset)
                rest, offset = rest[written:], offset + written
        return place

    def recall(self, place):
        state = np.empty(self.like.size, self.like.dtype)
        rest, offset = memoryview(state).cast("B"), place * state.nbytes
        while rest:
            count = os.preadv(self.descriptor, [rest], offset)
            if not count:
                raise OSError(errno.EIO, "cannot read checkpoints: the file ends too early", self.path)
            rest, offset = rest[count:], offset + count
        return state.reshape(self.like.shape)
