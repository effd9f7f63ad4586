"""What Vosk does beyond the contract: grammars of the state, words its lexicon lacks, pauses, Whisper standing in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ivr.demo.pauses import Utterance, listen_to
from ivr.model.errors import SpeechError
from ivr.model.hearing import Expectation, ExpectationKind, Hypothesis, Phrase
from ivr.model.ports import RecognizerStream
from ivr.speech.catalogue import Catalogue
from ivr.speech.models import load_vad
from ivr.speech.vosk_recognizer import VoskModel, VoskRecognizer
from tests.audio.korean import korean
from tests.audio.phone_line import pcm, quiet

pytestmark = pytest.mark.models

MENU = Expectation(
    kind=ExpectationKind.CHOICE,
    phrases=(
        Phrase(text="청구서", value="bill"),
        Phrase(text="상담원", value="agent"),
        Phrase(text="배송 조회", value="delivery"),
    ),
)


@pytest.fixture(scope="module")
def model(repo_root: Path) -> Iterator[VoskModel]:
    catalogue = Catalogue(repo_root / "voice_models")
    yield VoskModel(catalogue.resolve(catalogue.find("asr", "vosk", "ko")))


@pytest.fixture
def vosk(model: VoskModel) -> VoskRecognizer:
    return VoskRecognizer({"ko": model})


def hear(vosk: VoskRecognizer, expectation: Expectation, text: str) -> Hypothesis:
    stream = vosk.open("ko", expectation)
    stream.feed(pcm(korean(text)))
    found = stream.decode(final=True)
    stream.close()
    return found


@pytest.mark.parametrize(("text", "value"), [("청구서", "bill"), ("상담원", "agent"), ("배송 조회", "delivery")])
def test_a_phrase_of_the_grammar_is_its_value(vosk: VoskRecognizer, text: str, value: str) -> None:
    heard = hear(vosk, MENU, text)
    assert (heard.value, heard.text) == (value, text)
    assert heard.margin is not None and heard.margin > 0


def test_words_the_lexicon_lacks_are_left_out_and_the_rest_is_heard(vosk: VoskRecognizer, model: VoskModel) -> None:
    assert not model.knows("frobnicate") and model.knows("상담원")
    mixed = Expectation(
        kind=ExpectationKind.CHOICE, phrases=(*MENU.phrases, Phrase(text="frobnicate", value="nothing"))
    )
    assert hear(vosk, mixed, "상담원").value == "agent"
    lost = Expectation(kind=ExpectationKind.CHOICE, phrases=(Phrase(text="frobnicate", value="nothing"),))
    heard = hear(vosk, lost, "오늘 날씨가 좋습니다")  # no grammar is left: freely
    assert heard.value is None and heard.text


def test_a_turn_that_was_decoded_on_suspicion_and_went_on_is_whole(vosk: VoskRecognizer) -> None:
    both = Expectation(kind=ExpectationKind.CHOICE, phrases=(*MENU.phrases, Phrase(text="상담원 청구서", value="both")))
    stream = vosk.open("ko", both)
    stream.feed(pcm(np.concatenate([korean("상담원"), quiet(0.2)])))
    assert stream.decode(final=False).value == "agent"
    stream.feed(pcm(korean("청구서")))
    assert stream.decode(final=True).value == "both"
    stream.close()


def test_two_callers_at_once_are_heard_apart(vosk: VoskRecognizer) -> None:
    one, two = vosk.open("ko", MENU), vosk.open("ko", MENU)
    first, second = pcm(korean("상담원")), pcm(korean("청구서"))
    for at in range(0, max(len(first), len(second)), 3200):
        one.feed(first[at : at + 3200])
        two.feed(second[at : at + 3200])
    assert (one.decode(final=True).value, two.decode(final=True).value) == ("agent", "bill")


def test_a_folder_that_is_no_model_is_an_error_and_nothing_is_downloaded(tmp_path: Path) -> None:
    with pytest.raises(SpeechError, match="no Vosk model"):
        VoskModel(tmp_path)


class Observed:
    """Vosk, and how much it was fed in one go before each decode."""

    def __init__(self, vosk: VoskRecognizer) -> None:
        self.name, self.languages = vosk.name, vosk.languages
        self.fed: list[int] = []
        self.before_decodes: list[int] = []
        self._vosk = vosk

    def open(self, language: str, expectation: Expectation) -> ObservedStream:
        return ObservedStream(self, self._vosk.open(language, expectation))


class ObservedStream:
    live = True

    def __init__(self, owner: Observed, stream: RecognizerStream) -> None:
        self._owner, self._stream = owner, stream

    def feed(self, pcm: bytes) -> None:
        self._owner.fed.append(len(pcm) // 16)
        self._stream.feed(pcm)

    def decode(self, *, final: bool) -> Hypothesis:
        self._owner.before_decodes.append(self._owner.fed[-1])
        return self._stream.decode(final=final)

    def give_up(self) -> None:
        self._stream.give_up()

    def close(self) -> None:
        self._stream.close()


def test_it_hears_the_caller_while_the_caller_speaks_and_little_is_left_for_the_end(
    vosk: VoskRecognizer, repo_root: Path
) -> None:
    observed = Observed(vosk)
    long = "상담원 청구서 배송 조회 상담원 청구서"
    expectation = Expectation(kind=ExpectationKind.CHOICE, phrases=(*MENU.phrases, Phrase(text=long, value="all")))
    said = Utterance(kind="ko", name="long", samples=korean(long), expectation=expectation, language="ko")
    finished = listen_to(said, load_vad(Catalogue(repo_root / "voice_models")), observed)
    assert finished.text == long and not finished.cut_off
    assert sum(observed.fed) > 2000, "milliseconds of speech"
    assert max(observed.before_decodes) < 700 and len(observed.fed) > 5, observed.fed
