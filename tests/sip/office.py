"""An office on real SIP: a caller with the bot, agents with phones, a media worker and the waiting line between them.

Several offices share one media worker, each with a caller of its own, so that a test waits for several things at once.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ivr.call.dispatch import Dispatcher
from ivr.call.handoff import Handoff
from ivr.call.journal import Journal
from ivr.call.moving import Method
from ivr.demo.phone_client import SoftPhone
from ivr.model import media
from ivr.model.call import LogEntry
from ivr.model.ids import monotonic_ms
from ivr.model.routing import AgentState, TransferResult
from ivr.routing.agents import AgentDirectory
from ivr.routing.plan import RoutingPlan
from tests.handoffs import WISH, plan_of, tools_of
from tests.sip.media_control import PORTS, Control, media_worker, play, tone_wav

Ports = Callable[[int], range]
MUSIC_HZ, WHISPER_HZ, CALLER_HZ, AGENT_HZ = 450, 600, 1000, 1400
PHONES = ("caller", "best", "second")


@dataclass(slots=True)
class Office:
    """A caller with the bot, two agents with phones, the better one first, and the house between them."""

    control: Control
    caller: SoftPhone
    best: SoftPhone
    second: SoftPhone
    folder: Path
    leg: str = ""
    directory: AgentDirectory = field(init=False)
    handoff: Handoff | None = None
    entries: list[LogEntry] = field(default_factory=list)

    def employ(self, plan: RoutingPlan) -> None:
        """From now on these agents work here; they are ready with the next wish."""
        self.directory = AgentDirectory(plan)
        for name in plan.agents:
            self.directory.login(name, now_ms=monotonic_ms())

    def begin(self, method: Method = Method.BRIDGE, ring_ms: int = 5000) -> asyncio.Task[TransferResult]:
        """Everybody ready who can be, then the caller's wish for a person."""
        for agent_id, state in self.states().items():
            if state in {AgentState.NOT_READY, AgentState.WRAP_UP}:
                self.directory.ready(agent_id, now_ms=monotonic_ms())
        whisper = Path(tone_wav(self.folder / "whisper.wav", WHISPER_HZ, 600))
        dispatcher = Dispatcher(self.directory)
        tools = tools_of(dispatcher, self.control.say, whisper, ring_timeout_ms=ring_ms, method=method)
        self.entries = []
        self.handoff = Handoff(self.leg, tools, Journal(self.leg, (self.entries.append,)))
        return asyncio.ensure_future(self.handoff.run(WISH))

    async def dispatch(self) -> None:
        """Give the handoff what the worker tells, as a call's mailbox does."""
        told = 0
        while True:
            for message in self.control.heard[told:]:
                told += 1
                self._hear(message)
            await asyncio.sleep(0.005)

    def _hear(self, message: object) -> None:
        leg, handoff = getattr(message, "leg", ""), self.handoff
        if handoff is None:
            return
        if isinstance(message, media.LegEnded) and leg == self.leg:
            handoff.caller_gone()
        elif leg == handoff.leg or (isinstance(message, media.ReferProgress) and leg == self.leg):
            handoff.receive(message)

    async def call_in(self) -> None:
        """The caller calls (again) and is answered by the bot."""
        before = {arrived.leg for arrived in self.control.all(media.CallArrived)}
        await self.caller.call(self.control.uri)
        await self.caller.answered()
        new = [each for each in self.control.all(media.CallArrived) if each.leg not in before]
        self.leg = next(each.leg for each in new if f":{self.caller.name}@" in each.from_header)
        await self.control.wait(media.LegAnswered, leg=self.leg)

    async def noted(self, kind: str, count: int = 1, timeout_s: float = 6) -> LogEntry:
        """The count-th entry of that kind in the log of this handoff."""
        deadline_ms = monotonic_ms() + int(timeout_s * 1000)
        while True:
            found = [entry for entry in self.entries if entry.kind == kind]
            if len(found) >= count:
                return found[count - 1]
            assert monotonic_ms() < deadline_ms, f"no {kind}; {[entry.kind for entry in self.entries]}"
            await asyncio.sleep(0.01)

    def chosen(self) -> list[str]:
        return [entry.data["agent"] for entry in self.entries if entry.kind == "handoff.chosen"]

    def state(self, agent_id: str) -> AgentState:
        return self.directory.presence(agent_id, monotonic_ms()).state

    def states(self) -> dict[str, AgentState]:
        return {each.agent.agent_id: each.state for each in self.directory.presences(monotonic_ms())}

    async def taken_by(self, phone: SoftPhone) -> None:
        """This agent hears the whisper out and takes the call."""
        await phone.incoming()
        await phone.answered()
        await self.noted("handoff.whispered")
        await phone.press("1")
        await self.noted("handoff.bridged")

    async def talk(self, agent: SoftPhone) -> None:
        """Caller and agent speak, one tone each."""
        voices = [tone_wav(self.folder / f"{hz}.wav", hz, 900) for hz in (CALLER_HZ, AGENT_HZ)]
        await asyncio.sleep(0.2)
        await asyncio.gather(self.caller.say(voices[0]), agent.say(voices[1]))
        await asyncio.sleep(0.2)

    def music(self) -> None:
        self.control.say(play(self.leg, tone_wav(self.folder / "music.wav", MUSIC_HZ, 400), loop=True))


@contextlib.asynccontextmanager
async def offices(count: int, reserve_ports: Ports, folder: Path) -> AsyncIterator[list[Office]]:
    """Offices of one media worker, which has two callers at most."""
    async with contextlib.AsyncExitStack() as stack:

        def phone(name: str, room: range) -> Any:
            return stack.enter_async_context(SoftPhone.start(name, room[0], room[2], folder))

        names = [name + "2" * at for at in range(count) for name in PHONES]
        control, *phones = await asyncio.gather(
            stack.enter_async_context(media_worker(reserve_ports(PORTS), folder)),
            *(phone(name, reserve_ports(20)) for name in names),
        )
        opened = []
        for at in range(count):
            caller, best, second = phones[3 * at : 3 * at + 3]
            (home := folder / f"office{at}").mkdir()
            opened.append(office := Office(control, caller, best, second, home))
            office.employ(plan_of({"best": best.uri, "second": second.uri}, wrap_up_ms=0))
            await office.call_in()
            dispatching = asyncio.ensure_future(office.dispatch())
            stack.callback(dispatching.cancel)
        yield opened


@contextlib.asynccontextmanager
async def an_office(reserve_ports: Ports, folder: Path) -> AsyncIterator[Office]:
    """One office."""
    async with offices(1, reserve_ports, folder) as [office]:
        yield office
