"""The library's own thread that asks for frames and brings them, as the interpreter sees it.

Owns the interpreter's state of that thread. To the interpreter it is a stranger: for every call into Python a state
with a stack of its own is made and thrown away again, five times in 20 ms, which costs more than what the call does.
Kept, it costs nothing. The library ends the thread when there is no audio and starts another one later, so the state
of the last one is taken away when the next comes; there is never more than one.
"""

from __future__ import annotations

import ctypes
import sys
import threading

KEEPS_STATES = sys.implementation.name == "cpython" and sys.version_info < (3, 13)  # later ones forbid the taking away

_ensure = ctypes.pythonapi.PyGILState_Ensure
_current = ctypes.pythonapi.PyThreadState_Get
_current.restype = ctypes.c_void_p
_clear = ctypes.pythonapi.PyThreadState_Clear
_delete = ctypes.pythonapi.PyThreadState_Delete
_clear.argtypes = _delete.argtypes = [ctypes.c_void_p]
_clear.restype = _delete.restype = None


class MediaThread(threading.local):
    """kept: whether the state of the thread that asks is there for good."""

    kept = not KEEPS_STATES


class MediaThreads:
    """The library's threads, one after the other. settle() is called first thing in each of them."""

    def __init__(self) -> None:
        self._thread = MediaThread()
        self._last: int | None = None

    def settle(self) -> None:
        """Keep the state of the thread that calls; that of the one before, which has ended, is taken away."""
        if self._thread.kept:
            return
        self._thread.kept = True
        _ensure()  # never released: the count of who needs the state does not fall to none
        last, self._last = self._last, _current()
        if last is not None:
            _clear(last)
            _delete(last)
