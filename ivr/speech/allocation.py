"""How the C library of a speech worker or a voice gets memory for the arrays of its work: once.

Owns two settings of glibc's allocator. By default large arrays are mapped anew and given back each time; the spectrum
of a turn alone is 2.5 MB, and a decode paid for 2,200 pages put in and taken away again. A neural voice took twice as
long for a prompt. It needs 200 MB meanwhile, which it gives back when it has nothing to say.
"""

from __future__ import annotations

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of malloc.h
KEPT_BYTES = 128 * 1024 * 1024  # free memory at the top of the heap that is not given back
MAPPED_FROM_BYTES = 32 * 1024 * 1024  # the most glibc allows


def keep_memory() -> bool:
    """Keep freed memory for the next time. Returns False where the C library has no such setting (musl, macOS)."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return bool(mallopt(_MMAP_THRESHOLD, MAPPED_FROM_BYTES)) and bool(mallopt(_TRIM_THRESHOLD, KEPT_BYTES))


def give_back_memory() -> None:
    """Hand freed memory back to the system; where the C library cannot (musl, macOS) nothing happens."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
