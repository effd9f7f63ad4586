"""An ear that rests while a line is quiet hears what one hears that never rests, with the real network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ivr.speech.audio import Samples, to_pcm
from ivr.speech.catalogue import Catalogue
from ivr.speech.models import load_vad
from ivr.speech.recordings import on_a_line, read_wav
from ivr.speech.vad import CHUNK, SileroModel, Sound, VoiceActivity

pytestmark = pytest.mark.models

MAY_BE_VOICE = 0.35
LOUDNESS = (1.0, 0.2)  # a caller, and one 14 dB quieter
HISS = (0.0, 1.6e-3, 5e-3)  # added to the noise of the line, of full scale


@pytest.fixture(scope="module")
def vad(repo_root: Path) -> SileroModel:
    return load_vad(Catalogue(repo_root / "voice_models"))


def test_no_chunk_counts_as_voice_for_one_ear_and_not_for_the_other(vad: SileroModel, shared_data: Path) -> None:
    clips = sorted((shared_data / "speech" / "fsdd").glob("*_1*.wav"))[::12]
    rng = np.random.default_rng(1)
    waited = voiced = 0
    for clip in clips:
        for loudness in LOUDNESS:
            for hiss in HISS:
                said = on_a_line(read_wav(clip)) * loudness
                line: Samples = (said + rng.standard_normal(said.size) * hiss).astype(np.float32)
                awake, resting = (VoiceActivity(vad, resting=rests).feed(to_pcm(line)) for rests in (False, True))
                assert [counts(sound) for sound in resting] == [counts(sound) for sound in awake], clip.name
                voiced += sum(counts(sound) for sound in awake)
                waited += sum(sound.probability == 0.0 for sound in resting)
    assert voiced > 200
    assert waited > 200


def counts(sound: Sound) -> bool:
    """Is it voice for a turn? What is quiet by its energy never is."""
    return sound.probability >= MAY_BE_VOICE and sound.weight.tail < CHUNK
