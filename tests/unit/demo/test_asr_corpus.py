"""Corpora of `ivr asr corpus`: what they hold can be evaluated as it is."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from ivr.demo.asr_corpus import CHOICES, LENGTH, MANIFEST, NAMES, NUMBERS, make_corpus
from ivr.model.errors import SpeechError
from ivr.speech.evaluation import expectation_of, read_manifest
from ivr.speech.recordings import read_wav


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    """Two speakers, a tuned-on take and a held-out one; the first speaker lacks a digit."""
    folder = tmp_path / "fsdd"
    folder.mkdir()
    for speaker, spoken in (("ann", range(9)), ("bob", range(10))):
        for digit in spoken:
            for take in (9, 10):
                with wave.open(str(folder / f"{digit}_{speaker}_{take}.wav"), "wb") as out:
                    out.setparams((1, 2, 8000, 0, "NONE", ""))
                    out.writeframes((3000 * np.sin(np.arange(800) * (digit + take))).astype("<i2").tobytes())
    return folder


def test_single_digits_are_the_held_out_takes_and_their_list_is_a_choice(tmp_path: Path, digits: Path) -> None:
    assert make_corpus(tmp_path / "out", "digits", digits) == 10
    rows = read_manifest(tmp_path / "out" / MANIFEST)
    assert {row.path.stem for row in rows} == {f"{digit}_bob_10" for digit in range(10)}
    phrases = expectation_of(f"choice:{tmp_path / 'out' / CHOICES}", "en").phrases
    assert [(phrase.text, phrase.value) for phrase in phrases] == [(name, str(at)) for at, name in enumerate(NAMES)]


def test_numbers_are_six_digits_long_and_the_same_every_time(tmp_path: Path, digits: Path) -> None:
    for name in ("one", "two"):
        assert make_corpus(tmp_path / name, "numbers", digits) == NUMBERS
    rows = read_manifest(tmp_path / "one" / MANIFEST)
    assert all(len(row.text.split()) == LENGTH for row in rows)
    assert len({row.text for row in rows}) > NUMBERS // 2
    assert (tmp_path / "one" / MANIFEST).read_bytes() == (tmp_path / "two" / MANIFEST).read_bytes()
    same = [read_wav(tmp_path / name / rows[0].path.name) for name in ("one", "two")]
    assert np.array_equal(*same) and same[0].size >= LENGTH * 790


def test_without_recordings_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SpeechError, match="--digits FOLDER"):
        make_corpus(tmp_path / "out", "numbers", None)


def test_clips_without_speech_have_no_text(tmp_path: Path) -> None:
    assert make_corpus(tmp_path / "out", "noise", None) > 80
    assert {row.text for row in read_manifest(tmp_path / "out" / MANIFEST)} == {""}
