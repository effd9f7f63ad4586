"""What is no speech makes no text: voice activity and recogniser together, in both languages, for every expectation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ivr.demo.noises import no_speech
from ivr.model.hearing import Expectation, ExpectationKind, Phrase
from ivr.model.ports import Recognizer
from ivr.speech.audio import from_pcm
from ivr.speech.catalogue import Catalogue
from ivr.speech.models import load_recognizer, load_vad
from ivr.speech.recordings import on_a_line, read_wav, turns
from ivr.speech.vad import SileroModel
from tests.audio.phone_line import pcm

pytestmark = pytest.mark.models

EXPECTATIONS = (
    Expectation(),
    Expectation(kind=ExpectationKind.DIGITS, min_length=6, max_length=6),
    Expectation(kind=ExpectationKind.YES_NO, phrases=(Phrase(text="yes", value="yes"), Phrase(text="no", value="no"))),
)


@pytest.fixture(scope="module")
def catalogue(repo_root: Path) -> Catalogue:
    return Catalogue(repo_root / "voice_models")


@pytest.fixture(scope="module")
def vad(catalogue: Catalogue) -> SileroModel:
    return load_vad(catalogue)


@pytest.fixture(scope="module")
def recognizer(catalogue: Catalogue) -> Iterator[Recognizer]:
    yield load_recognizer(catalogue, "whisper", ["en", "ru"], 1)


def test_99_of_100_clips_without_speech_give_no_text(recognizer: Recognizer, vad: SileroModel) -> None:
    heard, count = [], 0
    for name, samples in no_speech():
        parts = turns(on_a_line(from_pcm(pcm(samples))), vad)
        for language in recognizer.languages:
            for expectation in EXPECTATIONS:
                count += 1
                for part in parts:
                    stream = recognizer.open(language, expectation)
                    stream.feed(part)
                    text = stream.decode(final=True).text
                    stream.close()
                    if text:
                        heard.append(f"{name}, {language}, {expectation.kind}: {text}")
    assert count >= 500
    assert len(heard) <= count // 100, heard


def test_the_gate_lets_speech_through(vad: SileroModel, shared_data: Path) -> None:
    """The other side: a gate that closes for everything would pass the test above."""
    clips = sorted((shared_data / "speech" / "fsdd").glob("*_7.wav"))
    passed = [bool(turns(on_a_line(read_wav(clip)), vad)) for clip in clips]
    assert np.mean(passed) >= 0.97
