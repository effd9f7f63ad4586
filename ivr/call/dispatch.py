"""The house-wide waiting line: every wish for a person stands in it, and gets the agent who becomes free.

Owns who waits and when to look again: when an agent's state changes, a wrap-up ends, a requirement loosens or a contact
center's queue opens. Nothing is polled. Who gets whom is decided in routing; nobody is called here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from ivr.model.ids import monotonic_ms
from ivr.model.routing import AcdQueue, Agent, HandoffRequest
from ivr.routing.agents import AgentDirectory
from ivr.routing.assignment import assign
from ivr.routing.matching import at_work, choose, fits, hopeful, score, without_agent
from ivr.routing.plan import RoutingPlan
from ivr.routing.relaxation import Standing, standing_of
from ivr.routing.waiting import WaitingCall, WaitingLine
from ivr.routing.waiting_outlook import Outlook, outlook
from ivr.routing.waiting_pace import QueuePaces


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatched:
    """What came of waiting: an agent, reserved for this call; or a contact center's queue; or neither, and why not.

    waited_ms: in the line, this time; decided_ms: what the decision itself took, with fractions.
    """

    agent: Agent | None = None
    acd: AcdQueue | None = None
    score: float = 0.0
    reasons: Mapping[str, str] = field(default_factory=dict)
    waited_ms: int = 0
    decided_ms: float = 0.0


@dataclass(slots=True)
class _Waiter:
    """stands: what is asked for the call, and acd: the contact center's queue for it when nobody is free, both until
    look_ms, when something changes for this call by itself; 0: it will not. settled: hope is somewhere else, so only an
    agent is an answer. asks: equal for calls that the same people
    could take. With hundreds of calls that wait, to find all this anew whenever somebody's state changes would take
    longer than a turn may."""

    call: WaitingCall
    joined_ms: int
    until_ms: int
    answer: asyncio.Future[Dispatched]
    stands: Standing
    settled: bool = False
    acd: AcdQueue | None = None
    look_ms: int = 0
    asks: object = None

    def loosen(self, plan: RoutingPlan, now_ms: int) -> None:
        """See what counts from now on."""
        call = self.call
        self.stands = standing_of(plan, call, now_ms)
        self.acd, next_ms = without_agent(plan, call.request, self.stands, call.exclude, call.waited_ms(now_ms))
        self.look_ms = now_ms + next_ms if next_ms else 0
        self.asks = (call.request.queue, self.stands.only, call.exclude, tuple(self.stands.enforced.items()))


class Dispatcher:
    """Gives waiting calls to agents, the most urgent first. now_ms: the clock of the directory's times."""

    def __init__(self, directory: AgentDirectory, now_ms: Callable[[], int] = monotonic_ms) -> None:
        self.directory, self.now_ms = directory, now_ms
        self._line = WaitingLine()
        self._paces = QueuePaces(directory)
        self._waiters: dict[str, _Waiter] = {}
        self._alarm: asyncio.TimerHandle | None = None
        self._soon: asyncio.Handle | None = None
        directory.watch(self._changed)

    def __len__(self) -> int:
        """How many calls wait."""
        return len(self._line)

    def position(self, call_id: str) -> int:
        """1 for who is next in its queue; 0 for a call that does not wait."""
        return self._line.position(call_id)

    def outlook(self, call_id: str) -> Outlook:
        """What a call in the line may expect; nothing for one that is not in it."""
        waiter = self._waiters.get(call_id)
        return self._outlook(waiter.call, waiter.until_ms) if waiter is not None else Outlook()

    def expected_ms(self, queue: str, language: str) -> int | None:
        """How long who asked for somebody of the queue now would wait; None when it cannot be told honestly."""
        now_ms, request = self.now_ms(), HandoffRequest(queue=queue, reason="")
        call = WaitingCall(call_id="~", request=request, language=language, arrived_ms=now_ms)
        return self._outlook(call, now_ms + self.directory.plan.waiting.longest_ms).expected_ms

    async def next_agent(
        self,
        call: WaitingCall,
        *,
        until_ms: int,
        waits: Callable[[int], None] | None = None,
        settled: bool = False,
    ) -> Dispatched:
        """Wait for an agent until then at the longest, and no longer than there is hope. An agent that is given is
        reserved; when the waiting is cancelled, nobody stays so. waits: told the position when nobody is free now.
        settled: the call is cared for meanwhile, so nobody at work is no reason to stop."""
        answer: asyncio.Future[Dispatched] = asyncio.get_running_loop().create_future()
        now_ms, plan = self.now_ms(), self.directory.plan
        waiter = _Waiter(call, now_ms, until_ms, answer, standing_of(plan, call, now_ms), settled)
        waiter.loosen(plan, now_ms)
        self._waiters[call.call_id] = waiter
        self._line.join(call)
        self._look()
        if waits is not None and not answer.done():
            waits(self.position(call.call_id))
        try:
            return await asyncio.shield(answer)
        except asyncio.CancelledError:
            self.leave(call.call_id)
            if (agent := answer.result().agent) is not None:
                self.directory.release(agent.agent_id, now_ms=self.now_ms())
            raise

    def leave(self, call_id: str) -> None:
        """The call waits no more: whoever awaits its agent gets nobody."""
        if call_id in self._waiters:
            self._answer(call_id, Dispatched())
            self._set_alarm()

    def _outlook(self, call: WaitingCall, until_ms: int) -> Outlook:
        return outlook(self.directory, self._paces, self._line, call, now_ms=self.now_ms(), until_ms=until_ms)

    def _changed(self) -> None:
        """A state has changed: look when whoever changed it has finished; once for all that happens together."""
        self._paces.follow(self.now_ms())
        if self._soon is None and self._waiters:
            self._soon = asyncio.get_running_loop().call_soon(self._look)

    def _look(self) -> None:
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
        now_ms, began_ns, directory = self.now_ms(), time.perf_counter_ns(), self.directory
        for waiter in self._waiters.values():
            if waiter.look_ms and waiter.look_ms <= now_ms:
                waiter.loosen(directory.plan, now_ms)
        found = assign(
            directory.plan, directory, self._line, now_ms=now_ms, stands_of=lambda c: self._waiters[c.call_id].stands
        )
        decided_ms = (time.perf_counter_ns() - began_ns) / 1e6
        for call_id, agent_id in found.items():
            scored = self._score(self._waiters[call_id].call, agent_id, now_ms)
            directory.reserve(agent_id, now_ms=now_ms)
            self._paces.given(agent_id, call_id, self._waiters[call_id].call.request.queue)
            agent = directory.plan.agents[agent_id]
            self._answer(call_id, Dispatched(agent=agent, score=scored, decided_ms=decided_ms))
        self._serve_otherwise(now_ms)
        self._set_alarm()

    def _serve_otherwise(self, now_ms: int) -> None:
        """Nobody is free for these calls: a contact center's queue, nobody at all, or waiting on. People are gone
        through once for all calls that ask the same."""
        plan, people = self.directory.plan, at_work(self.directory, now_ms) if self._waiters else []
        somebody: dict[object, bool] = {}
        for waiter in list(self._waiters.values()):
            call, asks = waiter.call, waiter.asks
            if waiter.settled and now_ms < waiter.until_ms:
                continue
            if waiter.acd is None and now_ms < waiter.until_ms:
                if asks not in somebody:
                    somebody[asks] = any(fits(a, call.request.queue, waiter.stands, call.exclude) for a in people)
                if somebody[asks] or hopeful(plan, people, call, now_ms=now_ms, until_ms=waiter.until_ms):
                    continue
            self._answer(call.call_id, Dispatched(acd=waiter.acd, reasons=self._reasons(call, now_ms)))

    def _reasons(self, call: WaitingCall, now_ms: int) -> Mapping[str, str]:
        """Why not, of every agent."""
        return choose(
            self.directory.plan,
            self.directory,
            call.request,
            call.language,
            exclude=call.exclude,
            now_ms=now_ms,
            waited_ms=call.waited_ms(now_ms),
        ).reasons

    def _score(self, call: WaitingCall, agent_id: str, now_ms: int) -> float:
        plan = self.directory.plan
        stands = standing_of(plan, call, now_ms)
        return score(plan, self.directory.presence(agent_id, now_ms), call.request, stands.scored, now_ms)

    def _answer(self, call_id: str, dispatched: Dispatched) -> None:
        waiter = self._waiters.pop(call_id)
        self._line.leave(call_id)
        waiter.answer.set_result(replace(dispatched, waited_ms=self.now_ms() - waiter.joined_ms))

    def _set_alarm(self) -> None:
        """Wake up at the next moment that changes anything by itself."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if not self._waiters:
            return
        now_ms = self.now_ms()
        dues_ms = [due for w in self._waiters.values() for due in (w.until_ms, w.look_ms) if due]
        free_ms = self.directory.next_free_ms(now_ms)
        wait_ms = min(min(dues_ms) - now_ms, *([free_ms] if free_ms is not None else []), 3_600_000)
        self._alarm = asyncio.get_running_loop().call_later(max(1, wait_ms) / 1000, self._look)
