"""A rendered or recorded prompt made ready for the telephone: trimmed, levelled, limited, with soft edges.

Owns what every prompt has in common, whichever voice it comes from, so that callers hear one level and wait for no
silence. The level is -23 LUFS (EBU R 128) of the one 8 kHz channel: for speech about 2 dB above the -26 dBov that
ITU-T P.56 and G.711 lines are set up for, and 15 dB below where G.711 clips.
"""

from __future__ import annotations

import numpy as np

from ivr.model.media import SAMPLE_RATE_HZ
from ivr.speech.audio import Samples, resample
from ivr.speech.loudness import SILENCE_LUFS, loudness

LEVEL_LUFS = -23.0
TOLERANCE_LU = 1.0  # what every prompt is held to
CEILING = 0.89  # of full scale, -1 dB: the highest sample
LEAD_MS = 15  # of quiet kept before the first sound: the caller waits for it
TAIL_MS = 40  # kept behind the last sound, so that a consonant may fade
AUDIBLE = 0.0056  # of full scale, -45 dB: what a caller may notice
PEAK_OF_SPEECH = 0.4  # at LEVEL_LUFS, about
_FADE_MS = 5
_MS = SAMPLE_RATE_HZ // 1000
_LIMITER_MS = 5
_CUTS = 2  # without its silences a short prompt is measured louder, and then begins at another sample
_ROUNDS = 3  # of levelling: limiting takes some level away again


def master(samples: Samples, rate_hz: int, *, pause_ms: int = 0) -> Samples:
    """8 kHz, at LEVEL_LUFS, with LEAD_MS and TAIL_MS + pause_ms of quiet at the edges; empty when there is no sound."""
    narrow = resample(samples, rate_hz)
    if narrow.size == 0:
        return narrow
    narrow = narrow - np.float32(narrow.mean())
    levelled = _levelled(narrow)
    for _ in range(_CUTS):
        loud = np.flatnonzero(np.abs(levelled) > AUDIBLE)  # after levelling: what callers may hear counts
        if loud.size == 0:
            return np.zeros(0, dtype=np.float32)
        levelled = _levelled(_with_edges(levelled, int(loud[0]), int(loud[-1])))
    return np.concatenate([levelled, np.zeros(pause_ms * _MS, dtype=np.float32)])


def trimmed(samples: Samples) -> Samples:
    """8 kHz without the silence at its edges, for pieces that are put together; nothing is levelled yet."""
    loud = np.flatnonzero(np.abs(samples) > AUDIBLE * float(np.abs(samples).max(initial=0.0)) / PEAK_OF_SPEECH)
    return _with_edges(samples, int(loud[0]), int(loud[-1])) if loud.size else samples[:0]


def _levelled(samples: Samples) -> Samples:
    """At LEVEL_LUFS, no sample above CEILING."""
    found = samples
    for _ in range(_ROUNDS):
        now = loudness(found)
        if now <= SILENCE_LUFS:
            return np.zeros(0, dtype=np.float32)
        found = limited(found * np.float32(10 ** ((LEVEL_LUFS - now) / 20)))
        if np.abs(found).max() < CEILING:
            break
    return found


def limited(samples: Samples) -> Samples:
    """Peaks above CEILING turned down for some ms around them, so that nothing clips and nothing clicks."""
    over = np.abs(samples)
    if samples.size == 0 or float(over.max()) <= CEILING:
        return samples
    reach = _LIMITER_MS * _MS
    gain = np.minimum(1.0, CEILING / np.maximum(over, 1e-9))
    around = np.lib.stride_tricks.sliding_window_view(np.pad(gain, reach, constant_values=1.0), 2 * reach + 1)
    lowest = around.min(axis=1)
    window = np.hanning(reach + 2)[1:-1]
    smooth = np.convolve(np.pad(lowest, reach, mode="edge"), window / window.sum(), mode="same")[reach:-reach]
    turned = samples * np.minimum(smooth, 1.0).astype(np.float32)
    return np.asarray(np.clip(turned, -CEILING, CEILING), dtype=np.float32)


def _with_edges(samples: Samples, first: int, last: int) -> Samples:
    """From LEAD_MS before the first sound to TAIL_MS behind the last, faded in and out, zero at both ends."""
    lead, tail = LEAD_MS * _MS, TAIL_MS * _MS
    cut = np.pad(samples, (lead, tail))[first : last + 1 + lead + tail].copy()
    fade = np.linspace(0.0, 1.0, _FADE_MS * _MS, dtype=np.float32)
    size = min(fade.size, cut.size // 2)
    if size:
        cut[:size] *= fade[:size]
        cut[-size:] *= fade[:size][::-1]
    return cut
