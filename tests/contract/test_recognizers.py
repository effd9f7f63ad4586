"""What every Recognizer promises, run against each of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from ivr.model.errors import AbandonedError, SpeechError
from ivr.model.hearing import Expectation, ExpectationKind, Hypothesis, Phrase
from ivr.model.ports import Recognizer
from ivr.speech.catalogue import Catalogue
from ivr.speech.engine_chain import EngineChain
from ivr.speech.models import load_recognizer
from tests.audio.phone_line import keypad, line_noise, pcm, quiet, spoken_digits
from tests.fakes.speech import ScriptedRecognizer, spoken

YES_NO = Expectation(
    kind=ExpectationKind.YES_NO, phrases=(Phrase(text="yes", value="yes"), Phrase(text="no", value="no"))
)
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
DIGIT = Expectation(
    kind=ExpectationKind.CHOICE, phrases=tuple(Phrase(text=word, value=str(i)) for i, word in enumerate(WORDS))
)
SIX = Expectation(kind=ExpectationKind.DIGITS, min_length=6, max_length=6)
DICTATED = [
    pytest.param("whisper", marks=pytest.mark.models),
    pytest.param("chain", marks=pytest.mark.models),
    "scripted",
]
# Real Vosk hears Korean only, and there is no Korean caller who dictates clearly: its phrases are in test_vosk.
ENGINES = [*DICTATED, pytest.param("vosk", marks=pytest.mark.models)]
Digits = Callable[[str, str], bytes]


@pytest.fixture(scope="module")
def whisper(repo_root: Path) -> Iterator[Recognizer]:
    yield load_recognizer(Catalogue(repo_root / "voice_models"), "whisper", ["en"], 1)


@pytest.fixture(scope="module")
def vosk(repo_root: Path) -> Iterator[Recognizer]:
    """Real Vosk with the one model package registries have: it hears Korean."""
    yield load_recognizer(Catalogue(repo_root / "voice_models"), "vosk", ["ko"], 1)


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Recognizer:
    if request.param == "scripted":
        return ScriptedRecognizer()
    if request.param == "chain":
        return EngineChain({"en": [request.getfixturevalue("whisper")]})
    found: Recognizer = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def digits(engine: Recognizer, request: pytest.FixtureRequest) -> Digits:
    """Audio of digits as the engine under test hears them: real recordings, or the fake's marked tones."""
    if isinstance(engine, ScriptedRecognizer):
        return lambda text, speaker: spoken(text)
    fsdd = request.getfixturevalue("shared_data") / "speech" / "fsdd"
    return lambda text, speaker: pcm(np.concatenate([quiet(0.3), 0.6 * spoken_digits(fsdd, text, speaker), quiet(0.2)]))


def decode(engine: Recognizer, expectation: Expectation, audio: bytes) -> Hypothesis:
    stream = engine.open(engine.languages[0], expectation)
    for first in range(0, len(audio), 3200):
        stream.feed(audio[first : first + 3200])
    hypothesis = stream.decode(final=True)
    stream.close()
    assert hypothesis.engine == engine.name
    assert 0.0 <= hypothesis.confidence <= 1.0
    assert hypothesis.text == hypothesis.text.lower().strip()
    assert bool(hypothesis.text) != bool(hypothesis.reason)
    return hypothesis


@pytest.mark.parametrize("engine", DICTATED, indirect=True)
@pytest.mark.parametrize(("number", "speaker"), [("457891", "george"), ("203665", "lucas"), ("991840", "jackson")])
def test_a_dictated_number_is_its_digits(engine: Recognizer, digits: Digits, number: str, speaker: str) -> None:
    hypothesis = decode(engine, SIX, digits(number, speaker))
    assert hypothesis.value == number
    assert "".join(hypothesis.text.split()) == number
    assert hypothesis.confidence > 0.3


@pytest.mark.parametrize("engine", DICTATED, indirect=True)
def test_a_number_known_to_exist_is_taken_for_the_one_that_sounds_like_it(engine: Recognizer, digits: Digits) -> None:
    known = Expectation(kind=ExpectationKind.DIGITS, candidates=("457891", "300002"))
    assert decode(engine, known, digits("457891", "george")).value == "457891"


