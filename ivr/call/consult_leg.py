"""The leg to one agent: called, called again while a worker has no leg free, hung up once.

Owns whether it exists. A leg that is being hung up takes its place for as long as the phone's answer takes: without a
second call the next agent would be passed over whenever the worker is full.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ivr.model.media import Dial, HangUp, LegEnded

NO_FREE_LEG = "no free leg"  # as the switchboard of a media worker says it
AGAIN_S = 0.2
AGAIN_MOST = 5


class ConsultLeg:
    """One leg. alive: called and not ended, as far as is known."""

    def __init__(self, leg: str, send: Callable[[object], None]) -> None:
        self._leg, self._send = leg, send
        self._left = AGAIN_MOST
        self._call: Dial | None = None
        self.alive = False

    def dial(self, call: Dial) -> None:
        """Call the agent."""
        self._call, self.alive = call, True
        self._send(call)

    def ended(self, message: LegEnded) -> bool:
        """It has ended. False when it only found no place, and is called again in a moment."""
        if self.alive and message.reason == NO_FREE_LEG and self._left:
            self._left -= 1
            asyncio.get_running_loop().call_later(AGAIN_S, self._again)
            return False
        self.alive = False
        return True

    def hang_up(self, reason: str) -> None:
        """End it, when it is there."""
        if self.alive:
            self.alive = False
            self._send(HangUp(leg=self._leg, reason=reason))

    def _again(self) -> None:
        if self.alive and self._call is not None:
            self._send(self._call)
