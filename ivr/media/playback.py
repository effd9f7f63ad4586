"""What a leg hears from us: WAV files as 20 ms frames, and the account of what was really played.

Owns the queue of one leg and the small cache of WAV files; refuses to know SIP. The bridge calls next_frame(), which
only takes notes; what happened is told by marks(), outside of it.
"""

from __future__ import annotations

import array
import collections
import threading
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ivr.model.errors import MediaError
from ivr.model.media import FRAME_BYTES, FRAME_MS, SAMPLE_RATE_HZ

SILENCE = bytes(FRAME_BYTES)
REWIND_FRAMES = 30  # how far back a gap between words is looked for when a prompt goes on: 600 ms
_GAP_PEAK = 500  # of 32768: a frame without a louder sample lies between words
Frames = tuple[bytes, ...]
Awaiting = Callable[[int], Frames | None]
"""Frames that are on their way: asked with the time, None says not yet."""


class WavCache:
    """WAV files as frames, the least recently used forgotten beyond max_bytes. Used from any thread."""

    def __init__(self, max_bytes: int = 1_000_000) -> None:
        self._max_bytes, self._bytes = max_bytes, 0
        self._lock = threading.Lock()
        self._files: collections.OrderedDict[tuple[str, int, int], Frames] = collections.OrderedDict()

    def frames(self, path: str) -> Frames:
        """The file in frames, the last one filled up with silence. Raises MediaError."""
        try:
            stat = Path(path).stat()
            key = (path, stat.st_mtime_ns, stat.st_size)
            frames = self._files.get(key)
            if frames is None:
                frames = read_frames(path)
        except OSError as error:
            raise MediaError(f"cannot read {path}: {error.strerror}") from error
        with self._lock:
            return self._remember(key, frames)

    def _remember(self, key: tuple[str, int, int], frames: Frames) -> Frames:
        """What is known under this key, which is frames unless another thread was first."""
        if key not in self._files:
            self._files[key] = frames
            self._bytes += len(frames) * FRAME_BYTES
        self._files.move_to_end(key)
        while self._bytes > self._max_bytes and len(self._files) > 1:
            _, oldest = self._files.popitem(last=False)
            self._bytes -= len(oldest) * FRAME_BYTES
        return self._files[key]


def read_frames(path: str) -> Frames:
    """A WAV of 8 kHz, mono, 16 bit as frames. Raises MediaError when it is anything else, OSError."""
    try:
        with wave.open(path, "rb") as wav:
            shape = (wav.getframerate(), wav.getnchannels(), wav.getsampwidth())
            pcm = wav.readframes(wav.getnframes())
    except (wave.Error, EOFError) as error:
        raise MediaError(f"{path} is not a WAV file: {error}") from error
    if shape != (SAMPLE_RATE_HZ, 1, 2):
        raise MediaError(
            f"{path} is {shape[0]} Hz, {shape[1]} channel(s), {shape[2] * 8} bit; wanted 8000 Hz mono 16 bit"
        )
    pcm += bytes(-len(pcm) % FRAME_BYTES)
    return tuple(pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm), FRAME_BYTES))


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The first frame of a playback was requested by the bridge."""

    playback: str
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A playback is over; played_ms is what was requested by the bridge."""

    playback: str
    interrupted: bool
    played_ms: int
    at_ms: int


Mark = Started | Ended


class _Clip:
    """A piece of a playback; at is its next frame. There are no frames until here() brought them."""

    __slots__ = ("_awaiting", "at", "frames", "last", "loop", "playback")

    def __init__(self, playback: _Playback, awaiting: Awaiting, last: bool, loop: bool) -> None:
        self.playback, self.last, self.loop, self.at = playback, last, loop, 0
        self._awaiting: Awaiting | None = awaiting
        self.frames: Frames = ()

    def here(self, now_ms: int) -> bool:
        """Whether the frames have come."""
        if self._awaiting is not None and (frames := self._awaiting(now_ms)) is not None:
            self._awaiting, self.frames, self.loop = None, frames, self.loop and bool(frames)
        return self._awaiting is None


class _Playback:
    """Counts of one playback: the frames played."""

    __slots__ = ("name", "played")

    def __init__(self, name: str) -> None:
        self.name, self.played = name, 0


class PlaybackQueue:
    """The prompts of one leg, in order. paused keeps the queue and gives silence (not yet answered, on hold)."""

    def __init__(self) -> None:
        self.paused = True
        self._held = False
        self._clips: collections.deque[_Clip] = collections.deque()
        self._open: dict[str, _Playback] = {}
        self._marks: collections.deque[Mark] = collections.deque()

    @property
    def playing(self) -> bool:
        """Whether anything is queued or playing."""
        return bool(self._open)

    def add(self, playback: str, awaiting: Awaiting, last: bool, loop: bool) -> None:
        """Queue frames that come behind what is there, silence until they do; last=True closes the playback."""
        account = self._open.setdefault(playback, _Playback(playback))
        self._clips.append(_Clip(account, awaiting, last, loop))

    def stop(self, now_ms: int) -> None:
        """Silence from the next frame on; what was queued is marked as interrupted."""
        self._clips = collections.deque()
        self._held = False
        finished = {mark.playback for mark in tuple(self._marks) if isinstance(mark, Ended)}
        for name, account in self._open.items():
            if name not in finished:
                played_ms = account.played * FRAME_MS
                self._marks.append(Ended(playback=name, interrupted=True, played_ms=played_ms, at_ms=now_ms))

    def hold(self) -> None:
        """Silence from the next frame on; everything stays where it is until resume() or stop()."""
        self._held = True

    def resume(self) -> None:
        """Go on after hold(), from the last gap between words: nobody understands the second half of a word."""
        clips = self._clips
        if self._held and clips:
            clips[0].at = _gap_before(clips[0].frames, clips[0].at)
        self._held = False

    def next_frame(self, now_ms: int) -> bytes:
        """The next 20 ms for the bridge. Asked for 50 times a second."""
        clips = self._clips
        while clips and not self.paused and not self._held and clips[0].here(now_ms):
            clip = clips[0]
            if clip.at < len(clip.frames):
                return self._advance(clip, now_ms)
            if clip.loop:
                clip.at = 0
                continue
            clips.popleft()
            if clip.last:
                played_ms = clip.playback.played * FRAME_MS
                done = Ended(playback=clip.playback.name, interrupted=False, played_ms=played_ms, at_ms=now_ms)
                self._marks.append(done)
        return SILENCE

    def _advance(self, clip: _Clip, now_ms: int) -> bytes:
        frame = clip.frames[clip.at]
        clip.at += 1
        if not clip.playback.played:
            self._marks.append(Started(playback=clip.playback.name, at_ms=now_ms))
        clip.playback.played += 1
        return frame

    def marks(self) -> Iterator[Mark]:
        """What happened since the last call, in order; every playback ends once. Main thread."""
        while self._marks:
            mark = self._marks.popleft()
            if mark.playback not in self._open:
                continue
            if isinstance(mark, Ended):
                del self._open[mark.playback]
            yield mark


def _gap_before(frames: Frames, at: int) -> int:
    """The last frame before at that lies between words; at itself when there is none within REWIND_FRAMES."""
    for back in range(min(at, len(frames)) - 1, max(-1, at - REWIND_FRAMES - 1), -1):
        samples = array.array("h", frames[back])
        if max(samples) < _GAP_PEAK and min(samples) > -_GAP_PEAK:
            return back
    return at
