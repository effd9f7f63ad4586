"""When an engine fails in the middle of a turn the next one hears all of it."""

from __future__ import annotations

import pytest

from ivr.model.errors import SpeechError
from ivr.model.hearing import Expectation, Hypothesis
from ivr.speech.engine_chain import FAILURES, REST_S, EngineChain
from tests.fakes.speech import ScriptedRecognizer, spoken

OPEN = Expectation()


class Faulty(ScriptedRecognizer):
    """A scripted engine that breaks where it is told to."""

    def __init__(self, name: str, breaks: str = "") -> None:
        self.name, self.breaks, self.opened = name, breaks, 0

    def open(self, language: str, expectation: Expectation):
        self.opened += 1
        if self.breaks == "open":
            raise SpeechError("cannot open")
        return _FaultyStream(self, super().open(language, expectation))


class _FaultyStream:
    live = False

    def __init__(self, owner: Faulty, stream) -> None:
        self._owner, self._stream = owner, stream

    def feed(self, pcm: bytes) -> None:
        if self._owner.breaks == "feed":
            raise SpeechError("cannot feed")
        self._stream.feed(pcm)

    def decode(self, *, final: bool) -> Hypothesis:
        if self._owner.breaks == "decode":
            raise SpeechError("cannot decode")
        if self._owner.breaks == "deaf":
            return Hypothesis(text="", confidence=0.0, engine=self._owner.name, reason="no_speech")
        found = self._stream.decode(final=final)
        return Hypothesis(text=found.text, confidence=found.confidence, engine=self._owner.name, reason=found.reason)

    def give_up(self) -> None:
        self._stream.give_up()

    def close(self) -> None:
        self._stream.close()


def hear(chain: EngineChain, text: str) -> Hypothesis:
    stream = chain.open("en", OPEN)
    pcm = spoken(text)
    middle = len(pcm) // 2
    stream.feed(pcm[:middle])
    stream.decode(final=False)
    stream.feed(pcm[middle:])
    found = stream.decode(final=True)
    stream.close()
    return found


@pytest.mark.parametrize("breaks", ["open", "feed", "decode"])
def test_the_next_engine_hears_the_whole_turn(breaks: str) -> None:
    chain = EngineChain({"en": [Faulty("first", breaks), Faulty("second")]})
    heard = hear(chain, "my claim please")
    assert (heard.text, heard.engine) == ("my claim please", "second")


def test_a_working_engine_is_kept() -> None:
    first, second = Faulty("first"), Faulty("second")
    chain = EngineChain({"en": [first, second]})
    assert hear(chain, "hello").engine == "first"
    assert (first.opened, second.opened) == (1, 0)
    assert (chain.name, chain.languages) == ("first+second", ("en",))


def test_a_caller_who_was_plainly_speaking_is_given_to_the_next_engine() -> None:
    chain = EngineChain({"en": [Faulty("first", "deaf"), Faulty("second")]})
    assert hear(chain, "is anybody there").text == "is anybody there"
    silent = chain.open("en", OPEN)
    silent.feed(bytes(8000))
    assert silent.decode(final=True).engine == "first"


def test_an_engine_that_fails_again_and_again_rests_and_comes_back() -> None:
    now_s = 0.0
    first, second = Faulty("first", "open"), Faulty("second")
    chain = EngineChain({"en": [first, second]}, now_s=lambda: now_s)
    for _ in range(FAILURES):
        hear(chain, "hello")
    asked = first.opened
    assert hear(chain, "hello").engine == "second" and first.opened == asked
    now_s, first.breaks = REST_S + 1, ""
    assert hear(chain, "hello").engine == "first"


def test_when_all_engines_fail_the_turn_fails() -> None:
    chain = EngineChain({"en": [Faulty("first", "decode"), Faulty("second", "decode")]})
    with pytest.raises(SpeechError, match="decode"):
        hear(chain, "hello")


def test_a_chain_without_engines_and_an_unknown_language_are_errors() -> None:
    with pytest.raises(SpeechError, match="ivr models list"):
        EngineChain({"en": []})
    with pytest.raises(SpeechError, match="xx"):
        EngineChain({"en": [Faulty("first")]}).open("xx", OPEN)
