"""A context's code among the keys of a caller who comes back: `*`, eight digits, `#`, right after the answer.

Owns telling such a sequence from what an ordinary caller presses, and that an ordinary caller waits for nothing: keys
are kept back only from a `*` on that comes first and early, and go on as soon as they can be no code. Pure; what a code
is worth is the control process's business. Times: milliseconds.

    state       key                                  then
    waiting     * in time                            kept back
    waiting     any other, or too late               over, the key goes on
    kept back   a digit, the eighth at most          kept back
    kept back   # after eight digits                 over: the code
    kept back   any other                            over, all keys go on
    kept back   none for GAP_MS                      over: the code when there are eight digits, else all keys go on
"""

from __future__ import annotations

from dataclasses import dataclass

BEGIN, END, DIGITS = "*", "#", 8
GAP_MS = 1500
"""A person who reads the digits from a note is slower than a machine, and faster than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """code: "" when there is none (yet). keys: what goes on as if nobody had looked at it."""

    code: str = ""
    keys: str = ""


class CodeKeys:
    """The keys of one leg, in order."""

    def __init__(self) -> None:
        self._begin_by_ms = 0
        self._kept = ""
        self._last_ms = 0

    def expect(self, by_ms: int) -> None:
        """A code may begin until then."""
        self._begin_by_ms = by_ms

    def press(self, key: str, now_ms: int) -> Sorted:
        """One key came."""
        if not self._kept:
            begins = key == BEGIN and now_ms <= self._begin_by_ms
            self._begin_by_ms = 0
            return self._keep(key, now_ms) if begins else Sorted(keys=key)
        whole = len(self._kept) > DIGITS
        if key == END and whole:
            return self._over()
        if key.isdecimal() and not whole:
            return self._keep(key, now_ms)
        return Sorted(keys=self._take() + key)

    def on_time(self, now_ms: int) -> Sorted:
        """Nothing more comes."""
        if not self._kept or now_ms - self._last_ms < GAP_MS:
            return Sorted()
        return self._over() if len(self._kept) > DIGITS else Sorted(keys=self._take())

    def _keep(self, key: str, now_ms: int) -> Sorted:
        self._kept, self._last_ms = self._kept + key, now_ms
        return Sorted()

    def _over(self) -> Sorted:
        return Sorted(code=self._take()[len(BEGIN) :])

    def _take(self) -> str:
        kept, self._kept = self._kept, ""
        return kept
