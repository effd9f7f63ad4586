"""States of threads the interpreter did not start, with real ones."""

from __future__ import annotations

import ctypes

from ivr.media.media_thread import KEEPS_STATES, MediaThreads

_api = ctypes.pythonapi
_api.PyInterpreterState_Main.restype = ctypes.c_void_p
_api.PyInterpreterState_ThreadHead.restype = ctypes.c_void_p
_api.PyInterpreterState_ThreadHead.argtypes = [ctypes.c_void_p]
_api.PyThreadState_Next.restype = ctypes.c_void_p
_api.PyThreadState_Next.argtypes = [ctypes.c_void_p]
_Routine = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)
THREADS = 20


def states() -> int:
    """How many thread states the interpreter holds."""
    count, state = 0, _api.PyInterpreterState_ThreadHead(_api.PyInterpreterState_Main())
    while state:
        count, state = count + 1, _api.PyThreadState_Next(state)
    return count


def test_the_state_of_a_strange_thread_is_kept_until_the_next_one_comes() -> None:
    threads, during = MediaThreads(), []

    def called(_argument: object) -> None:
        threads.settle()
        threads.settle()
        during.append(states())

    routine, library, thread = _Routine(called), ctypes.CDLL(None), ctypes.c_ulong()
    before = states()
    kept = int(KEEPS_STATES)
    for _ in range(THREADS):
        assert library.pthread_create(ctypes.byref(thread), None, routine, None) == 0
        library.pthread_join(thread, None)
        assert states() == before + kept, "kept after the thread, and only the last one"
    assert during == [before + 1] * THREADS
