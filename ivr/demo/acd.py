"""A contact center for demos and tests: a queue people call, that sends to the bot who waits too long, and takes them
back to their place. SIP on one port, REST on another.

    GET  /queue      the line with places, who talks, who ended and how
    POST /agents     {"agents": 2, "handling_s": 5}: people at work from now on
    POST /arrivals   {"age_s": 60, "priority": 3}: somebody in the line who has no telephone
    POST /events     where the bot's webhook goes: overflow.result
    GET  /events     what came there

Comes from the bot's BYE with X-Overflow-Outcome, from its REST by token, or from a REFER to return_to: resolved ends
the call, anything else gives the caller the place back. A bot that says nothing costs nobody the place.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any

import aiohttp
from aiohttp import web

from ivr.demo.acd_queue import AcdQueue, Contact, ContactState
from ivr.demo.acd_sip import Leg, Switch
from ivr.media.headers import SipMessage
from ivr.model.ids import monotonic_ms, new_id
from ivr.model.sip import address
from ivr.routing.refer_to import read_refer_to

TICK_S = 0.05
ASK_S = 2.0
ENDS = frozenset({"resolved", "callback", "abandoned"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AcdSettings:
    """bot: where overflow goes, "sip:overflow+billing@host:port"; bot_web: root of its REST. expected_s: what the bot
    is told callers wait, -1 = nothing. takes_back: is a REFER accepted?"""

    host: str
    sip_port: int
    web_port: int
    bot: str
    bot_web: str
    queue: str = "billing"
    agents: int = 0
    handling_s: float = 2.0
    max_wait_s: float = 0.5
    expected_s: int = -1
    takes_back: bool = True


class Acd:
    """The contact center. queue: its one queue; events: what the bot's webhook brought."""

    def __init__(self, settings: AcdSettings, http: aiohttp.ClientSession) -> None:
        self.settings, self._http = settings, http
        self.queue = AcdQueue(
            settings.queue,
            agents=settings.agents,
            handling_ms=int(settings.handling_s * 1000),
            max_wait_ms=int(settings.max_wait_s * 1000),
        )
        self.switch = Switch(settings.host, settings.sip_port, self)
        self.events: list[dict[str, Any]] = []
        self.refusals: list[tuple[int, str]] = []
        self._callers: dict[str, Leg] = {}
        self._bots: dict[str, Leg] = {}
        self._asking: set[asyncio.Task[None]] = set()

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: AcdSettings) -> AsyncIterator[Acd]:
        """Open both ports; everything is hung up on the way out."""
        async with aiohttp.ClientSession() as http:
            acd = cls(settings, http)
            runner = web.AppRunner(acd._application(), access_log=None)
            await runner.setup()
            await web.TCPSite(runner, settings.host, settings.web_port).start()
            acd.switch.open()
            ticking = asyncio.get_running_loop().create_task(acd._tick())
            try:
                yield acd
            finally:
                ticking.cancel()
                await acd.switch.close()
                await runner.cleanup()

    @property
    def uri(self) -> str:
        """What callers dial, and where a REFER leads back to."""
        return f"sip:{self.settings.queue}@{self.settings.host}:{self.settings.sip_port}"

    def arrive(self, *, age_s: float, priority: int = 0) -> str:
        """Somebody without a telephone stands in the line since age_s; the id."""
        arrived_ms = monotonic_ms() - int(age_s * 1000)
        contact = Contact(contact_id=new_id(), arrived_ms=arrived_ms, priority=priority)
        self.queue.join(contact)
        return contact.contact_id

    # ---- the queue -------------------------------------------------------------------------------------------------

    async def _tick(self) -> None:
        while True:
            now_ms = monotonic_ms()
            begun, done = self.queue.serve(now_ms)
            for contact in begun:
                self._part_from_bot(contact)
            for contact in done:
                self._let_go(contact)
            for contact in list(self.queue.overflowing(now_ms)):
                self._overflow(contact, now_ms)
            await asyncio.sleep(TICK_S)

    def _overflow(self, contact: Contact, now_ms: int) -> None:
        caller = self._callers.get(contact.contact_id)
        contact.overflowed = True
        if caller is None:
            return  # somebody without a telephone
        contact.state = ContactState.AWAY
        expected = self.settings.expected_s
        headers = (
            ("P-Asserted-Identity", f"<sip:{address(caller.theirs).user}@{self.settings.host}>"),
            ("Diversion", f"<{self.uri}>;reason=no-answer;counter=1"),
            ("X-Queue", self.settings.queue),
            ("X-Queue-Reason", "max_wait"),
            ("X-Queue-Age", str((now_ms - contact.arrived_ms) // 1000)),
            ("X-Priority", str(contact.priority)),
            *((("X-Queue-EWT", str(expected)),) if expected >= 0 else ()),
        )
        leg = self.switch.dial(self.settings.bot, address(caller.theirs).user, headers, caller.keys)
        self._bots[contact.contact_id] = leg

    def _back(self, contact: Contact) -> None:
        """At the old place: arrival and priority were never touched."""
        if contact.state is ContactState.AWAY:
            contact.state = ContactState.WAITING

    def _part_from_bot(self, contact: Contact) -> None:
        bot = self._bots.pop(contact.contact_id, None)
        if bot is not None:
            self.switch.hang_up(bot)

    def _let_go(self, contact: Contact) -> None:
        self._part_from_bot(contact)
        caller = self._callers.pop(contact.contact_id, None)
        if caller is not None:
            self.switch.hang_up(caller)

    def _end(self, contact: Contact, outcome: str) -> None:
        contact.state, contact.outcome = ContactState.ENDED, outcome
        self._let_go(contact)

    def _contact_of(self, leg: Leg, legs: dict[str, Leg]) -> Contact | None:
        found = next((name for name, each in legs.items() if each is leg), "")
        return self.queue.contacts.get(found)

    # ---- what the switch tells -------------------------------------------------------------------------------------

    def call_came(self, leg: Leg, invite: SipMessage) -> None:
        """Somebody calls the queue."""
        contact = Contact(contact_id=new_id(), arrived_ms=monotonic_ms())
        priority = invite.get("X-Priority")
        contact.priority = int(priority) if priority.isdigit() else 0
        self._callers[contact.contact_id] = leg
        self.queue.join(contact)

    def leg_answered(self, leg: Leg, ok: SipMessage) -> None:
        """The bot took the call."""
        contact = self._contact_of(leg, self._bots)
        if contact is None:
            self.switch.hang_up(leg)
            return
        contact.token = ok.get("X-Ctx-Id")
        leg.join(self._callers[contact.contact_id])

    def leg_refused(self, leg: Leg, code: int, answer: SipMessage) -> None:
        """The bot has no line free: the caller waits on."""
        self.refusals.append((code, answer.get("Retry-After")))
        contact = self._contact_of(leg, self._bots)
        if contact is not None:
            self._bots.pop(contact.contact_id)
            self._back(contact)

    def leg_ended(self, leg: Leg, bye: SipMessage) -> None:
        """The caller hung up, or the bot is done."""
        contact = self._contact_of(leg, self._callers)
        if contact is not None:
            self._end(contact, contact.outcome or "caller hung up")
            return
        contact = self._contact_of(leg, self._bots)
        if contact is None or contact.state is not ContactState.AWAY:
            return
        self._bots.pop(contact.contact_id)
        self._note_age(contact, bye.get("X-Queue-Age"))
        outcome = bye.get("X-Overflow-Outcome")
        if outcome:
            self._done(contact, outcome)
        else:
            asking = asyncio.get_running_loop().create_task(self._ask(contact))
            self._asking.add(asking)
            asking.add_done_callback(self._asking.discard)

    def leg_referred(self, leg: Leg, refer: SipMessage) -> bool:
        """The bot gives the call back."""
        uri, headers = read_refer_to(refer.get("Refer-To"))
        told = {name.lower(): value for name, value in headers}
        contact = self._contact_of(leg, self._bots)
        if contact is None or not self.settings.takes_back or uri != self.uri or told.get("x-ctx-id") != contact.token:
            return False
        self._note_age(contact, told.get("x-queue-age", ""))
        loop = asyncio.get_running_loop()
        loop.call_later(0.02, self.switch.notify, leg, "SIP/2.0 100 Trying")
        loop.call_later(0.06, self._taken_back, contact, leg)
        return True

    def _taken_back(self, contact: Contact, leg: Leg) -> None:
        leg.part()
        self.switch.notify(leg, "SIP/2.0 200 OK", last=True)
        self._bots.pop(contact.contact_id, None)
        self._back(contact)

    def _note_age(self, contact: Contact, age: str) -> None:
        contact.returned_age_s = int(age) if age.isdigit() else None
        contact.true_age_s = (monotonic_ms() - contact.arrived_ms) // 1000

    async def _ask(self, contact: Contact) -> None:
        """The bot's leg is gone without a word: its REST knows how it ended, or the caller waits on."""
        try:
            async with asyncio.timeout(ASK_S):
                reply = await self._http.get(f"{self.settings.bot_web}/api/overflow/{contact.token}")
                outcome = str((await reply.json())["outcome"]) if reply.status == 200 else ""
        except (aiohttp.ClientError, TimeoutError):
            outcome = ""
        self._done(contact, outcome)

    def _done(self, contact: Contact, outcome: str) -> None:
        if outcome in ENDS:
            self._end(contact, outcome)
        else:
            self._back(contact)

    # ---- REST ------------------------------------------------------------------------------------------------------

    def _application(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [
                web.get("/queue", self._show_queue),
                web.post("/agents", self._set_agents),
                web.post("/arrivals", self._add_arrival),
                web.post("/events", self._take_event),
                web.get("/events", self._show_events),
            ]
        )
        return app

    async def _show_queue(self, _request: web.Request) -> web.Response:
        now_ms = monotonic_ms()
        contacts = [
            {**asdict(c), "position": self.queue.position(c.contact_id), "age_s": (now_ms - c.arrived_ms) // 1000}
            for c in self.queue.contacts.values()
        ]
        return web.json_response(
            {"queue": self.queue.name, "contacts": contacts, "expected_s": self.queue.expected_s()}
        )

    async def _set_agents(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.queue.agents = int(body["agents"])
        self.queue.handling_ms = int(float(body.get("handling_s", self.settings.handling_s)) * 1000)
        return web.json_response({"agents": self.queue.agents})

    async def _add_arrival(self, request: web.Request) -> web.Response:
        body = await request.json()
        contact_id = self.arrive(age_s=float(body.get("age_s", 0)), priority=int(body.get("priority", 0)))
        return web.json_response({"contact_id": contact_id})

    async def _take_event(self, request: web.Request) -> web.Response:
        self.events.append(await request.json())
        return web.json_response({})

    async def _show_events(self, _request: web.Request) -> web.Response:
        return web.json_response({"events": self.events})
