"""
What the system is told about the use of mapped memory.

By default, it expects that what is next in a file will be used too, and reads much more than it is
asked for: hundreds of kilobytes for a few rows.
"""

from __future__ import annotations

import ctypes
import mmap

import numpy as np

_libc = ctypes.CDLL(None)


class RandomAccess:
    """
    The part of a mapped file which is accessed at random: only the pages which are used are read.

    :param file_size: number of bytes of the file
    """

    def __init__(self, file_size: int) -> None:
        self._file_size = file_size
        self._start = 0
        self._stop = 0

    def include(self, array: np.ndarray) -> None:
        """
        Extend this part until it contains an array.

        All of it is in one piece, because the system only keeps track of a limited number of these.
        """
        if array.nbytes == 0:
            return
        start, stop = array.ctypes.data, array.ctypes.data + array.nbytes
        if self._stop != 0:
            start, stop = min(start, self._start), max(stop, self._stop)
        # arrays which can not be used in place are somewhere else in memory
        if stop - start <= self._file_size and (start, stop) != (self._start, self._stop):
            self._start, self._stop = start, stop
            _advise(start, stop, mmap.MADV_RANDOM)


def expect_access(array: np.ndarray) -> None:
    """Start to read an array which will be used now, at once instead of page by page."""
    if array.nbytes > mmap.PAGESIZE:
        _advise(array.ctypes.data, array.ctypes.data + array.nbytes, mmap.MADV_WILLNEED)


def _advise(start: int, stop: int, advice: int) -> None:
    first_page = start - start % mmap.PAGESIZE
    # this is only about speed: nothing is wrong if the system does not follow
    _libc.madvise(ctypes.c_void_p(first_page), ctypes.c_size_t(stop - first_page), advice)
