"""How the C library of a speech worker gets memory for the arrays of a decode: once.

Owns two settings of glibc's allocator. By default large arrays are mapped anew and given back each time; the spectrum
of a turn alone is 2.5 MB, and a decode paid for 2,200 pages put in and taken away again.
"""

from __future__ import annotations

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of malloc.h
KEPT_BYTES = 128 * 1024 * 1024  # free memory at the top of the heap that is not given back
MAPPED_FROM_BYTES = 32 * 1024 * 1024  # the most glibc allows


def keep_memory() -> bool:
    """Keep freed memory for the next decode. Returns False where the C library has no such setting (musl, macOS)."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return bool(mallopt(_MMAP_THRESHOLD, MAPPED_FROM_BYTES)) and bool(mallopt(_TRIM_THRESHOLD, KEPT_BYTES))
