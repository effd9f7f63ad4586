"""How long a caller will wait for a person: estimated from what just happened, told as a range, or not told at all.

position times the mean handling time over the agents at work, over a window of ten minutes. A queue nobody took a call
from in that window has no honest number. Pure; times: monotonic milliseconds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from ivr.routing.overflow_terms import OverflowTerms

WINDOW_MS = 600_000
MOST_CALLS = 2_000
LONGEST_MS = 4 * 3_600_000
LEAST_HANDLED_MS = 120_000
"""Calls that go on tell how long calls take only when they have gone on for so long, on average."""
BOUNDS_MIN = (0, 1, 2, 3, 5, 10, 15, 20, 30, 45, 60)
"""Ranges begin and end at one of these minutes."""
BELOW, ABOVE = 0.8, 1.25
TOLD_MS = 120_000
"""What a contact center said of a queue counts for so long."""
LANGUAGES = ("en", "ru")
"""Those there are words for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitRange:
    """low_min may be 0: "less than"; high_min None: "more than"."""

    low_min: int
    high_min: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Accepted:
    call_id: str
    at_ms: int
    ended_ms: int | None = None

    def last_ms(self, now_ms: int) -> int:
        """When it last was of interest. A call that seems to go on for hours has lost its end."""
        if self.ended_ms is not None:
            return self.ended_ms
        return now_ms if now_ms - self.at_ms < LONGEST_MS else self.at_ms


class Pace:
    """How fast the calls of one queue are taken. Keeps the calls of the window, at most MOST_CALLS."""

    def __init__(self) -> None:
        self._calls: deque[_Accepted] = deque(maxlen=MOST_CALLS)

    def accepted(self, call_id: str, now_ms: int) -> None:
        """An agent took a call of the queue."""
        self._calls.append(_Accepted(call_id=call_id, at_ms=now_ms))

    def ended(self, call_id: str, now_ms: int) -> None:
        """The agent is free again: the call and its wrap-up are over. A call not known is none of the window's."""
        for place, call in enumerate(self._calls):
            if call.call_id == call_id and call.ended_ms is None:
                self._calls[place] = replace(call, ended_ms=now_ms)

    def expected_ms(self, position: int, agents: int, now_ms: int) -> int | None:
        """The wait of who is at that position (1: next). agents: at work for the queue, free or busy.

        None when it cannot be told honestly: nobody was accepted in the window, nobody is at work. Handling times are
        those of calls that ended in the window; before the first has, those of calls that go on, as long as they are,
        unless that is so short that it says nothing.
        """
        begin_ms = now_ms - WINDOW_MS
        self._calls = deque((c for c in self._calls if c.last_ms(now_ms) >= begin_ms), maxlen=MOST_CALLS)
        if agents <= 0 or position <= 0 or all(c.at_ms < begin_ms for c in self._calls):
            return None
        ended = [c.ended_ms - c.at_ms for c in self._calls if c.ended_ms is not None]
        handled = ended or [now_ms - c.at_ms for c in self._calls]
        if not ended and sum(handled) < LEAST_HANDLED_MS * len(handled):
            return None
        return round(position * sum(handled) / len(handled) / agents)


class ToldWaits:
    """What contact centers said over HTTP that callers of their queues wait; the newest word of each queue."""

    def __init__(self, terms: Callable[[], OverflowTerms | None]) -> None:
        self._terms = terms
        self._told: dict[str, tuple[int, int]] = {}

    def tell(self, queue: str, expected_ms: int, now_ms: int) -> bool:
        """A contact center says how long the next caller of the queue waits. False for one the terms do not know."""
        terms = self._terms()
        known = terms is not None and queue in terms.queues
        if known:
            self._told[queue] = (expected_ms, now_ms)
        return known

    def expected_ms(self, queue: str, now_ms: int) -> int | None:
        """None when nothing was said lately."""
        expected_ms, at_ms = self._told.get(queue, (0, now_ms - TOLD_MS - 1))
        return expected_ms if now_ms - at_ms <= TOLD_MS else None


def wait_range(expected_ms: int) -> WaitRange:
    """A range the estimate may be off by a quarter in and still be true. Raises ValueError below 0."""
    if expected_ms < 0:
        raise ValueError("nobody waits less than nothing")
    minutes = expected_ms / 60_000
    low = max(bound for bound in BOUNDS_MIN if bound <= minutes * BELOW)
    high = next((bound for bound in BOUNDS_MIN if bound >= max(minutes * ABOVE, 1)), None)
    return WaitRange(low_min=low, high_min=high)


_ENGLISH = {1: "one", 2: "two", 3: "three", 5: "five", 10: "ten", 15: "fifteen"}
_ENGLISH |= {20: "twenty", 30: "thirty", 45: "forty-five", 60: "sixty"}
_RUSSIAN = {1: "одной", 2: "двух", 3: "трёх", 5: "пяти", 10: "десяти", 15: "пятнадцати"}
_RUSSIAN |= {20: "двадцати", 30: "тридцати", 45: "сорока пяти", 60: "шестидесяти"}


def spoken(wait: WaitRange, language: str) -> str:
    """The range in words, to stand after "about" and "примерно" or alone; "" in a language without words for it: then
    nothing is told."""
    if language == "en":
        words, less, more, from_, to, one, many = _ENGLISH, "less than", "more than", "", " to ", " minute", " minutes"
    elif language == "ru":
        words, less, more, from_, to, one, many = _RUSSIAN, "меньше", "больше", "от ", " до ", " минуты", " минут"
    else:
        return ""
    if wait.high_min is None:
        return f"{more} {words[wait.low_min]}{one if wait.low_min == 1 else many}"
    unit = one if wait.high_min == 1 else many
    if wait.low_min == 0:
        return f"{less} {words[wait.high_min]}{unit}"
    return f"{from_}{words[wait.low_min]}{to}{words[wait.high_min]}{unit}"
