"""The progress of one REFER (RFC 3515): what the NOTIFYs said, and that silence ends too.

Owns the rule "a transfer always has an end"; refuses to know SIP objects and what the outcome means. Pure.

    event                     result
    status, not final         progress
    status, final             the end
    timeout_ms without end    the end, code 408
    the leg ended first       the end, with the last code heard (a provisional one: the outcome is not known)
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """code is the SIP status of the transfer target as reported; final: nothing more will follow."""

    code: int
    final: bool


class Referral:
    """One REFER under way."""

    def __init__(self, sent_at_ms: int, timeout_ms: int) -> None:
        self._deadline_ms = sent_at_ms + timeout_ms
        self._last_code = 0
        self._over = False

    def on_status(self, code: int, final: bool) -> Progress | None:
        """The REFER was answered or a NOTIFY came."""
        self._last_code = code
        return self._report(code, final or code >= 300)

    def on_time(self, now_ms: int) -> Progress | None:
        """A transferee that never reports is given up."""
        return self._report(408, True) if now_ms >= self._deadline_ms else None

    def on_leg_ended(self) -> Progress | None:
        """The leg went before the outcome came."""
        return self._report(self._last_code, True)

    def _report(self, code: int, final: bool) -> Progress | None:
        if self._over:
            return None
        self._over = final
        return Progress(code=code, final=final)
