"""A turn is closed by whoever answers first; timers that were overtaken are known as stale."""

from __future__ import annotations

import asyncio

from ivr.call.listening import Ear, TimerElapsed, TimerName
from ivr.model.dialog import BargeIn, Hear, Keys
from ivr.model.hearing import Expectation, Listen, SpeechRejected, SpeechStarted, StopListening
from ivr.model.media import CollectDigits

HEAR = Hear(step="main/menu", expectation=Expectation(), keys=Keys(max_digits=1), noinput_ms=30)


class Wires:
    """Where an ear's messages go."""

    def __init__(self) -> None:
        self.media: list[object] = []
        self.speech: list[object] = []
        self.posted: list[object] = []
        self.ear = Ear("L", self.media.append, self.speech.append, self.posted.append)

    def open(self, *, speaking: bool, barge_in: BargeIn | None = None) -> None:
        self.ear.open(HEAR, language="en", barge_in=barge_in or BargeIn(), speaking=speaking)

    def listens(self) -> list[Listen]:
        return [message for message in self.speech if isinstance(message, Listen)]


async def test_an_interruptible_prompt_is_listened_through_and_silence_counts_from_its_end() -> None:
    wires = Wires()
    wires.open(speaking=True)
    assert len(wires.listens()) == 1
    assert any(isinstance(message, CollectDigits) for message in wires.media)
    await asyncio.sleep(0.05)
    assert not wires.posted, "silence counted while the prompt was playing"
    wires.ear.prompts_ended()
    await asyncio.sleep(0.05)
    assert [type(message) for message in wires.posted] == [TimerElapsed]
    assert wires.ear.elapsed(wires.posted[0])


async def test_a_prompt_that_must_be_heard_is_not_listened_through() -> None:
    wires = Wires()
    wires.open(speaking=True, barge_in=BargeIn(speech=False, dtmf=False))
    assert not wires.listens()
    assert not wires.media
    wires.ear.prompts_ended()
    assert len(wires.listens()) == 1
    assert isinstance(wires.media[0], CollectDigits)


async def test_a_sentence_that_must_be_heard_holds_the_ear_closed_until_its_end_and_no_longer() -> None:
    wires = Wires()
    wires.ear.open(HEAR, language="en", barge_in=BargeIn(), speaking=True, held_until="greeting")
    assert not wires.listens() and not wires.media
    assert not wires.ear.interruptible
    wires.ear.heard_out("something else")
    assert not wires.listens()
    wires.ear.heard_out("greeting")
    assert len(wires.listens()) == 1
    assert isinstance(wires.media[0], CollectDigits)
    assert wires.ear.interruptible, "the question after the greeting may be interrupted"
    wires.ear.prompts_ended()
    assert len(wires.listens()) == 1, "listening again would lose what is being said"


async def test_speech_stops_the_clock_for_silence() -> None:
    wires = Wires()
    wires.open(speaking=False)
    turn = wires.ear.turn
    assert wires.ear.speech_started(SpeechStarted(call_id="L", turn=turn, started_at_ms=1, detected_at_ms=2))
    await asyncio.sleep(0.05)
    assert not wires.posted


async def test_a_key_makes_the_voice_stop_being_waited_for() -> None:
    wires = Wires()
    wires.open(speaking=False)
    assert wires.ear.key_pressed()
    assert isinstance(wires.speech[-1], StopListening)
    await asyncio.sleep(0.05)
    assert not wires.posted


async def test_a_stale_timer_is_not_believed() -> None:
    wires = Wires()
    wires.open(speaking=False)
    await asyncio.sleep(0.05)
    timer = wires.posted[0]
    assert isinstance(timer, TimerElapsed)
    wires.open(speaking=False)
    assert not wires.ear.elapsed(timer)


async def test_noise_costs_no_try_but_not_for_ever() -> None:
    wires = Wires()
    wires.open(speaking=False)
    taken = []
    for _ in range(5):
        noise = SpeechRejected(
            call_id="L", turn=wires.ear.turn, reason="noise", speech_started_at_ms=0, speech_ended_at_ms=1
        )
        taken.append(wires.ear.noise(noise))
    assert taken[:3] == [True, True, True]
    assert not taken[4]


async def test_answers_to_an_older_turn_are_not_taken() -> None:
    wires = Wires()
    wires.open(speaking=False)
    old = wires.ear.turn
    wires.open(speaking=False)
    assert not wires.ear.is_open(old)
    assert wires.ear.is_open(wires.ear.turn)


async def test_a_restored_recogniser_hears_the_open_turn_and_silence_still_counts() -> None:
    wires = Wires()
    wires.ear.available = False
    wires.open(speaking=False)
    assert not wires.listens()
    wires.ear.restored()
    assert len(wires.listens()) == 1
    await asyncio.sleep(0.05)
    assert [message.name for message in wires.posted if isinstance(message, TimerElapsed)] == [TimerName.NOINPUT]
    assert wires.ear.elapsed(wires.posted[0])  # type: ignore[arg-type]
