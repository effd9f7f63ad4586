"""Recordings as WAV files that stay valid when the process dies.

Owns the file format and the masking; refuses to know SIP and where files belong. The bridge hands frames to tap(),
which only appends to memory; a thread opens the file and writes, because a disk that stalls must not be heard. The
header is rewritten with every flush after a second of audio, so a crash costs at most that second.
"""

from __future__ import annotations

import array
import collections
import struct
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import BinaryIO

from ivr.media.playback import SILENCE
from ivr.model.errors import MediaError
from ivr.model.media import SAMPLE_RATE_HZ

_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
_MAX_DATA_BYTES = 0xFFFFFFFF - _HEADER.size
_MAX_WAITING_FRAMES = 500
CLOSING_S = 0.03  # the next beat of the worker's other calls is late by no more than this


class WavFile:
    """A growing 8 kHz 16-bit WAV file. Raises MediaError when it cannot be created."""

    def __init__(self, path: str, channels: int) -> None:
        self._channels, self._bytes = channels, 0
        try:
            self._file: BinaryIO = Path(path).open("wb")  # noqa: SIM115 - open as long as the call lasts
        except OSError as error:
            raise MediaError(f"cannot record to {path}: {error.strerror}") from error
        self._file.write(self._header())
        self._file.flush()

    def append(self, pcm: bytes) -> None:
        """Write samples and make the header fit them; beyond 4 GB they are left out."""
        if self._bytes + len(pcm) > _MAX_DATA_BYTES:
            return
        self._file.write(pcm)
        self._bytes += len(pcm)
        self._file.seek(0)
        self._file.write(self._header())
        self._file.seek(0, 2)
        self._file.flush()

    def close(self) -> None:
        self._file.close()

    def _header(self) -> bytes:
        width = 2 * self._channels
        riff = (b"RIFF", _HEADER.size - 8 + self._bytes, b"WAVE")
        fmt = (b"fmt ", 16, 1, self._channels, SAMPLE_RATE_HZ, SAMPLE_RATE_HZ * width, width, 16)
        return _HEADER.pack(*riff, *fmt, b"data", self._bytes)


class StereoRecording:
    """One leg: left what the caller says, right what the caller hears."""

    def __init__(self, path: str) -> None:
        self._file: WavFile | None = None
        self._waiting: collections.deque[bytes] = collections.deque(maxlen=_MAX_WAITING_FRAMES)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="recording")
        self._written: Future[None] | None = self._writer.submit(self._open, path)
        self.masked = False

    def tap(self, said: bytes, heard: bytes) -> None:
        """20 ms of both sides; silence for both while masked."""
        if self.masked:
            said = heard = SILENCE
        both = array.array("h", bytes(2 * len(said)))
        both[0::2] = array.array("h", said)
        both[1::2] = array.array("h", heard)
        self._waiting.append(both.tobytes())

    def flush(self, at_least: int = 1) -> None:
        """Have what waits written when it is at_least frames and the last write is done; what waits longer than 10 s is
        lost. Raises MediaError (no such place) and OSError (disk full), one flush late."""
        written = self._written
        if written is not None and not written.done():
            return
        self._written = None
        if written is not None:
            written.result()
        if len(self._waiting) >= max(1, at_least):
            self._written = self._writer.submit(self._append, self._taken())

    def close(self) -> None:
        """Write the rest; a disk that takes longer than CLOSING_S finishes by itself. Raises as flush() does."""
        jobs = [self._written] if self._written is not None else []
        jobs += [self._writer.submit(self._append, self._taken()), self._writer.submit(self._close)]
        self._writer.shutdown(wait=False)
        done, _ = wait(jobs, CLOSING_S)
        for job in jobs:
            if job in done:
                job.result()

    def _open(self, path: str) -> None:
        self._file = WavFile(path, channels=2)

    def _append(self, pcm: bytes) -> None:
        if self._file is not None:
            self._file.append(pcm)

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _taken(self) -> bytes:
        return b"".join(self._waiting.popleft() for _ in range(len(self._waiting)))
