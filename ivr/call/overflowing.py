"""A call from the full queue of a contact center: what is known of it at the INVITE, its way back, and how it ended.

Owns that the result is told once, and stored before the contact center is let go of: it may ask as soon as we hang up.
How headers are read and written is routing's. Times: monotonic milliseconds.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from ivr.call.context import Known, keep_context, packet_for
from ivr.call.dealings import dealings
from ivr.call.journal import Journal, wall_clock
from ivr.call.line import Line
from ivr.call.surroundings import Surroundings
from ivr.model import dialog as say
from ivr.model.call import Outcome as CallOutcome
from ivr.model.call import OverflowResult
from ivr.model.carry import ReferUui
from ivr.model.errors import StorageError
from ivr.model.identity import Caller
from ivr.model.ids import monotonic_ms, new_id
from ivr.model.media import CallArrived, HangUp, Headers, Play, Refer, ReferProgress, StopPlayback
from ivr.model.routing import HandoffRequest, TransferResult
from ivr.routing.expected_wait import LANGUAGES, spoken, wait_range
from ivr.routing.overflow import Overflow, read_overflow
from ivr.routing.overflow_terms import OverflowTerms, ReturnBy
from ivr.routing.returning import OverflowOutcome, Return, result_event, return_call, token_headers, ways
from ivr.storage.store import Store

OPEN = "open"
SAID_S = 20.0
REFER_MS = 10_000
REFER_GRACE_S = 2.0
"""The worker ends a referral itself; this is for a worker that does not."""
OUTCOME_HEADER = "X-Overflow-Outcome"

_OUTCOMES: Mapping[CallOutcome, OverflowOutcome] = {
    CallOutcome.RETURNED: OverflowOutcome.RETURNED,
    CallOutcome.CALLBACK: OverflowOutcome.CALLBACK,
    CallOutcome.RESOLVED: OverflowOutcome.RESOLVED,
    CallOutcome.INFORMED: OverflowOutcome.RESOLVED,
    CallOutcome.TRANSFERRED: OverflowOutcome.RESOLVED,  # a person here took it
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OverflowCall:
    """What an INVITE said of the queue it comes from. token: what the contact center asks for the result by;
    expected_ms: what is to be waited there, None when nobody can tell; ways: what is offered."""

    overflow: Overflow
    terms: OverflowTerms
    token: str
    expected_ms: int | None
    ways: tuple[str, ...]

    @property
    def headers(self) -> Headers:
        """Of our answer: the contact center knows the token from then on."""
        return token_headers(self.token)

    @property
    def comes_back_by_itself(self) -> bool:
        """Does the caller go back to the queue whenever our leg ends, whatever ended it?"""
        return self.overflow.can_return and self.overflow.queue.return_by is ReturnBy.BYE

    def arrived_at(self, now_ms: int) -> str:
        """When the caller began to wait, UTC ISO 8601."""
        at = datetime.now(UTC) - timedelta(milliseconds=self.overflow.waited_ms(now_ms))
        return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def note(self, journal: Journal, now_ms: int) -> None:
        """For the log of the call."""
        found = self.overflow
        journal.note(
            "overflow.arrived",
            queue=found.queue.name,
            known=found.known,
            source=found.source.value,
            told=found.told,
            reason=found.reason,
            waited_s=found.waited_ms(now_ms) // 1000,
            priority=found.priority,
            expected_s=None if self.expected_ms is None else self.expected_ms // 1000,
            ways=list(self.ways),
            token=self.token,
        )

    def known_of(self, caller: Caller, now_ms: int) -> Caller:
        """The caller with the facts flows can branch on."""
        wait = wait_range(self.expected_ms) if self.expected_ms is not None else None
        words = {language: spoken(wait, language) for language in LANGUAGES} if wait else {}
        return replace(
            caller,
            overflow_from=self.overflow.queue.name,
            overflow_reason=self.overflow.reason,
            waited_s=self.overflow.waited_ms(now_ms) // 1000,
            priority=self.overflow.priority,
            return_to=self.overflow.queue.return_to,
            ways=self.ways,
            expected_wait=words,
        )


def overflow_call(
    arrived: CallArrived,
    caller: Caller,
    terms: OverflowTerms | None,
    told: Callable[[str], int | None],
    own: Callable[[str], int | None],
    *,
    trusted: bool,
) -> OverflowCall | None:
    """The overflow a call is, None for any other. told: what a contact center last said over HTTP that callers of a
    queue wait; its header in the INVITE counts before. own: how long a queue of ours keeps callers waiting, for when
    the contact center says nothing of one that ours knows about. trusted: are the headers of this peer believed?"""
    if terms is None:
        return None
    now_ms = arrived.arrived_at_ms
    found = read_overflow(terms, caller.dnis, arrived.headers, received_ms=now_ms, trusted=trusted)
    if found is None:
        return None
    expected_ms = found.expected_wait_ms if found.expected_wait_ms is not None else told(found.queue.name)
    if expected_ms is None and found.queue.queue:
        expected_ms = own(found.queue.queue)
    offered = ways(terms, found, expected_ms, can_call_back=bool(caller.ani), now_ms=now_ms)
    return OverflowCall(
        overflow=found, terms=terms, token=new_id(), expected_ms=expected_ms, ways=tuple(way.value for way in offered)
    )


async def keep_result(
    call: OverflowCall, store: Store, journal: Journal, outcome: str = OPEN, event: Mapping[str, object] | None = None
) -> None:
    """Store how the call stands. What the storage refuses is noted: the call goes on, and ends, all the same."""
    sip_call_id = str(journal.entries[0].data["sip_call_id"])
    result = OverflowResult(
        token=call.token,
        call_id=journal.call_id,
        sip_call_id=sip_call_id,
        queue=call.overflow.queue.name,
        outcome=outcome,
        at=wall_clock(),
        data={**event, "sip_call_id": sip_call_id} if event else {},
    )
    try:
        await store.save_overflow(result)
    except StorageError as error:
        journal.note("trouble", where="storage", what=f"overflow not stored: {error}")


class WayBack:
    """The way back of one call. returned: is the caller in the queue again? no_offers() tells whether the caller ever
    refused offers: whoever takes the call there must know."""

    def __init__(
        self, call: OverflowCall, line: Line, house: Surroundings, no_offers: Callable[[], Awaitable[bool]]
    ) -> None:
        self.call, self._line, self._house, self._no_offers = call, line, house, no_offers
        self.returned = False
        self._told = self._accepted = False
        self._silent = asyncio.Event()
        self._referring: asyncio.Queue[ReferProgress] | None = None

    @property
    def possible(self) -> bool:
        """Is there a way back?"""
        return self.call.overflow.can_return

    async def serve(self, request: HandoffRequest) -> None:
        """A human was asked for: they are in the queue. When there is no way back, the dialog goes on."""
        if not await self.give_back(request):
            self._line.post(say.TransferEnded(at_ms=monotonic_ms(), result=TransferResult.FAILED))

    async def give_back(self, request: HandoffRequest) -> bool:
        """Back to the place the caller had, the packet under the call's token. False when the queue refuses."""
        line, queue = self._line, self.call.overflow.queue
        line.journal.note(
            "overflow.returning",
            queue=queue.name,
            by=queue.return_by.value,
            reason=request.reason,
            token=self.call.token,
        )
        earlier = dealings(line.session(), line.journal, self._house.store)
        refused, before = await asyncio.gather(self._no_offers(), earlier)
        known = Known(no_offers=refused, dealings=before)
        packet = packet_for(line, self._house.routing, request, None, known, token=self.call.token)
        try:
            await keep_context(line, self._house.store, packet)
        except StorageError as error:
            line.journal.note("trouble", where="storage", what=f"context not stored: {error}")
        await self._spoken()
        in_uri = ReferUui(line.number.trunk.refer_uui) is not ReferUui.HEADER
        back = return_call(self.call.overflow, self.call.token, now_ms=monotonic_ms(), in_uri=in_uri)
        if back.by is ReturnBy.REFER and not await self._refer(back):
            return False
        self.returned = True
        line.owe(self.hang_up("returned to the queue", CallOutcome.RETURNED, back.headers))
        return True

    def receive(self, message: object) -> bool:
        """News of our REFER. True when it was ours."""
        if self._referring is None or not isinstance(message, ReferProgress):
            return False
        self._accepted = self._accepted or message.code < 300
        self._referring.put_nowait(message)
        return True

    def prompts_ended(self) -> None:
        """Everything was said."""
        self._silent.set()

    def caller_gone(self) -> None:
        """Our leg is gone. A contact center that took the REFER has taken the caller, too."""
        self.returned = self.returned or (self._referring is not None and self._accepted)

    async def hang_up(self, reason: str, outcome: CallOutcome, headers: Headers = ()) -> None:
        """End our leg, the result told before."""
        await self.tell(outcome)
        words = (*(headers or self.call.headers), (OUTCOME_HEADER, self._outcome(outcome).value))
        self._house.to_media(HangUp(leg=self._line.call_id, reason=reason, headers=words))

    async def tell(self, outcome: CallOutcome) -> None:
        """Store the result, once."""
        if self._told:
            return
        self._told = True
        session, now_ms = self._line.session(), monotonic_ms()
        event = result_event(
            self.call.token,
            self._outcome(outcome),
            self.call.overflow,
            intent=str(session.requests[-1]["intent"]) if session.requests else "",
            level=session.level.name,
            bot_s=(now_ms - session.started_at_ms) // 1000 if session.started_at_ms else 0,
            now_ms=now_ms,
        )
        await keep_result(self.call, self._house.store, self._line.journal, str(event["outcome"]), event)
        self._line.journal.note("overflow.result", **event)

    def _outcome(self, outcome: CallOutcome) -> OverflowOutcome:
        if outcome is CallOutcome.LOST and self.call.comes_back_by_itself:
            return OverflowOutcome.RETURNED
        return _OUTCOMES.get(outcome, OverflowOutcome.ABANDONED)

    async def _spoken(self) -> None:
        """What is being said is heard to its end."""
        if self._line.speaker.busy:
            self._silent.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._silent.wait(), SAID_S)

    async def _refer(self, back: Return) -> bool:
        """True when the contact center took the call. The caller hears music meanwhile."""
        leg, house = self._line.call_id, self._house
        self._referring, self._accepted = asyncio.Queue(), False
        house.to_media(Play(leg=leg, playback=f"comfort-{leg}", files=(house.comfort_path,), loop=True))
        house.to_media(Refer(leg=leg, refer_to=back.refer_to, headers=back.headers, timeout_ms=REFER_MS))
        code = 408
        try:
            async with asyncio.timeout(REFER_MS / 1000 + REFER_GRACE_S):
                while True:
                    progress = await self._referring.get()
                    code = progress.code
                    if progress.final or code >= 300:
                        break
        except TimeoutError:
            code = 408
        self._referring = None
        if code // 100 == 2:
            return True
        house.to_media(StopPlayback(leg=leg))
        self._line.journal.note("overflow.refused", queue=self.call.overflow.queue.name, code=code)
        return False
