"""The handoff itself, in virtual time, against phones and callers who do anything in any order: the worker's side is
played by the messages it sends, doubled and crossing; nothing of the product is replaced."""

from __future__ import annotations

import asyncio
import random
import selectors
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ivr.call.handoff import Handoff, HandoffTools, Packet
from ivr.call.journal import Journal
from ivr.model.identity import Identity
from ivr.model.ids import new_id
from ivr.model.media import (
    Bridge,
    CollectDigits,
    Dial,
    DigitsCollected,
    HangUp,
    LegAnswered,
    LegEnded,
    LegRinging,
    Play,
    PlaybackEnded,
)
from ivr.model.routing import Agent, AgentState, HandoffRequest, TransferResult
from ivr.routing.agents import AgentDirectory
from ivr.routing.packet import HandoffContext, build_packet
from ivr.routing.plan import Queue, RoutingPlan

PEOPLE = ("best", "second")
PLAN = RoutingPlan(
    queues={"q": Queue(name="q", title="q", required={})},
    agents={
        name: Agent(agent_id=name, name=name, sip_uri=f"sip:{name}@h", skills={"lang:en": 5 - n}, queues=("q",))
        for n, name in enumerate(PEOPLE)
    },
    weights={},
    steps=(),
    ring_timeout_ms=15_000,
    wrap_up_ms=30_000,
    whisper_max_ms=8_000,
)


class _Jump(selectors.DefaultSelector):
    """Instead of waiting, the clock is put forward."""

    now_s = 0.0

    def select(self, timeout: float | None = None) -> Any:
        self.now_s += timeout or 0.0
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.jump = _Jump()
        super().__init__(self.jump)

    def time(self) -> float:
        return self.jump.now_s


@dataclass
class Worker:
    """A media worker as control sees it: phones by leg ("ringing", "up", "down"), and what may be told of them."""

    phones: dict[str, str] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    playing: set[str] = field(default_factory=set)
    bridged: set[str] = field(default_factory=set)
    news: list[object] = field(default_factory=list)

    def take(self, command: object) -> None:
        match command:
            case Dial(leg=leg):
                assert all(phone == "down" for phone in self.phones.values()), "two phones at once"
                self.phones[leg] = "ringing"
            case CollectDigits(leg=leg):
                self.asked.add(leg)
            case Play(leg=leg):
                self.playing.add(leg)
            case Bridge(other=leg):
                self.bridged.add(leg)
            case HangUp(leg=leg):
                assert self.phones[leg] != "down" or self.down_on_the_way(leg), "hung up twice"
                self.down(leg, 200, "local")
            case _:
                raise AssertionError(command)

    def down_on_the_way(self, leg: str) -> bool:
        return any(isinstance(one, LegEnded) and one.leg == leg for one in self.news)

    def down(self, leg: str, code: int, by: str) -> None:
        if self.phones[leg] != "down":
            self.phones[leg] = "down"
            self.news.append(LegEnded(leg=leg, code=code, reason="", by=by, at_ms=0))

    def act(self, draw: random.Random) -> None:
        """One phone that is not down does something."""
        for leg, phone in self.phones.items():
            if phone == "ringing":
                match draw.randrange(6):
                    case 0:
                        self.news.append(LegRinging(leg=leg, at_ms=0, code=180))
                    case 1 | 2 | 3 | 4:
                        self.phones[leg] = "up"
                        self.news += [LegAnswered(leg=leg, at_ms=0)] * draw.choice([1, 1, 2])
                    case _:
                        self.down(leg, draw.choice([486, 600, 603, 480, 408, 487, 503]), "remote")
            elif phone == "up" and (leg in self.asked or draw.random() < 0.2):
                kinds = ["down"] + ["key"] * 5 * (leg in self.asked) + ["played"] * (leg in self.playing)
                match draw.choice(kinds):
                    case "key":
                        key = DigitsCollected(leg=leg, digits=draw.choice("11125"), ended_by="length", at_ms=0)
                        self.news += [key] * draw.choice([1, 1, 2])
                    case "played":
                        ended = PlaybackEnded(leg=leg, playback="w", interrupted=False, played_ms=9, at_ms=0)
                        self.news.append(ended)
                    case _:
                        self.down(leg, 200, "remote")


