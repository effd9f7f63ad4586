"""What a waiting caller may say instead of pressing a key, and when it counts, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from ivr.call.listening import Ear
from ivr.call.waiting_ear import COUNTS_S, WORDS, WaitingEar
from ivr.model.dialog import BargeIn, Hear
from ivr.model.hearing import (
    Expectation,
    Hypothesis,
    Listen,
    Recognition,
    SpeechHeard,
    SpeechRejected,
    StopListening,
)
from ivr.model.routing import TransferResult
from tests.unit.call.virtual_time import VirtualLoop


class Call:
    """The ear of a call, and what the speech worker is asked for."""

    def __init__(self) -> None:
        self.asked: list[object] = []
        self.ear = Ear("c", lambda _: None, self.asked.append, lambda _: None)
        self.choices = WaitingEar(self.ear)

    @property
    def turn(self) -> int:
        newest = self.asked[-1]
        assert isinstance(newest, Listen), newest
        return newest.turn

    def hears(
        self, text: str, *, confidence: float = 0.9, value: str | None = None, turn: int = 0
    ) -> TransferResult | None:
        said = Hypothesis(text=text, confidence=confidence, engine="e", value=value)
        recognition = Recognition(
            hypothesis=said,
            language="en",
            speech_started_at_ms=1,
            speech_ended_at_ms=2,
            decided_at_ms=3,
            decode_ms=1,
            decodes=1,
        )
        return self.choices.choice(SpeechHeard(call_id="c", turn=turn or self.turn, recognition=recognition))


def virtually(story: Callable[[], Awaitable[None]]) -> None:
    loop = VirtualLoop()
    try:
        loop.run_until_complete(story())  # type: ignore[arg-type]
    finally:
        loop.close()


@pytest.mark.parametrize("language", sorted(WORDS))
def test_every_word_for_a_choice_is_listened_for_and_makes_it(language: str) -> None:
    async def story() -> None:
        for result, texts in WORDS[language].items():
            for text in texts:
                call = Call()
                call.choices.begin(language)
                [listen] = call.asked
                assert isinstance(listen, Listen) and listen.language == language
                assert (text, result.value) in {(each.text, each.value) for each in listen.expectation.phrases}
                assert call.hears(text) is result
                assert call.hears(text, turn=listen.turn) is None, "it was chosen once"

    virtually(story)


def test_other_words_and_noises_and_doubtful_ones_change_nothing_and_are_listened_on_after() -> None:
    async def story() -> None:
        call = Call()
        call.choices.begin("en")
        assert call.hears("is that the doctor who will call you back") is None
        assert call.hears("call me back", confidence=0.4) is None
        rejected = SpeechRejected(
            call_id="c", turn=call.turn, reason="noise", speech_started_at_ms=1, speech_ended_at_ms=2
        )
        assert call.choices.choice(rejected) is None
        assert [type(each) for each in call.asked] == [Listen] * 4
        assert call.hears("something like it", value="callback") is TransferResult.CALLBACK, (
            "as the closed list reads it"
        )

    virtually(story)


def test_a_choice_counts_for_some_seconds_and_never_after_the_waiting_or_in_a_turn_of_the_dialog() -> None:
    async def story() -> None:
        late, over, dialog = Call(), Call(), Call()
        late.choices.begin("en")
        turn = late.turn
        await asyncio.sleep(COUNTS_S + 0.1)
        assert late.asked[-1] == StopListening(call_id="c", turn=turn) and late.hears("assistant", turn=turn) is None
        over.choices.begin("en")
        turn = over.turn
        over.choices.end()
        assert over.hears("assistant", turn=turn) is None
        dialog.choices.begin("en")
        turn = dialog.turn
        hear = Hear(step="main/ask", expectation=Expectation(), keys=None, noinput_ms=5000)
        dialog.ear.open(hear, language="en", barge_in=BargeIn(), speaking=False)
        assert dialog.turn > turn, "what was said before is no answer to the question"
        dialog.ear.close()

    virtually(story)


def test_where_nobody_hears_or_nobody_knows_the_words_nothing_is_listened_for() -> None:
    async def story() -> None:
        call = Call()
        assert call.choices.hears("en") and not call.choices.hears("de")
        call.choices.begin("de")
        call.ear.available = False
        call.choices.begin("en")
        assert call.asked == [] and not call.choices.hears("en")

    virtually(story)
