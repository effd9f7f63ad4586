"""Utterances are marked and voices measured beside the calls; of a call nobody asked for nothing is collected."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from ivr.model.hearing import UtteranceMarked, VoiceMeasured
from ivr.speech.speaker_encoder import SpeakerEncoder
from ivr.speech.voice_watch import MEASURED_AT_S, VoiceWatch
from tests.fakes.checkpoint import encoder_state, write_checkpoint

Reports = list[UtteranceMarked | VoiceMeasured]


def utterance(seconds: float, seed: int = 1) -> bytes:
    time = np.arange(int(seconds * 8000)) / 8000
    words = np.sin(2 * np.pi * 3 * time) > 0
    return (6000 * np.random.default_rng(seed).normal(0, 0.4, time.size) * words + 40).astype("<i2").tobytes()


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> SpeakerEncoder:
    file = tmp_path_factory.mktemp("weights") / "w.pt"
    write_checkpoint(file, encoder_state())
    return SpeakerEncoder(file)


@pytest.fixture
def reports() -> Reports:
    return []


@pytest.fixture
def watch(encoder: SpeakerEncoder, reports: Reports) -> Iterator[VoiceWatch]:
    watch = VoiceWatch(reports.append, marks=False, measure=encoder.sample)
    yield watch
    watch.close()


async def test_a_voice_is_measured_once_there_is_enough_of_it(watch: VoiceWatch, reports: Reports) -> None:
    watch.begin("call")
    watch.take("call", 1, utterance(1.5))
    await watch.settle()
    assert reports == []
    watch.take("call", 2, utterance(MEASURED_AT_S[0]))
    await watch.settle()
    (measured,) = reports
    assert isinstance(measured, VoiceMeasured) and measured.call_id == "call"
    assert 2 < measured.sample.seconds < 1.5 + MEASURED_AT_S[0]


async def test_of_a_call_nobody_asked_for_nothing_is_collected(watch: VoiceWatch, reports: Reports) -> None:
    watch.take("call", 1, utterance(6))
    watch.begin("call")
    watch.take("call", 2, utterance(1))
    await watch.settle()
    assert reports == []


async def test_a_call_that_is_over_is_told_nothing_of(watch: VoiceWatch, reports: Reports) -> None:
    watch.begin("call")
    watch.take("call", 1, utterance(4.5))
    watch.forget("call")
    await watch.settle()
    watch.take("call", 2, utterance(4.5))
    await watch.settle()
    assert reports == []


async def test_utterances_are_marked_where_that_is_wanted(reports: Reports) -> None:
    watch = VoiceWatch(reports.append, marks=True, measure=None)
    watch.begin("call")
    for turn in (1, 2):
        watch.take("call", turn, utterance(2.5))
    watch.take("call", 3, utterance(0.4))
    await watch.settle()
    watch.close()
    assert [type(report) for report in reports] == [UtteranceMarked, UtteranceMarked]
    first, second = reports
    assert isinstance(first, UtteranceMarked) and isinstance(second, UtteranceMarked)
    assert (first.turn, first.marks) == (1, second.marks)
