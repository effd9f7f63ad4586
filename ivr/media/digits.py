"""The keys of one leg: type-ahead, and when a collection is complete.

Owns the rules of CollectDigits; refuses to know clocks and sockets: time comes in as milliseconds, in any one clock.

    state       key                      terminator              gap over
    idle        kept as type-ahead       kept as type-ahead      -
    collecting  added; full -> "length"  ends -> "terminator"    with keys -> "gap", without: waits on

A terminator that comes right behind a full collection is swallowed, even when the next collection has begun: who
dials "1234#" where four digits are asked has said nothing about the next question.
"""

from __future__ import annotations

from dataclasses import dataclass

MAX_TYPE_AHEAD = 32
LATE_TERMINATOR_MS = 1500


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """What is asked for: at most max_digits keys, ended early by terminator ("" = none) or by inter_digit_ms."""

    max_digits: int
    terminator: str
    inter_digit_ms: int
    stop_playback: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """digits without the terminator; ended_by is "length", "terminator" or "gap"."""

    digits: str
    ended_by: str


class DigitCollector:
    """Keys in, collections out. One of these per leg."""

    def __init__(self) -> None:
        self._asked: Collection | None = None
        self._keys = ""
        self._last_key_ms = 0
        self._swallow: tuple[str, int] = ("", 0)

    @property
    def stops_playback(self) -> bool:
        """Whether a key pressed now silences the prompt."""
        return self._asked is not None and self._asked.stop_playback

    def collect(self, asked: Collection, now_ms: int) -> tuple[Collected | None, bool]:
        """Begin a collection; also (the result when type-ahead completes it, whether there was type-ahead)."""
        waiting, self._keys = self._keys, ""
        self._asked = asked
        for index, key in enumerate(waiting):
            done = self._take(key, now_ms)
            if done:
                for later in waiting[index + 1 :]:
                    self.press(later, now_ms)
                return done, True
        return None, bool(waiting)

    def press(self, key: str, now_ms: int) -> Collected | None:
        """One key came. The result when it completes the collection."""
        swallow, until_ms = self._swallow
        self._swallow = ("", 0)
        if key == swallow and now_ms <= until_ms:
            return None
        if self._asked is not None:
            return self._take(key, now_ms)
        if len(self._keys) < MAX_TYPE_AHEAD:
            self._keys += key
        return None

    def on_time(self, now_ms: int) -> Collected | None:
        """The result when the caller has stopped dialling."""
        asked = self._asked
        if asked is None or not self._keys or now_ms - self._last_key_ms < asked.inter_digit_ms:
            return None
        return self._finish("gap")

    def stop(self) -> None:
        """End the collection without a result and throw type-ahead away."""
        self._asked, self._keys, self._swallow = None, "", ("", 0)

    def _take(self, key: str, now_ms: int) -> Collected | None:
        asked = self._asked
        assert asked is not None
        if asked.terminator and key == asked.terminator:
            return self._finish("terminator")
        self._keys += key
        self._last_key_ms = now_ms
        if len(self._keys) < asked.max_digits:
            return None
        self._swallow = (asked.terminator, now_ms + min(asked.inter_digit_ms, LATE_TERMINATOR_MS))
        return self._finish("length")

    def _finish(self, ended_by: str) -> Collected:
        done = Collected(digits=self._keys, ended_by=ended_by)
        self._asked, self._keys = None, ""
        return done
