"""A recording as a call hears it: on a quiet line, cut into turns by voice activity.

Owns the way from a WAV file to the audio a recogniser is given in a call, so that measurements and calls agree.
Decides nothing about words.
"""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ivr.model.errors import SpeechError
from ivr.model.media import SAMPLE_RATE_HZ
from ivr.speech.audio import Samples, from_pcm, resample, to_pcm
from ivr.speech.endpointing import EVIDENCE, PRE_ROLL_MS, QUIET, SAMPLES_PER_MS, VOICE
from ivr.speech.vad import CHUNK, SileroModel, VoiceActivity

LEAD_MS, TAIL_MS = 400, 600  # of quiet line around a recording
LINE_RMS = 2e-4  # -74 dBFS: a line is never digitally silent
LONGEST_S = 12.0  # longer speech is cut at its longest pause, as in a call
_LEAST_PAUSE_CHUNKS = 10  # 320 ms: what a call may take for the end of a turn
_FAINT = 0.15  # probability of speech that may be the first word
_FAINT_CHUNKS = 31  # 1 s: no further back
_FAINT_GAP_CHUNKS = 12  # 384 ms: between two words
_TAIL_MS = 128  # decoding begins about so long after the last voice


@dataclass(frozen=True, slots=True)
class Span:
    """Speech in a recording: from the first to the last voiced chunk, in chunks of the voice activity."""

    first: int
    last: int


def read_wav(path: Path) -> Samples:
    """A 16-bit PCM WAV of 8 kHz or more, its first channel, at 8 kHz. Raises SpeechError."""
    try:
        with wave.open(str(path), "rb") as file:
            rate, channels, width = file.getframerate(), file.getnchannels(), file.getsampwidth()
            raw = file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise SpeechError(f"{path}: cannot be read as a WAV file ({error})") from error
    if width != 2 or rate < SAMPLE_RATE_HZ:
        raise SpeechError(f"{path}: want 16-bit PCM of at least {SAMPLE_RATE_HZ} Hz, got {8 * width} bit, {rate} Hz")
    return resample(from_pcm(raw[: len(raw) // (2 * channels) * 2 * channels])[::channels], rate)


def on_a_line(samples: Samples) -> Samples:
    """The recording with quiet line before, beneath and after it."""
    padded = np.pad(samples, (LEAD_MS * SAMPLES_PER_MS, TAIL_MS * SAMPLES_PER_MS))
    noise = np.random.default_rng(74).standard_normal(padded.size) * LINE_RMS
    return (padded + noise).astype(np.float32)


def turns(line: Samples, vad: SileroModel) -> list[bytes]:
    """The PCM of each turn of a line (8 kHz), with what a call keeps around it; none where nobody speaks."""
    probabilities = [sound.probability for sound in VoiceActivity(vad).feed(to_pcm(line))]
    spans = cut(speech(probabilities), probabilities)
    found = []
    for span in spans:
        start = max(0, span.first * CHUNK - PRE_ROLL_MS * SAMPLES_PER_MS)
        end = min(line.size, (span.last + 1) * CHUNK + _TAIL_MS * SAMPLES_PER_MS)
        found.append(to_pcm(line[start:end]))
    return found


def speech(probabilities: list[float]) -> Span | None:
    """From the first sure start of speech to the last voice; None when there is no sure start."""
    first, evidence, last, sure = 0, 0.0, 0, False
    for i, probability in enumerate(probabilities):
        voiced = probability >= VOICE or (evidence > 0 and probability >= QUIET)
        if voiced:
            if not sure and evidence == 0:
                first = i
            evidence += probability
            sure = sure or evidence >= EVIDENCE
            last = i
        else:
            evidence = 0.0
    return Span(_faint_start(probabilities, first), last) if sure else None


def _faint_start(probabilities: list[float], first: int) -> int:
    """Where speech may have begun that was sure at first: a recording begins abruptly, and the network still wakes."""
    start = first
    for i in range(first - 1, max(-1, first - _FAINT_CHUNKS - 1), -1):
        if start - i > _FAINT_GAP_CHUNKS:
            break
        if probabilities[i] >= _FAINT:
            start = i
    return start


def cut(span: Span | None, probabilities: list[float]) -> list[Span]:
    """A span longer than LONGEST_S in parts, each cut at the longest pause of its middle."""
    if span is None:
        return []
    length_s = (span.last - span.first + 1) * CHUNK / SAMPLE_RATE_HZ
    pause = _longest_pause(span, probabilities) if length_s > LONGEST_S else None
    if pause is None:
        return [span]
    before, after = Span(span.first, pause.first - 1), Span(pause.last + 1, span.last)
    return [*cut(before, probabilities), *cut(after, probabilities)]


def _longest_pause(span: Span, probabilities: list[float]) -> Span | None:
    edge = (span.last - span.first) // 8
    best: Span | None = None
    run = 0
    for i in range(span.first + edge, span.last - edge):
        run = run + 1 if probabilities[i] < QUIET else 0
        if run >= _LEAST_PAUSE_CHUNKS and (best is None or run > best.last - best.first + 1):
            best = Span(i - run + 1, i)
    return best
