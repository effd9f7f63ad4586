"""How well voices are told apart: recordings of several speakers, through the line of a call, into error rates.

Owns the figures of `ivr voiceprint evaluate`: each speaker is enrolled with one part of the recordings and compared,
by pieces of the other part, with everybody.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ivr.model.errors import SpeechError
from ivr.model.voiceprint import VoiceSample
from ivr.speech.audio import Samples
from ivr.speech.recordings import read_wav
from ivr.speech.speaker_encoder import SpeakerEncoder

ENROL_S, ENROL_SNR_DB = 12.0, 25.0
_NAMED = re.compile(r"[^_]+_(?P<speaker>[^_]+)_[^_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One row: pieces of that length, noise added to that SNR, and what came of it. eer: rate at which as many are
    wrongly refused as accepted, at threshold; frr and far: shares of genuine voices called a mismatch, and of others'
    not called one, by the product's own thresholds."""

    piece_s: float
    snr_db: float
    genuine: int
    impostors: int
    eer: float
    threshold: float
    frr: float
    far: float


def read_speakers(folder: Path) -> Mapping[str, list[Samples]]:
    """speaker -> recordings of the WAV files named {what}_{speaker}_{take}.wav. Raises SpeechError."""
    found: dict[str, list[Samples]] = {}
    for path in sorted(folder.glob("*.wav"), key=lambda path: (path.stem.rpartition("_")[2].zfill(6), path.stem)):
        named = _NAMED.fullmatch(path.stem)
        if named:
            found.setdefault(named["speaker"], []).append(read_wav(path))
    if len(found) < 2:
        raise SpeechError(f"{folder}: recordings of two speakers at least, named WHAT_SPEAKER_TAKE.wav, are needed")
    return found


def evaluate(
    encoder: SpeakerEncoder,
    speakers: Mapping[str, Sequence[Samples]],
    *,
    pieces_s: Sequence[float],
    snrs_db: Sequence[float],
    mismatch: Callable[[VoiceSample, VoiceSample], bool],
    seed: int = 1,
) -> list[Condition]:
    """A row for each length and SNR. mismatch(enrolled, heard): the product's own decision."""
    noise = np.random.default_rng(seed)
    enrolled, rest = {}, {}
    for name, recordings in speakers.items():
        line = np.concatenate(list(recordings))
        first = int(ENROL_S * 8000)
        enrolled[name] = _sample(encoder, _noisy(line[:first], ENROL_SNR_DB, noise), name)
        rest[name] = line[first:]
    rows = []
    for piece_s in pieces_s:
        for snr_db in snrs_db:
            size = int(piece_s * 8000)
            heard = {
                name: [
                    _sample(encoder, _noisy(line[at : at + size], snr_db, noise), name)
                    for at in range(0, line.size - size + 1, size)
                ]
                for name, line in rest.items()
            }
            rows.append(_row(piece_s, snr_db, enrolled, heard, mismatch))
    return rows


def _row(
    piece_s: float,
    snr_db: float,
    enrolled: Mapping[str, VoiceSample],
    heard: Mapping[str, Sequence[VoiceSample]],
    mismatch: Callable[[VoiceSample, VoiceSample], bool],
) -> Condition:
    scores: dict[bool, list[float]] = {True: [], False: []}
    called: dict[bool, list[bool]] = {True: [], False: []}
    for owner, known in enrolled.items():
        for name, samples in heard.items():
            for sample in samples:
                scores[owner == name].append(float(np.dot(known.vector, sample.vector)))
                called[owner == name].append(mismatch(known, sample))
    eer, threshold = equal_error(scores[True], scores[False])
    return Condition(
        piece_s=piece_s,
        snr_db=snr_db,
        genuine=len(scores[True]),
        impostors=len(scores[False]),
        eer=round(eer, 4),
        threshold=round(threshold, 3),
        frr=round(float(np.mean(called[True])), 4),
        far=round(1 - float(np.mean(called[False])), 4),
    )


def equal_error(genuine: Sequence[float], impostors: Sequence[float]) -> tuple[float, float]:
    """(equal error rate, the middle of the thresholds that have it)."""
    tried = np.unique(np.concatenate([genuine, impostors, [0.0, 1.0]]))
    middles = (tried[:-1] + tried[1:]) / 2
    refused = np.array([np.mean(np.asarray(genuine) < at) for at in middles])
    accepted = np.array([np.mean(np.asarray(impostors) >= at) for at in middles])
    worst = np.maximum(refused, accepted)
    best = middles[worst == worst.min()]
    at = int(np.argmin(worst))
    return float((refused[at] + accepted[at]) / 2), float((best[0] + best[-1]) / 2)


def _noisy(line: Samples, snr_db: float, noise: np.random.Generator) -> Samples:
    level = float(np.sqrt((line**2).mean())) * 10 ** (-snr_db / 20)
    return np.asarray(line + noise.normal(0, level, line.size), dtype=np.float32)


def _sample(encoder: SpeakerEncoder, line: Samples, name: str) -> VoiceSample:
    found = encoder.sample(line)
    if found is None:
        raise SpeechError(f"the recordings of {name} hold too little speech")
    return found
