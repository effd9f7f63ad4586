"""The mouth and the ear of the scripted phone: WAV files out, speech segments in, both recorded.

Owns loudness and its times; refuses to know SIP. talk() and hear() run on the media thread; events are left in a
queue for the main thread. at_ms of a sample is when its frame passed the bridge plus its place in the frame.
"""

from __future__ import annotations

import array
import collections
from typing import Any

from ivr.media.playback import SILENCE, Frames
from ivr.media.recording import WavFile
from ivr.model.ids import monotonic_ms
from ivr.model.media import FRAME_MS

LOUD = 400  # peak of 32768, about -38 dBFS: above G.711 noise, below any voice
HANGOVER_FRAMES = 10
_SAMPLES_PER_MS = 8


def first_loud_ms(pcm: bytes) -> int | None:
    """Offset of the first voiced sample in ms, None when the frame is quiet."""
    samples = array.array("h", pcm)
    if max(samples) < LOUD and min(samples) > -LOUD:
        return None
    return next(at for at, sample in enumerate(samples) if abs(sample) >= LOUD) // _SAMPLES_PER_MS


def last_loud_ms(pcm: bytes) -> int | None:
    """Offset of the last voiced sample in ms, None when the frame is quiet."""
    samples = array.array("h", pcm)
    if max(samples) < LOUD and min(samples) > -LOUD:
        return None
    quiet = next(at for at, sample in enumerate(reversed(samples)) if abs(sample) >= LOUD)
    return (len(samples) - 1 - quiet) // _SAMPLES_PER_MS


class Echo:
    """What a telephone without an echo canceller sends back: what it hears, later and quieter. gain: 0..1."""

    def __init__(self, delay_ms: int, gain: float) -> None:
        self._gain = gain
        self._on_its_way: collections.deque[bytes] = collections.deque([SILENCE] * (delay_ms // FRAME_MS))

    def hear(self, pcm: bytes) -> None:
        self._on_its_way.append(pcm)

    def over(self, pcm: bytes) -> bytes:
        """The next frame said, with the echo in it."""
        if not self._on_its_way:
            return pcm
        said, back = array.array("h", pcm), array.array("h", self._on_its_way.popleft())
        mixed = (max(-32768, min(32767, s + int(b * self._gain))) for s, b in zip(said, back, strict=True))
        return array.array("h", mixed).tobytes()


class Mouth:
    """Says one file after the other. Event "said": at_ms of the last voiced sample really sent."""

    def __init__(self, events: collections.deque[dict[str, Any]], wav: WavFile) -> None:
        self._events, self._wav = events, wav
        self._files: collections.deque[tuple[int, Frames]] = collections.deque()
        self._at = 0
        self._last_voiced_ms = self._first_voiced_ms = 0
        self._sent: collections.deque[bytes] = collections.deque()
        self.echo: Echo | None = None

    def say(self, number: int, frames: Frames) -> None:
        self._files.append((number, frames))

    def be_quiet(self) -> None:
        self._files = collections.deque()
        self._at = 0

    def talk(self) -> bytes:
        pcm = self._next(monotonic_ms())
        if self.echo is not None:
            pcm = self.echo.over(pcm)
        self._sent.append(pcm)
        return pcm

    def flush(self) -> None:
        """Write what was sent. Main thread."""
        _flush(self._sent, self._wav)

    def close(self) -> None:
        self.flush()
        self._wav.close()

    def _next(self, now_ms: int) -> bytes:
        files = self._files
        if not files:
            return SILENCE
        number, frames = files[0]
        pcm = frames[self._at] if self._at < len(frames) else SILENCE
        self._at += 1
        loud = last_loud_ms(pcm)
        if loud is not None:
            self._last_voiced_ms = now_ms + loud
            if not self._first_voiced_ms:
                self._first_voiced_ms = now_ms + (first_loud_ms(pcm) or 0)
                self._events.append({"event": "saying", "say": number, "at_ms": self._first_voiced_ms})
        if self._at >= len(frames):
            self._events.append({"event": "said", "say": number, "at_ms": self._last_voiced_ms or now_ms})
            files.popleft()
            self._at = self._last_voiced_ms = self._first_voiced_ms = 0
        return pcm


class Ear:
    """Cuts what it hears into segments. Events "heard_started" and "heard_ended" with the times of the sound itself."""

    def __init__(self, events: collections.deque[dict[str, Any]], wav: WavFile) -> None:
        self._events, self._wav = events, wav
        self._hearing = False
        self._loud_run = self._quiet_run = 0
        self._first_ms = self._last_ms = 0
        self._received: collections.deque[bytes] = collections.deque()
        self.echo: Echo | None = None

    def hear(self, pcm: bytes) -> None:
        now_ms = monotonic_ms()
        if self.echo is not None:
            self.echo.hear(pcm)
        self._received.append(pcm)
        first = first_loud_ms(pcm)
        if first is None:
            self._quiet(now_ms)
            return
        self._quiet_run = 0
        self._loud_run += 1
        self._last_ms = now_ms + (last_loud_ms(pcm) or 0)
        if self._loud_run == 1:
            self._first_ms = now_ms + first
        # One loud frame alone is a click.
        if self._loud_run == 2 and not self._hearing:
            self._hearing = True
            self._events.append({"event": "heard_started", "at_ms": self._first_ms})

    def flush(self) -> None:
        """Write what was received. Main thread."""
        _flush(self._received, self._wav)

    def close(self) -> None:
        if self._hearing:
            self._events.append({"event": "heard_ended", "at_ms": self._last_ms})
            self._hearing = False
        self.flush()
        self._wav.close()

    def _quiet(self, now_ms: int) -> None:
        self._quiet_run += 1
        if not self._hearing:
            self._loud_run = 0
        elif self._quiet_run >= HANGOVER_FRAMES:
            self._hearing, self._loud_run = False, 0
            self._events.append({"event": "heard_ended", "at_ms": self._last_ms or now_ms - FRAME_MS})


def _flush(frames: collections.deque[bytes], wav: WavFile) -> None:
    count = len(frames)
    if count:
        wav.append(b"".join(frames.popleft() for _ in range(count)))
