"""One caller of a load: what it sends, what it hears, packet by packet. No sockets, no clock of its own.

Owns RTP numbering (RFC 3550), the ear (loud or not, gaps) and the waiting for an answer; ivr.demo.talkers paces it,
carries its packets and speaks SIP for it. Times are CLOCK_MONOTONIC milliseconds, as floats.
"""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass, field

from ivr.demo.g711 import FRAME_SAMPLES, Spoken, first_loud, noise_frames
from ivr.demo.house import DemoError

FRAME_MS = 20.0
GAP_MS = 60.0  # between two packets of the bot: more is heard as a gap
QUIET_MS = 500.0  # the bot has had its say
_RTP = struct.Struct("!BBHII")
_VERSION, _PCMU = 0x80, 0


@dataclass(slots=True, kw_only=True)
class Utterance:
    """One sentence said. heard_ms: the first loud sample of the bot after it; 0 when there was none.

    early: the bot spoke before the sentence was over.
    """

    began_ms: float = 0.0
    ended_ms: float = 0.0
    heard_ms: float = 0.0
    early: bool = False


@dataclass(slots=True)
class Ear:
    """What came from the bot. longest_gap_ms and gaps (> GAP_MS): between packets, by arrival."""

    packets: int = 0
    gaps: list[float] = field(default_factory=list)
    longest_gap_ms: float = 0.0
    last_ms: float = 0.0
    loud_ms: float = 0.0


class Talker:
    """One caller. name: whom it asks for (the user of the Request-URI). say() is awaited, the rest is called."""

    def __init__(self, name: str, number: int, sip_call_id: str) -> None:
        self.name, self.number, self.sip_call_id = name, number, sip_call_id
        self.ear = Ear()
        self.late_ms: list[float] = []  # how late each of our own packets was sent
        self.answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.ended_by = ""  # "local" | "remote" once the call is over
        self._noise = noise_frames(number)
        self._seq, self._stamp, self._ssrc = number, number * 1000, 0x10000000 + number
        self._speech: tuple[bytes, ...] = ()
        self._at = 0
        self._said: Utterance | None = None
        self._waiter: asyncio.Future[None] | None = None

    # ---- what the talkers call ------------------------------------------------------------------------------------

    def packet(self, now_ms: float, late_ms: float) -> bytes:
        """The next 20 ms."""
        self.late_ms.append(late_ms)
        self._seq = (self._seq + 1) & 0xFFFF
        self._stamp = (self._stamp + FRAME_SAMPLES) & 0xFFFFFFFF
        frame = self._frame(now_ms)
        return _RTP.pack(_VERSION, _PCMU, self._seq, self._stamp, self._ssrc) + frame

    def _frame(self, now_ms: float) -> bytes:
        said = self._said
        if said is None or self._at >= len(self._speech):
            if self._waiter is not None:
                self._look(now_ms)
            return self._noise[self._seq % len(self._noise)]
        if not self._at:
            said.began_ms = now_ms
        frame = self._speech[self._at]
        self._at += 1
        if self._at == len(self._speech):
            said.ended_ms = now_ms
        return frame

    def heard(self, packet: bytes, at_ms: float) -> None:
        """A packet of the bot, arrived at at_ms."""
        ear = self.ear
        if len(packet) <= _RTP.size or packet[1] & 0x7F:
            return
        if ear.packets:
            gap = at_ms - ear.last_ms
            ear.longest_gap_ms = max(ear.longest_gap_ms, gap)
            if gap > GAP_MS:
                ear.gaps.append(gap)
        ear.packets += 1
        ear.last_ms = at_ms
        if first_loud(packet[_RTP.size :]) < 0:
            return
        ear.loud_ms = at_ms
        said = self._said
        if said is None or not said.began_ms:
            return
        if not said.ended_ms:
            said.early = True
        elif not said.heard_ms:
            said.heard_ms = at_ms

    def over(self, by: str) -> None:
        """The call has ended."""
        self.ended_by = self.ended_by or by
        error = DemoError(f"caller {self.number} ({self.name}): the call was ended by {by}")
        for future in (self.answered, self._waiter):
            if future is not None and not future.done():
                future.set_exception(error)

    # ---- what the script calls ------------------------------------------------------------------------------------

    async def say(self, sentence: Spoken, patience_s: float) -> Utterance:
        """Say it, wait until the bot has spoken and been silent. Raises DemoError when the call ends.

        After patience_s without an answer heard_ms stays 0.
        """
        said = self._said = Utterance()
        self._speech, self._at = sentence.frames, 0
        await self._wait(sentence.seconds + patience_s)
        return said

    async def greeted(self, patience_s: float) -> None:
        """Wait until the bot has spoken and been silent, without a word of ours."""
        self._said, self._speech, self._at = None, (), 0
        await self._wait(patience_s)

    async def _wait(self, patience_s: float) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(patience_s):
                await self._waiter
        except TimeoutError:
            pass  # nobody spoke: that is a result
        finally:
            self._waiter = None

    def _look(self, now_ms: float) -> None:
        said = self._said
        spoke_ms = self.ear.loud_ms if said is None or said.heard_ms or said.early else 0.0
        if spoke_ms and now_ms - max(spoke_ms, said.ended_ms if said else 0.0) >= QUIET_MS:
            waiter = self._waiter
            if waiter is not None and not waiter.done():
                waiter.set_result(None)
