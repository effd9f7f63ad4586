"""Free decoding of a turn of any length: short pieces, one pass when it is good, a second one when it is suspicious.

Owns how much work a text is worth. A context of 8 s is five times cheaper than Whisper's 30 s and now and then makes it
repeat itself; a second pass in 12 s with a wider beam, taken for one turn in twelve, mends most of that.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ivr.model.media import SAMPLE_RATE_HZ
from ivr.speech.audio import Samples
from ivr.speech.text import normal
from ivr.speech.whisper_model import Decoded, Encoded, WhisperModel

PIECE_S = 7.4  # fits the short context
_LEAST_PIECE_S = 3.5
_QUIET_S = 0.16  # a piece ends in the middle of the quietest stretch of this length
ROOMY_FRAMES = 1200
WIDE_BEAM = 5
DOUBTFUL_MEAN = -0.5  # mean log-probability of a token below which a text is decoded again
LOOP_WORDS = 2
OTHERS_NATS = 6.0  # a reading so much less likely than the likeliest was not said


def pieces(samples: Samples) -> list[Samples]:
    """8 kHz audio in pieces of at most PIECE_S, cut where it is quietest. More audio later leaves the cuts in place."""
    found = []
    window = int(_QUIET_S * SAMPLE_RATE_HZ)
    least, most = int(_LEAST_PIECE_S * SAMPLE_RATE_HZ), int(PIECE_S * SAMPLE_RATE_HZ)
    while samples.size > most:
        power = np.convolve(samples[least:most] ** 2, np.ones(window, dtype=np.float32), "valid")
        at = least + int(np.argmin(power)) + window // 2
        found.append(samples[:at])
        samples = samples[at:]
    return [*found, samples]


def transcribe(model: WhisperModel, samples: Samples, encoded: Encoded) -> Decoded:
    """The text of one piece, already encoded in the short context."""
    return mended(model, samples, glance(model, encoded))


def glance(model: WhisperModel, encoded: Encoded) -> Decoded:
    """The text at one pass, which may be a guess or a loop."""
    return model.generate(encoded, beam=WIDE_BEAM if model.multilingual else 1)[0]


def mended(model: WhisperModel, samples: Samples, first: Decoded) -> Decoded:
    """A text that looks like a guess or a loop decoded again with more room; another as it is."""
    if not suspicious(first):
        return first
    second = model.generate(model.encode(samples, ROOMY_FRAMES), beam=WIDE_BEAM)[0]
    return first if suspicious(second) and second.mean < first.mean else second


def other_readings(model: WhisperModel, encoded: Encoded, text: str) -> list[Decoded]:
    """Other texts (normal form) the recording may be, likeliest first, none much less likely than the first of all."""
    found = model.generate(encoded, beam=WIDE_BEAM, hypotheses=WIDE_BEAM)
    near = [each for each in found if each.log_probability > found[0].log_probability - OTHERS_NATS]
    different = {normal(each.text): each for each in reversed(near)}
    return sorted((d for said, d in different.items() if said and said != text), key=lambda d: -d.log_probability)


def suspicious(decoded: Decoded) -> bool:
    """Does a text look like a guess or a loop?"""
    return decoded.capped or decoded.mean < DOUBTFUL_MEAN or repeats_itself(normal(decoded.text).split())


def repeats_itself(words: Sequence[str]) -> bool:
    """Are there LOOP_WORDS or more words in a row that come twice in a row?"""
    for size in range(LOOP_WORDS, len(words) // 2 + 1):
        for at in range(len(words) - 2 * size + 1):
            if words[at : at + size] == words[at + size : at + 2 * size]:
                return True
    return False


def joined(parts: Sequence[Decoded]) -> Decoded:
    """The pieces of a turn as one text."""
    if len(parts) == 1:
        return parts[0]
    count = sum(len(part.tokens) + 1 for part in parts)
    total = sum(part.log_probability for part in parts)
    return Decoded(
        text=" ".join(part.text.strip() for part in parts),
        tokens=tuple(token for part in parts for token in part.tokens),
        log_probability=total,
        mean=total / count,
        no_speech=min(part.no_speech for part in parts),
        capped=any(part.capped for part in parts),
    )
