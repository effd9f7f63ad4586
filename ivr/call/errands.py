"""What a call sends for and waits on: number lookup, services, offers, promises. Results come back by mailbox."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ivr.call.following import FollowUp
from ivr.call.identifying import Identifying
from ivr.call.journal import wall_clock
from ivr.call.line import Line
from ivr.call.offer_facts import CallSoFar
from ivr.call.offering import Offering
from ivr.call.record import fold
from ivr.call.surroundings import Surroundings
from ivr.call.voice_signs import VoiceSigns
from ivr.model import dialog as say
from ivr.model.call import Callback, Outcome
from ivr.model.consent import KeepConsent
from ivr.model.errors import StorageError
from ivr.model.fulfilment import SettleAcceptance
from ivr.model.hearing import UtteranceMarked, VoiceMeasured
from ivr.model.identity import Candidate, Phone
from ivr.model.ids import monotonic_ms, new_id
from ivr.model.offers import OfferDecision
from ivr.routing.waiting import WaitingCall

# A call of this number that we lost this recently is apologised for.
CUT_OFF_WITHIN_S = 600
LOOKUP_S = 0.15
# How long the greeting waits to know which language the customer with this number prefers.
LANGUAGE_MS = 500
LOOK_AGAIN_S = 0.01


class Errands:
    """The errands of one call."""

    def __init__(self, line: Line, house: Surroundings) -> None:
        self._line, self._house = line, house
        self.follow_up = FollowUp(line.call_id, house, line.journal, line.session, self._text_to)
        self.offering = Offering(line.call_id, house, line.journal, self.follow_up)
        self._identifying = Identifying(
            line.call_id,
            house.identity,
            house.identity_policy,
            line.journal,
            caller=lambda: line.caller,
            language=lambda: line.session().language,
            believe_claimed=house.assistant.believe_claimed,
        )
        standing = self._identifying.standing
        self._voice = VoiceSigns(
            line.call_id,
            house.identity,
            house.identity_policy,
            standing=standing,
            journal=line.journal,
            to_speech=house.to_speech,
        )
        self._began_ms = monotonic_ms()
        self._greetings = 0
        self._holds: dict[str, asyncio.TimerHandle] = {}
        self._promised = False

    async def greet(self) -> None:
        """Let the dialog begin, knowing whether the last call of this number broke off and, where the assistant speaks
        several languages and the lookup is quick, which one its customer prefers. Whoever comes back goes on in the
        language spoken before. A greeting that begins anew is the only one that counts."""
        line, cut_off = self._line, False
        self._greetings += 1
        greeting = self._greetings
        self._began_ms = monotonic_ms()
        caller = await line.number.settled()
        if caller.ani:
            try:
                async with asyncio.timeout(LOOKUP_S):
                    last = await self._house.store.last_call(caller.ani, CUT_OFF_WITHIN_S, besides=line.call_id)
                    cut_off = last is not None and last.outcome is Outcome.LOST
            except (TimeoutError, StorageError) as error:
                line.journal.note("trouble", where="storage", what=f"last call not looked up: {error}")
        async with asyncio.TaskGroup() as tasks:
            lookup = tasks.create_task(self._look_up(caller.ani))
            if len(self._house.assistant.languages) > 1:
                await self._language_known(lookup)
            if greeting != self._greetings:
                return
            preferred = "" if caller.returned else self._preferred()
            line.post(
                say.CallStarted(
                    at_ms=monotonic_ms(),
                    call_id=line.call_id,
                    caller=caller,
                    language=preferred or line.session().language,
                    started_at=wall_clock(),
                    cut_off=cut_off,
                )
            )
            found = await lookup
            if found is not None and greeting == self._greetings:
                line.post(found)

    async def _look_up(self, ani: str) -> say.ServiceEnded | None:
        """Whose number it is, None when nobody is to be asked."""
        service = self._house.assistant.identify_service
        if not service or not ani:
            return None
        spec = self._house.assistant.services[service]
        command = say.CallService(service=service, args={"phone": ani}, timeout_ms=spec.timeout_ms)
        return await self._served(command, by_number=True)

    async def _language_known(self, lookup: asyncio.Task[say.ServiceEnded | None]) -> None:
        """The directory's answer is enough: what the number is worth may still be weighed."""
        until_ms = monotonic_ms() + LANGUAGE_MS
        while not lookup.done() and not self._preferred() and monotonic_ms() < until_ms:
            await asyncio.wait((lookup,), timeout=LOOK_AGAIN_S)

    def _preferred(self) -> str:
        """The language of the assistant that the customers with this number prefer, "" when that is not known."""
        wanted = self._identifying.language_of_number()
        spoken = self._house.assistant.languages
        return next((each for each in (wanted, wanted.partition("-")[0]) if each in spoken), "")

    async def serve(self, command: say.CallService) -> None:
        """Call a service; tell the dialog what came of it, and when it takes longer than its hold time."""
        self._line.post(await self._served(command))
        await self._voice.expect()

    async def overheard(self, message: UtteranceMarked | VoiceMeasured) -> None:
        """Something was found out about the caller's voice; a level it takes is taken at once."""
        if not await self._voice.heard(message):
            return
        identity, session = self._identifying.standing.identity(), self._line.session()
        if identity is not None and identity.level < session.level:
            known = replace(identity, customer=identity.customer or session.customer)
            self._line.post(say.CallerIdentified(at_ms=monotonic_ms(), identity=known))

    async def _served(self, command: say.CallService, *, by_number: bool = False) -> say.ServiceEnded:
        """by_number: it is the number lookup."""
        so_far = tuple(self._line.journal.entries)
        self._line.journal.note("service.called", service=command.service)
        if command.hold_after_ms:
            hold = say.HoldElapsed(at_ms=monotonic_ms() + command.hold_after_ms, service=command.service)
            loop = asyncio.get_running_loop()
            self._holds[command.service] = loop.call_later(command.hold_after_ms / 1000, self._line.post, hold)
        spec = self._house.assistant.services[command.service]
        if spec.identity is not None:
            ended = await self._identifying.serve(spec, command.args, timeout_ms=command.timeout_ms)
        else:
            ended = await self._house.services.call(
                spec, command.args, timeout_ms=command.timeout_ms, sender=self._line.call_id, journal=so_far
            )
            await self._identifying.vouched(spec, ended, by_number=by_number)
        timer = self._holds.pop(command.service, None)
        if timer is not None:
            timer.cancel()
        return ended

    async def agent_requested(self) -> None:
        """The caller asked for a person: what that says is weighed."""
        await self._identifying.standing.agent_requested()

    async def ask_desk(self, command: say.DecideOffer | KeepConsent, recording: str) -> None:
        """Have something decided, or a consent put on record; the dialog waits for the answer. recording: of this
        call, "" for none."""
        session = self._line.session()
        if isinstance(command, KeepConsent):
            self._line.post(await self.offering.consented(command, session, recording))
        else:
            self._line.post(await self.offering.decide(command, session, self._so_far(recorded=bool(recording))))

    async def decide_with_agent(self, *, recorded: bool) -> OfferDecision:
        """The agent has solved the request: ask the offer desk."""
        return await self.offering.decide_with_agent(self._line.session(), self._so_far(recorded=recorded))

    def _so_far(self, *, recorded: bool) -> CallSoFar:
        return CallSoFar(
            call_ms=monotonic_ms() - self._began_ms,
            load=self._house.load(),
            recorded=recorded,
            latency_p95_ms=int(fold(self._line.journal.entries).timings.get("turn_p95_ms", 0)),
            ani=self._line.caller.ani,
        )

    async def record(
        self, command: say.RecordOfferAnswer | SettleAcceptance | say.RecordSurvey, recording: str
    ) -> None:
        """Store how the offer ended, what became of a yes, or the grade."""
        match command:
            case say.RecordOfferAnswer():
                await self.offering.answered(command, recording)
            case SettleAcceptance(taken=taken):
                await self.follow_up.settle(taken=taken)
            case say.RecordSurvey():
                await self.offering.surveyed(command)

    async def refuse_offers(self) -> None:
        """No offers to this household any more."""
        await self.offering.refused_for_good(self._line.session())

    async def offers_refused(self) -> bool:
        """Did this caller ever say "no offers"?"""
        return await self.offering.refused(self._line.session())

    async def tell_offer_outcomes(self, *, early: bool | None, answered_s: float) -> None:
        """What became of the offer drawn in this call, now that it is over."""
        await self.offering.ended(early=early, answered_s=answered_s)

    async def promise(self, reason: str, number: str, *, within_ms: int = 0, place: WaitingCall | None = None) -> None:
        """Store a promise to call back, by default within the operator's limit. place: what the caller had in our line,
        and keeps; a place in a contact center's queue goes before it."""
        within = timedelta(milliseconds=within_ms or self._house.settings.limits.callback_s * 1000)
        customer = self._line.session().customer
        full, now_ms = self._line.overflow, monotonic_ms()
        queue, arrived_at, priority = self._line.caller.overflow_from, "", self._line.caller.priority
        if full is not None:
            arrived_at = full.arrived_at(now_ms)
        elif place is not None:
            arrived_at, queue, priority = wall_clock(place.waited_ms(now_ms)), place.request.queue, place.priority
        callback = Callback(
            callback_id=new_id(),
            call_id=self._line.call_id,
            number=number,
            customer_id=customer.customer_id if customer else "",
            reason=reason,
            promised_at=wall_clock(),
            deadline=(datetime.now(UTC) + within).isoformat(timespec="seconds"),
            language=self._line.session().language,
            queue=queue,
            arrived_at=arrived_at,
            priority=priority,
        )
        await self._house.store.promise(callback)
        self._promised = True
        self._line.journal.note("callback.promised", callback=callback.callback_id, deadline=callback.deadline)

    @property
    def promised(self) -> bool:
        """Was a call back promised?"""
        return self._promised or self.follow_up.promised

    def _text_to(self) -> str:
        """Where a message for this caller goes: the number on file for codes, else the one that calls."""
        caller, known = self._line.caller, self._identifying.standing.candidate
        calling = (Phone(number=caller.ani),) if caller.ani and not caller.claimed else ()
        on_file = known.phones if known is not None else ()
        who = Candidate(customer_id="", household="", phones=(*on_file, *calling))
        return self._house.identity.number_for_codes(who, self._house.identity_policy)

    def drop(self) -> None:
        """The call is over; nobody waits for anything any more."""
        for timer in self._holds.values():
            timer.cancel()
        self._holds.clear()