@pytest.mark.parametrize("expectation", [Expectation(), YES_NO, SIX], ids=["open", "yes_no", "digits"])
@pytest.mark.parametrize("sound", ["nothing", "silence", "line noise", "loud noise", "click", "keys"])
def test_there_are_no_words_in_what_is_no_speech(engine: Recognizer, expectation: Expectation, sound: str) -> None:
    click = quiet(1.0)
    click[4000:4030] = 0.7
    samples = {
        "nothing": quiet(0),
        "silence": quiet(1.0),
        "line noise": line_noise(1.5, rms=0.002),
        "loud noise": line_noise(1.5, rms=0.05),
        "click": click,
        "keys": keypad("4578"),
    }[sound]
    hypothesis = decode(engine, expectation, pcm(samples))
    assert hypothesis.text == ""
    assert hypothesis.value is None
    assert hypothesis.confidence == 0.0


@pytest.mark.parametrize("engine", DICTATED, indirect=True)
def test_a_stream_may_be_decoded_before_it_is_over(engine: Recognizer, digits: Digits) -> None:
    audio = digits("457891", "george")
    stream = engine.open(engine.languages[0], SIX)
    stream.feed(audio[: len(audio) // 3 // 2 * 2])
    stream.decode(final=False)
    stream.feed(audio[len(audio) // 3 // 2 * 2 :])
    assert stream.decode(final=True).value == "457891"
    stream.close()


@pytest.mark.parametrize("engine", DICTATED, indirect=True)
def test_a_decode_given_up_ends_and_the_next_one_is_wanted_again(engine: Recognizer, digits: Digits) -> None:
    stream = engine.open(engine.languages[0], SIX)
    stream.feed(digits("457891", "george"))
    with ThreadPoolExecutor(1) as other:
        stale = other.submit(stream.decode, final=False)
        while not stale.done():
            stream.give_up()
            time.sleep(0.001)
    assert stale.exception() is None or isinstance(stale.exception(), AbandonedError)
    assert (stale.exception() is not None) == (engine.name == "whisper"), "it costs half as much"
    assert stream.decode(final=True).value == "457891"
    stream.close()


@pytest.mark.parametrize("engine", DICTATED, indirect=True)
def test_streams_of_two_callers_do_not_mix(engine: Recognizer, digits: Digits) -> None:
    one, two = (engine.open(engine.languages[0], SIX) for _ in range(2))
    one.feed(digits("457891", "george"))
    two.feed(digits("203665", "lucas"))
    assert one.decode(final=True).value == "457891"
    assert two.decode(final=True).value == "203665"


def test_an_unknown_language_is_an_error(engine: Recognizer) -> None:
    with pytest.raises(SpeechError, match="xx"):
        engine.open("xx", Expectation())


@pytest.mark.models
def test_a_real_single_digit_is_found_in_a_closed_list(whisper: Recognizer, shared_data: Path) -> None:
    fsdd = shared_data / "speech" / "fsdd"
    right = 0
    for digit in "0123456789":
        for take, speaker in enumerate(("george", "jackson", "lucas")):
            audio = np.concatenate([quiet(0.3), 0.6 * spoken_digits(fsdd, digit, speaker, take=take), quiet(0.2)])
            right += decode(whisper, DIGIT, pcm(audio)).value == digit
    assert right >= 27, f"{right} of 30"


@pytest.mark.models
def test_the_first_words_tell_the_language(repo_root: Path, shared_data: Path) -> None:
    both = load_recognizer(Catalogue(repo_root / "voice_models"), "whisper", ["en", "ru"], 1)
    assert both.languages == ("en", "ru")
    samples = np.concatenate([quiet(0.3), 0.6 * spoken_digits(shared_data / "speech" / "fsdd", "457", "george")])
    stream = both.open("ru", Expectation(languages=("en", "ru")))
    stream.feed(pcm(np.concatenate([samples, quiet(0.2)])))
    heard = stream.decode(final=True)
    stream.close()
    assert heard.language == "en"
    assert heard.text.replace(" ", "") == "457"
    plain = both.open("en", Expectation())
    plain.feed(pcm(samples))
    assert plain.decode(final=True).language == ""
    plain.close()
