"""`ivr bench echo`: what a line without an echo canceller does to barge-in, in virtual time.

Owns an echo (delay, loudness, a room or none), a caller who talks over it, and the count: how many prompts stop for
their own echo, and how soon the bot is sure of a caller. The ear is the product's own. Times are milliseconds.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ivr.call.record import percentile
from ivr.demo.pause_corpus import read
from ivr.demo.pauses import CALLER_RMS, NOISE_RMS, VirtualQueue, mu_law
from ivr.model.hearing import Expectation, Hypothesis, Listen, SpeechHeard, SpeechRejected, SpeechStarted
from ivr.model.media import FRAME_MS, SAMPLE_RATE_HZ
from ivr.speech.audio import Samples, to_pcm
from ivr.speech.catalogue import Catalogue
from ivr.speech.listening import CallAudio
from ivr.speech.models import load_vad
from ivr.speech.vad import SileroModel

MODELS = Path("voice_models")
DELAYS_MS = (20, 440)
LEAD_S = 0.6
SHORTEST_S, LONGEST_S = 2.0, 8.0
_FRAME = SAMPLE_RATE_HZ * FRAME_MS // 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """How a line sends a prompt back. db: None = not at all; room: with the tail of a room behind it; slips: the delay
    jumps by 20 or 40 ms every 0.7 s, as jitter buffers do."""

    name: str
    db: int | None
    room: bool = False
    slips: bool = False


LINES = (
    Line(name="no echo", db=None),
    Line(name="echo -20 dB", db=-20),
    Line(name="echo -12 dB", db=-12),
    Line(name="echo -12 dB, a room", db=-12, room=True),
    Line(name="echo -12 dB, slipping", db=-12, slips=True),
)


class _Deaf:
    """A recogniser nobody asks for text here: only the beginning of speech is measured."""

    name = "deaf"
    languages: tuple[str, ...] = ("en",)

    def open(self, _language: str, _expectation: Expectation) -> _Deaf:
        return self

    def feed(self, _pcm: bytes) -> None: ...

    def give_up(self) -> None: ...

    @property
    def live(self) -> bool:
        """Nothing is decoded here."""
        return False

    def decode(self, *, final: bool) -> Hypothesis:
        return Hypothesis(text="", confidence=0.0, engine=self.name, reason="last" if final else "no_speech")

    def close(self) -> None: ...


def bench_echo(*, prompts_from: Path, callers_from: Path, count: int) -> dict[str, Any]:
    """Measure. prompts_from: a folder of WAVs the bot says; callers_from: one of what callers say."""
    rng = random.Random(12)
    vad = load_vad(Catalogue(MODELS))
    prompts, callers = list(_some(prompts_from, count, rng)), list(_some(callers_from, count, rng, shortest_s=1.0))
    rows = []
    for line in LINES:
        alone = [_starts(vad, prompt, line, rng, None) for prompt in prompts]
        spoken = [_starts(vad, p, line, rng, c) for p, c in zip(prompts, callers, strict=False)]
        rows.append(_row(line, alone, spoken))
    return {"lines": rows}


def _row(line: Line, alone: Sequence[list[int]], spoken: Sequence[list[int]]) -> dict[str, Any]:
    sure = [next(at for at in starts if at >= 0) for starts in spoken if any(at >= 0 for at in starts)]
    return {
        "line": line.name,
        "n": len(alone),
        "prompts_held_for_nobody": sum(bool(starts) for starts in alone),
        "callers_missed": len(spoken) - len(sure),
        "sure_of_a_caller_p50_ms": percentile(sure, 50) if sure else 0,
        "sure_of_a_caller_p95_ms": percentile(sure, 95) if sure else 0,
    }


def _some(folder: Path, count: int, rng: random.Random, shortest_s: float = SHORTEST_S) -> Iterator[Samples]:
    paths = sorted(folder.rglob("*.wav"))
    rng.shuffle(paths)
    for path in paths:
        samples = read(path)
        if count and shortest_s <= samples.size / SAMPLE_RATE_HZ <= LONGEST_S:
            count -= 1
            yield samples


def _starts(vad: SileroModel, prompt: Samples, line: Line, rng: random.Random, caller: Samples | None) -> list[int]:
    """When the bot was sure that somebody spoke, after the caller began (else after the prompt did)."""
    said = mu_law(
        np.concatenate([np.zeros(round(LEAD_S * SAMPLE_RATE_HZ)), prompt, np.zeros(2 * SAMPLE_RATE_HZ)]).astype(
            np.float32
        )
    )
    said = said[: said.size // _FRAME * _FRAME]
    back = _echo(said, line, rng)
    begins = round(LEAD_S * SAMPLE_RATE_HZ)
    if caller is not None:
        voiced = np.flatnonzero(np.abs(caller) > 0.05 * np.abs(caller).max())
        words = caller[voiced[0] : voiced[-1]]
        words = words * (CALLER_RMS / float(np.sqrt(np.mean(words[np.abs(words) > 0.05 * np.abs(words).max()] ** 2))))
        begins += rng.randrange(2000, 12000)
        words = words[: back.size - begins]
        back[begins : begins + words.size] += words
    noise = np.random.default_rng(rng.randrange(1000)).standard_normal(back.size) * NOISE_RMS
    return [at - begins * 1000 // SAMPLE_RATE_HZ for at in _heard(vad, mu_law((back + noise).astype(np.float32)), said)]


def _echo(said: Samples, line: Line, rng: random.Random) -> Samples:
    if line.db is None:
        return np.zeros(said.size, dtype=np.float32)
    way = np.zeros(800)
    way[0] = 1.0
    if line.room:  # direct sound 8 dB over what comes back from the walls
        at = np.arange(760)
        way[40:] = np.random.default_rng(rng.randrange(1000)).standard_normal(760) * np.exp(-at / 120) * 0.05
    late = rng.randrange(*DELAYS_MS) * SAMPLE_RATE_HZ // 1000
    back = np.concatenate([np.zeros(late), np.convolve(said, way)[: said.size - late] * 10 ** (line.db / 20)])
    if line.slips:
        for slip in range(5600, back.size, 5600):
            back[slip:] = np.roll(back, rng.choice((-320, -160, 160, 320)))[slip:]
    return back.astype(np.float32)


def _heard(vad: SileroModel, line: Samples, said: Samples) -> list[int]:
    """The times, ms of the line, at which the ear was sure of speech."""
    queue, found = VirtualQueue(decode_ms=100), []
    turn = 0

    def report(message: SpeechStarted | SpeechHeard | SpeechRejected) -> None:
        nonlocal turn
        if isinstance(message, SpeechStarted):
            found.append(queue.now_ms)
        else:
            turn += 1

    ear = CallAudio("call", vad=vad, recognizer=_Deaf(), queue=queue, report=report, now_ms=lambda: queue.now_ms)
    listened = -1
    for seq, first in enumerate(range(0, line.size, _FRAME)):
        if turn != listened:
            listened = turn
            ear.listen(Listen(call_id="call", turn=turn, language="en", expectation=Expectation()))
        queue.pass_time((seq + 1) * FRAME_MS)
        told = said[first : first + _FRAME]
        ear.frame(seq, queue.now_ms, to_pcm(line[first : first + _FRAME]), to_pcm(told) if told.any() else b"")
    return found