async def one_call(seed: int) -> str:
    draw = random.Random(seed)
    worker, directory = Worker(), AgentDirectory(PLAN)
    for name in PEOPLE:
        directory.login(name, now_ms=0)
        directory.ready(name, now_ms=0)

    def packet(request: HandoffRequest, agent: Agent) -> Packet:
        token = new_id()
        context = HandoffContext(
            context_id=token,
            call_id="c",
            sip_call_id="s",
            ani="",
            dnis="",
            language="en",
            started_at="",
            bot_s=1,
            identity=Identity(),
            queue="q",
            reason="asked",
            expires_at="",
        )
        return Packet(token=token, context=build_packet(context), whisper="who")

    async def slowly(*_: object) -> bool:
        await asyncio.sleep(draw.choice([0, 0.2, 1.0]))
        return draw.random() < 0.8

    async def store(_: Packet) -> None:
        await slowly()

    async def render(_: str) -> Path:
        await slowly()
        return Path("whisper.wav")

    tools = HandoffTools(
        plan=PLAN,
        agents=directory,
        send=worker.take,
        make_packet=packet,
        store_context=store,
        pop=slowly,
        render=render,
        ring_timeout_ms=PLAN.ring_timeout_ms,
    )
    handoff = Handoff("c", tools, Journal("c", ()))
    running = asyncio.ensure_future(handoff.run(HandoffRequest(queue="q", reason="asked"), "en"))
    await asyncio.sleep(0)  # the first agent is chosen at once, as when a call awaits it
    caller, quiet_from = True, draw.randrange(3, 40)
    for turn in range(120):
        if turn < quiet_from:
            match draw.randrange(10):
                case 0 if caller and draw.random() < 0.15:
                    caller = False
                    handoff.caller_gone()
                case 1 | 2 | 3 | 4 | 5:
                    worker.act(draw)
                case 6:
                    await asyncio.sleep(draw.choice([0.1, 3, 8, 20]))
                case _:
                    await asyncio.sleep(0)
        else:
            await asyncio.sleep(5)
        while worker.news and (turn >= quiet_from or draw.random() < 0.7):
            message = worker.news.pop(0)
            if getattr(message, "leg", "") == handoff.leg:  # as the call's own dispatch does
                handoff.receive(message)
            await asyncio.sleep(0) if draw.random() < 0.5 else None
        if running.done() and turn >= quiet_from and not worker.news:
            break
    assert running.done(), "the handoff hangs"
    return verdict(running.result(), handoff, worker, directory, caller)


def verdict(result: TransferResult, handoff: Handoff, worker: Worker, directory: AgentDirectory, caller: bool) -> str:
    """How it ended; everything that must hold then, holds."""
    alive = {leg for leg, phone in worker.phones.items() if phone != "down"}
    states = Counter(presence.state for presence in directory.presences(1))
    assert states[AgentState.RESERVED] == 0, "an agent is kept for nobody"
    if handoff.bridged:
        assert caller and alive == {handoff.leg} and handoff.leg in worker.bridged
        assert result is TransferResult.ANSWERED and states[AgentState.TALKING] == 1
        return "bridged"
    assert alive == set(), "a phone rings, or an agent listens to nobody"
    assert states[AgentState.TALKING] == 0
    if not caller:
        return "hung up"
    if result is TransferResult.ANSWERED:
        return "agent left"
    return "dialog"


def test_whatever_anybody_does_nobody_is_left_ringing_reserved_or_waiting() -> None:
    ends: Counter[str] = Counter()
    for seed in range(250):
        loop = VirtualLoop()
        try:
            ends[loop.run_until_complete(one_call(seed))] += 1
        except Exception as error:
            raise AssertionError(f"seed {seed}: {error!r}") from error
        finally:
            loop.close()
    assert set(ends) == {"bridged", "hung up", "agent left", "dialog"}
    assert min(ends.values()) > 5, ends
