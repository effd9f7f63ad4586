"""WAV files on their way from the disk, so that a disk that stalls is heard by nobody but who waits for that file.

Owns the threads that read and how long a prompt waits for them; refuses to know what is played when. Threads, not
the main one, because that one is the clock of every call of the worker (see ivr.media.metronome), and even asking
for the date of a file may take seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

from ivr.log import get_log
from ivr.media.playback import Frames, WavCache
from ivr.model.errors import MediaError

WAIT_MS = 2000  # for a file; beyond it the prompt goes on without, as without a file that is missing
_THREADS = 8  # files that may stall at once before others have to wait for them
_log = get_log("media.prompt_reader")


class PromptReader:
    """Reads WAV files through a cache; each is read once, however many wait for it. Used from one thread."""

    def __init__(self) -> None:
        self._cache = WavCache()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="prompt")
        self._under_way: dict[str, Future[Frames]] = {}

    def read(self, leg: str, paths: Sequence[str], now_ms: int) -> Awaited:
        """The files one behind the other, as soon as all of them are there. leg: for the log."""
        return Awaited(leg, [(path, self._ask(path)) for path in paths], now_ms + WAIT_MS)

    def _ask(self, path: str) -> Future[Frames]:
        self._under_way = {name: file for name, file in self._under_way.items() if not file.done()}
        if path not in self._under_way:
            self._under_way[path] = self._threads.submit(partial(self._cache.frames, path))
        return self._under_way[path]


class Awaited:
    """The files of one piece of a playback."""

    def __init__(self, leg: str, files: list[tuple[str, Future[Frames]]], until_ms: int) -> None:
        self._leg, self._files, self._until_ms = leg, files, until_ms

    def frames(self, now_ms: int) -> Frames | None:
        """All frames, once; None while they are on their way. A file that cannot be read, or takes longer than WAIT_MS,
        is left out and logged."""
        if now_ms < self._until_ms and not all(file.done() for _, file in self._files):
            return None
        return tuple(frame for path, file in self._files for frame in self._of(path, file))

    def _of(self, path: str, file: Future[Frames]) -> Frames:
        try:
            return file.result(timeout=0)
        except TimeoutError:
            why = f"cannot read {path}: the disk took longer than {WAIT_MS} ms"
        except MediaError as error:
            why = str(error)
        _log.error("prompt_reader.left_out", leg=self._leg, error=why)
        return ()
