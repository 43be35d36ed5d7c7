"""Memory maps larger than memory: give pages back once they have been used, reserve disk before writing."""

import errno
import mmap
import os

import numpy as np

_PART_BYTES = 1 << 20


def file_map(array):
    """The ``numpy.memmap`` an array is a view of, in a mode that shares pages with its file; else None.

    Private (copy-on-write) maps do not count: their pages are their own.
    """
    owner = array
    while isinstance(owner, np.ndarray) and not isinstance(owner.base, mmap.mmap):
        owner = owner.base
    return owner if isinstance(owner, np.memmap) and owner.mode in ("r", "r+", "w+") else None


def release(array):
    """Tell the system that the pages under a memory-mapped array are not needed soon; nothing is lost."""
    owner = file_map(array)
    if owner is None or array.size == 0 or not hasattr(owner.base, "madvise"):
        return
    origin = _address(owner) - owner.offset % mmap.ALLOCATIONGRANULARITY
    low, high = np.lib.array_utils.byte_bounds(array)
    first = (low - origin) // mmap.PAGESIZE * mmap.PAGESIZE
    owner.base.madvise(mmap.MADV_DONTNEED, first, high - origin - first)


def released_after(array):
    """``(start, part)`` along the first axis, about a MB each; memory-mapped pages are given back after each part."""
    rows = max(1, _PART_BYTES // max(1, array[:1].nbytes))
    for start in range(0, len(array) if array.size else 0, rows):
        part = array[start : start + rows]
        yield start, part
        release(part)


def reserve(array):
    """Allocate the disk blocks under a memory map, so that a full disk is an error now and no signal later.

    Raises ``OSError`` when the disk cannot hold them.
    """
    owner = file_map(array)
    if owner is None or owner.filename is None or owner.size == 0:
        return
    try:
        descriptor = os.open(owner.filename, os.O_RDWR)
    except OSError:
        return  # the file was unlinked or moved: its map still works
    try:
        if os.fstat(descriptor).st_size >= owner.offset + owner.nbytes:  # else another file stands there by now
            reserve_file(descriptor, owner.offset, owner.nbytes)
    finally:
        os.close(descriptor)


def reserve_file(descriptor, offset, size):
    """The same of so many bytes of an open file."""
    if size == 0 or not hasattr(os, "posix_fallocate"):
        return
    try:
        os.posix_fallocate(descriptor, offset, size)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS):  # this file system cannot reserve
            raise


def same_memory(first, second):
    """Whether two arrays overlap, in memory or in a file that both of them map."""
    try:
        return np.shares_memory(first, second, max_work=1000) or _same_file_bytes(first, second)
    except np.exceptions.TooHardError:
        return True


def _same_file_bytes(first, second):
    owner, other = file_map(first), file_map(second)
    if owner is None or other is None or not _same_file(owner.filename, other.filename):
        return False
    (low, high), (other_low, other_high) = _file_range(first, owner), _file_range(second, other)
    return low < other_high and other_low < high


def _same_file(first, second):
    if first is None or second is None:
        return False
    try:
        return os.path.samefile(first, second)
    except OSError:  # unlinked or moved since
        return first == second


def _file_range(array, owner):
    low, high = np.lib.array_utils.byte_bounds(array)
    origin = _address(owner) - owner.offset
    return low - origin, high - origin


def _address(array):
    return array.__array_interface__["data"][0]
