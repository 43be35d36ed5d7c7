"""Memory maps larger than memory: give pages back once they have been used, reserve disk before writing."""

import mmap
import os

import numpy as np

_PART_BYTES = 1 << 25


def find_map(array):
    """The ``mmap`` under an array and its address, or None where pages may not be given back.

    Private (copy-on-write) maps are left alone: dropping their pages would lose what was written to them.
    """
    owner, shared = array, False
    while isinstance(owner, np.ndarray):
        shared = shared or getattr(owner, "mode", None) in ("r", "r+", "w+")
        owner = owner.base
    if not shared or not isinstance(owner, mmap.mmap) or not hasattr(owner, "madvise"):
        return None
    return owner, np.frombuffer(owner, np.uint8).__array_interface__["data"][0]


def release(array):
    """Tell the system that the pages under a memory-mapped array are not needed soon; nothing is lost."""
    found = find_map(array)
    if found is None or array.size == 0:
        return
    owner, origin = found
    low, high = np.lib.array_utils.byte_bounds(array)
    first = -(-(low - origin) // mmap.PAGESIZE) * mmap.PAGESIZE
    last = (high - origin) // mmap.PAGESIZE * mmap.PAGESIZE
    if last > first:
        owner.madvise(mmap.MADV_DONTNEED, first, last - first)


def released_after(array):
    """The array's parts along its first axis, some MB each; pages are given back after each part."""
    rows = max(1, _PART_BYTES // max(1, array[:1].nbytes))
    for start in range(0, len(array), rows):
        part = array[start : start + rows]
        yield part
        release(part)


def reserve(array):
    """Allocate the disk blocks of a writable ``numpy.memmap``, so that a full disk is an error now and no signal later.

    Raises ``OSError`` when the disk cannot hold the file.
    """
    owner = array
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    path = getattr(owner, "filename", None)
    if path is None or getattr(owner, "mode", "c") == "c" or not hasattr(os, "posix_fallocate") or array.size == 0:
        return
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return  # the file was unlinked or moved: its map still works
    try:
        os.posix_fallocate(descriptor, owner.offset, owner.nbytes)
    finally:
        os.close(descriptor)
