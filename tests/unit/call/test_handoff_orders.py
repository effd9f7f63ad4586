"""The handoff itself, in virtual time, against phones and callers who do anything in any order: the worker's side is
played by the messages it sends, doubled and crossing; nothing of the product is replaced."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from ivr.call.dispatch import Dispatcher
from ivr.call.handoff import Handoff
from ivr.call.handoff_terms import Packet
from ivr.call.journal import Journal
from ivr.call.moving import Method
from ivr.model.errors import StorageError
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
    Refer,
    ReferProgress,
)
from ivr.model.routing import AcdQueue, AgentState, TransferResult
from ivr.model.sip import SipDialog
from ivr.routing.agents import AgentDirectory
from tests.handoffs import WISH, plan_of, tools_of
from tests.unit.call.virtual_time import VirtualLoop

PEOPLE = ("best", "second")
ENDS = {"bridged", "hung up", "agent left", "dialog"}
PLAN = plan_of({name: f"sip:{name}@h" for name in PEOPLE})
QUEUE = AcdQueue(acd_id="pbx", title="PBX", sip_uri="sip:q@pbx", skills={"lang:en": 1}, queues=(WISH.queue,))
DIALOG = SipDialog(
    sip_call_id="i",
    local="<sip:bot@h>;tag=1",
    remote="<sip:best@h>;tag=2",
    remote_target="sip:best@h",
    routes=(),
    peer_host="h",
    peer_port=5060,
)


@dataclass
class Worker:
    """A media worker as control sees it: phones by leg ("ringing", "up", "down"), and what may be told of them."""

    phones: dict[str, str] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    playing: set[str] = field(default_factory=set)
    bridged: set[str] = field(default_factory=set)
    news: list[object] = field(default_factory=list)
    caller_up: bool = True
    refers: str = ""  # "new", then "taken" by the caller's phone, "followed", "silent" or "done"

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
            case Refer(leg="c"):
                self.refers = "new"
            case HangUp(leg="c"):
                self.caller_up = False
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
        if self.refers in {"new", "taken", "followed"} and draw.random() < 0.7:
            self.follow_refer(draw)
        for leg, phone in self.phones.items():
            if phone == "ringing":
                match draw.randrange(6):
                    case 0:
                        self.news.append(LegRinging(leg=leg, at_ms=0, code=180))
                    case 1 | 2 | 3 | 4:
                        self.phones[leg] = "up"
                        self.news += [LegAnswered(leg=leg, at_ms=0, dialog=DIALOG)] * draw.choice([1, 1, 2])
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

    def die(self) -> None:
        """The process is gone, with all its phones and all it had to tell."""
        self.phones = dict.fromkeys(self.phones, "down")
        self.news.clear()

    def follow_refer(self, draw: random.Random) -> None:
        """The caller's phone refuses, obeys, says nothing, or says too much; the agent's leg may be replaced."""

        def progress(code: int, final: bool) -> None:
            self.news.append(ReferProgress(leg="c", code=code, final=final))

        match self.refers, draw.randrange(4):
            case "new", 0:
                progress(603, True)
                self.refers = "done"
            case "new", _:
                progress(100, False)
                self.refers = draw.choice(["taken", "taken", "taken", "silent"])
            case "taken", _:
                progress(180, False)
                self.refers = "followed"
            case _, 0:
                progress(draw.choice([486, 603, 480]), True)
                self.refers = "done"
            case _, _:
                for leg in [leg for leg, phone in self.phones.items() if phone == "up" and draw.random() < 0.7]:
                    self.down(leg, 200, "remote")
                progress(200, True)
                self.refers = "done"


def staffed(*, elsewhere: bool) -> AgentDirectory:
    directory = AgentDirectory(replace(PLAN, acd={"pbx": QUEUE} if elsewhere else {}))
    for name in PEOPLE:
        directory.login(name, now_ms=0)
        if not elsewhere:
            directory.ready(name, now_ms=0)
    return directory


async def one_call(seed: int, method: Method, *, elsewhere: bool = False) -> str:
    """elsewhere: the agents are away, and come when it pleases them; a contact center has a queue."""
    draw = random.Random(seed)
    loop = asyncio.get_running_loop()
    worker, directory = Worker(), staffed(elsewhere=elsewhere)
    dispatcher = Dispatcher(directory, lambda: int(loop.time() * 1000))

    async def slowly(*_: object) -> bool:
        await asyncio.sleep(draw.choice([0, 0.2, 1.0]))
        return draw.random() < 0.8

    async def store(_: Packet) -> None:
        await asyncio.sleep(draw.choice([0, 0.2, 0.5]))
        if draw.random() < 0.05:
            raise StorageError("the disk is full")

    async def render(_: str) -> Path:
        await slowly()
        return Path("whisper.wav")

    tools = tools_of(dispatcher, worker.take, store_context=store, pop=slowly, render=render, method=method)
    handoff = Handoff("c", tools, Journal("c", ()))
    running = asyncio.ensure_future(handoff.run(WISH))
    await asyncio.sleep(0)  # the first agent is chosen at once, as when a call awaits it
    caller, quiet_from = True, draw.randrange(3, 40 if method is Method.BRIDGE else 80)
    for turn in range(120):
        if turn < quiet_from:
            if elsewhere and draw.random() < 0.1:
                come_to_work(draw.choice(PEOPLE), directory, dispatcher.now_ms())
            match draw.randrange(10):
                case 0 if caller and worker.caller_up and draw.random() < 0.15:
                    caller = False
                    lose_caller(draw, worker, handoff)
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
            if getattr(message, "leg", "") in {handoff.leg, "c"}:  # as the call's own dispatch does
                handoff.receive(message)
            await asyncio.sleep(0) if draw.random() < 0.5 else None
        if running.done() and turn >= quiet_from and not worker.news:
            break
    assert running.done(), "the handoff hangs"
    return verdict(running.result(), handoff, worker, directory, caller)


def come_to_work(name: str, directory: AgentDirectory, now_ms: int) -> None:
    """Unless somebody is there already."""
    if directory.presence(name, now_ms).state is AgentState.NOT_READY:
        directory.ready(name, now_ms=now_ms)


def lose_caller(draw: random.Random, worker: Worker, handoff: Handoff) -> None:
    """The caller hangs up, or the process that holds all legs dies."""
    if draw.random() < 0.3:
        worker.die()
        handoff.worker_lost()
    else:
        handoff.caller_gone()


def verdict(result: TransferResult, handoff: Handoff, worker: Worker, directory: AgentDirectory, caller: bool) -> str:
    """How it ended; everything that must hold then, holds."""
    alive = {leg for leg, phone in worker.phones.items() if phone != "down"}
    states = Counter(presence.state for presence in directory.presences(1))
    assert states[AgentState.RESERVED] == 0, "an agent is kept for nobody"
    if handoff.moved:
        assert alive == set() and states[AgentState.TALKING] == 0
        assert worker.refers != "silent" or not caller, "moved without a proof: neither a report nor the caller's BYE"
        assert not worker.caller_up or not caller
        return "moved"
    if handoff.bridged:
        assert caller and alive == {handoff.leg} and handoff.leg in worker.bridged
        assert result is TransferResult.ANSWERED and states[AgentState.TALKING] == (handoff.agent in PEOPLE)
        return "bridged"
    assert alive == set(), "a phone rings, or an agent listens to nobody"
    assert states[AgentState.TALKING] == 0
    if not caller:
        return "hung up"
    if result is TransferResult.ANSWERED:
        assert not worker.caller_up, "two who have nothing to talk about any more"
        return "agent left"
    assert worker.caller_up, "a caller nobody took was let go"
    return "dialog"


@pytest.mark.parametrize(
    ("method", "elsewhere", "seeds", "expected", "least"),
    [
        (Method.BRIDGE, False, 300, ENDS, 6),
        pytest.param(Method.ATTENDED, False, 600, {*ENDS, "moved"}, 3, marks=pytest.mark.slow),
        pytest.param(Method.BLIND, False, 300, {*ENDS, "moved"}, 3, marks=pytest.mark.slow),
        pytest.param(Method.BRIDGE, True, 600, ENDS, 6, marks=pytest.mark.slow),
    ],
)
def test_whatever_anybody_does_nobody_is_left_ringing_reserved_or_waiting(
    method: Method, elsewhere: bool, seeds: int, expected: set[str], least: int
) -> None:
    ends: Counter[str] = Counter()
    for seed in range(seeds):
        loop = VirtualLoop()
        try:
            ends[loop.run_until_complete(one_call(seed, method, elsewhere=elsewhere))] += 1
        except Exception as error:
            raise AssertionError(f"seed {seed}: {error!r}") from error
        finally:
            loop.close()
    assert set(ends) == expected
    assert min(ends.values()) >= least, ends
