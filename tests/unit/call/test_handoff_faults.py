"""What is slow or broken on our side of a handoff costs the caller two seconds at most, and no agent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from ivr.call.dispatch import Dispatcher
from ivr.call.handoff import Handoff
from ivr.call.handoff_terms import HandoffTools, Packet
from ivr.call.journal import Journal
from ivr.call.whisper import Whisper
from ivr.model.call import LogEntry
from ivr.model.errors import StorageError
from ivr.model.hearing import Hypothesis, Listen, Recognition, SpeechHeard, SpeechRejected
from ivr.model.identity import Identity
from ivr.model.ids import new_id
from ivr.model.media import Bridge, Dial, HangUp, LegAnswered, LegEnded, SendAudioTo
from ivr.model.routing import Agent, AgentState, HandoffRequest, TransferResult, WhisperAnswer
from ivr.routing.agents import AgentDirectory
from ivr.routing.packet import HandoffContext, build_packet
from ivr.routing.plan import Queue, RoutingPlan
from tests.unit.call.virtual_time import VirtualLoop

NAMES = ("ann", "bob", "cid")
PLAN = RoutingPlan(
    queues={"q": Queue(name="q", title="q", required={})},
    agents={n: Agent(agent_id=n, name=n, sip_uri=f"sip:{n}@h", skills={"lang:en": 5}, queues=("q",)) for n in NAMES},
    weights={},
    steps=(),
    ring_timeout_ms=15_000,
    wrap_up_ms=30_000,
    whisper_max_ms=8_000,
)


def a_packet(request: HandoffRequest, _agent: Agent) -> Packet:
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
        queue=request.queue,
        reason=request.reason,
        expires_at="",
    )
    return Packet(token=token, context=build_packet(context), whisper="who")


class House:
    """A handoff whose store and page do as they are told."""

    def __init__(self, *, stores: Callable[[Packet], Awaitable[None]], pops: Callable[[], Awaitable[bool]]) -> None:
        loop = asyncio.get_running_loop()
        self.directory = AgentDirectory(PLAN)
        for name in NAMES:
            self.directory.login(name, now_ms=0)
            self.directory.ready(name, now_ms=0)
        self.sent: list[object] = []
        self.entries: list[LogEntry] = []

        async def pop(_agent: str, _packet: Packet) -> bool:
            return await pops()

        async def render(_: str) -> Path:
            return Path("w.wav")

        tools = HandoffTools(
            dispatcher=Dispatcher(self.directory, lambda: round(loop.time() * 1000)),
            send=self.sent.append,
            hear=lambda _: None,
            frames_path=str,
            make_packet=a_packet,
            store_context=stores,
            pop=pop,
            render=render,
            ring_timeout_ms=15_000,
        )
        self.handoff = Handoff("c", tools, Journal("c", (self.entries.append,)))

    def states(self) -> set[AgentState]:
        return {presence.state for presence in self.directory.presences(10_000_000)}


def virtually(story: Callable[[], Awaitable[None]]) -> None:
    loop = VirtualLoop()
    try:
        loop.run_until_complete(story())  # type: ignore[arg-type]
    finally:
        loop.close()


async def at_once() -> bool:
    return True


async def never(*_: object) -> bool:
    await asyncio.Event().wait()
    return True


@pytest.mark.parametrize("hangs", [False, True])
def test_a_store_that_fails_or_hangs_gives_the_caller_back_within_two_seconds_and_frees_everybody(hangs: bool) -> None:
    async def story() -> None:
        async def store(_: Packet) -> None:
            if hangs:
                await never()
            raise StorageError("the disk is full")

        house, loop = House(stores=store, pops=at_once), asyncio.get_running_loop()
        result = await house.handoff.run(HandoffRequest(queue="q", reason="asked"))
        assert result is TransferResult.FAILED
        assert loop.time() <= 2.0
        assert house.states() == {AgentState.AVAILABLE}
        assert not house.sent, "nobody's phone rang"
        assert [e.data["where"] for e in house.entries if e.kind == "trouble"] == ["context", "context"]

    virtually(story)


def test_a_store_that_fails_once_costs_one_candidate_and_a_page_that_never_answers_one_second() -> None:
    async def story() -> None:
        tries: list[str] = []

        async def store(packet: Packet) -> None:
            tries.append(packet.token)
            if len(tries) == 1:
                raise StorageError("locked")

        house, loop = House(stores=store, pops=never), asyncio.get_running_loop()
        running = asyncio.ensure_future(house.handoff.run(HandoffRequest(queue="q", reason="asked")))
        await asyncio.sleep(1.01)
        [dial] = house.sent
        assert isinstance(dial, Dial) and dial.uri == "sip:bob@h"
        popped = next(e for e in house.entries if e.kind == "handoff.popped")
        assert popped.data["shown"] is False
        house.handoff.receive(LegEnded(leg=dial.leg, code=503, reason="", by="local", at_ms=0))
        await asyncio.sleep(1.01)
        assert isinstance(house.sent[-1], Dial) and house.sent[-1].uri == "sip:cid@h", "only the consult leg failed"
        house.handoff.worker_lost()
        await running
        assert loop.time() < 3 and house.states() == {AgentState.AVAILABLE}
        lost = next(e for e in house.entries if e.kind == "handoff.lost")
        assert lost.data == {"agent": "cid", "state": "dialing"}

    virtually(story)


def test_a_fault_of_ours_in_the_middle_frees_the_agent_and_is_not_hidden() -> None:
    async def story() -> None:
        async def broken() -> bool:
            raise RuntimeError("a bug")

        async def store(_: Packet) -> None: ...

        house = House(stores=store, pops=broken)
        with pytest.raises(RuntimeError, match="a bug"):
            await house.handoff.run(HandoffRequest(queue="q", reason="asked"))
        assert house.states() == {AgentState.AVAILABLE}

    virtually(story)


def test_the_worker_that_dies_under_a_bridge_sends_the_agent_into_wrap_up() -> None:
    async def story() -> None:
        async def store(_: Packet) -> None: ...

        house = House(stores=store, pops=at_once)
        running = asyncio.ensure_future(house.handoff.run(HandoffRequest(queue="q", reason="asked")))
        await asyncio.sleep(0.1)
        house.handoff.receive(LegAnswered(leg=house.handoff.leg, at_ms=0))
        await asyncio.sleep(0.1)
        for message in spoken("take it", "take", leg=house.handoff.leg):
            house.handoff.receive(message)
        assert await running is TransferResult.ANSWERED
        assert any(isinstance(sent, Bridge) for sent in house.sent)
        house.handoff.worker_lost()
        assert house.directory.presence("ann", 1_000).state is AgentState.WRAP_UP
        assert not any(isinstance(sent, HangUp) for sent in house.sent), "there is nothing left to hang up"

    virtually(story)


def spoken(text: str, value: str | None, confidence: float = 0.9, *, leg: str = "leg") -> list[SpeechHeard]:
    hypothesis = Hypothesis(text=text, confidence=confidence, engine="e", value=value)
    recognition = Recognition(
        hypothesis=hypothesis,
        language="en",
        speech_started_at_ms=0,
        speech_ended_at_ms=1,
        decided_at_ms=2,
        decode_ms=1,
        decodes=1,
    )
    return [SpeechHeard(call_id=leg, turn=1, recognition=recognition)]


@pytest.mark.parametrize(
    ("language", "text", "value", "confidence", "answer"),
    [
        ("en", "take it", "take", 0.9, WhisperAnswer.TAKE),
        ("en", "put them through", None, 0.9, WhisperAnswer.TAKE),
        ("en", "give it back", "return", 0.7, WhisperAnswer.RETURN),
        ("ru", "беру", None, 0.8, WhisperAnswer.TAKE),
        ("ru", "не беру", "return", 0.8, WhisperAnswer.RETURN),
        ("en", "take it", "take", 0.3, None),
        ("en", "yes", None, 1.0, None),
        ("en", "claims department hello", None, 1.0, None),
    ],
)
def test_an_agent_answers_the_whisper_by_voice_and_is_heard_again_when_it_was_no_answer(
    language: str, text: str, value: str | None, confidence: float, answer: WhisperAnswer | None
) -> None:
    media: list[object] = []
    speech: list[object] = []
    whisper = Whisper("leg", language, media.append, speech.append, "/run/speech-0.sock")
    whisper.begin(Path("w.wav"))
    assert media[1] == SendAudioTo(leg="leg", frames_path="/run/speech-0.sock")
    [heard] = spoken(text, value, confidence)
    assert whisper.answer(heard) is answer
    turns = [message.turn for message in speech if isinstance(message, Listen)]
    assert turns == ([1] if answer else [1, 2])
    assert (
        whisper.answer(
            SpeechRejected(call_id="leg", turn=2, reason="noise", speech_started_at_ms=0, speech_ended_at_ms=1)
        )
        is None
    )
    whisper.end()
    assert media[-1] == SendAudioTo(leg="leg", frames_path="")
