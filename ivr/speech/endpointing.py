"""When a turn begins and when it is over: decided in samples of audio, from voice probabilities and what was heard.

Owns the pauses. Pure: no clock, no engine, no I/O; a turn is driven by hear() for every chunk and understand() for
every hypothesis that comes back, and answers with actions. Figures come from measurements on telephone speech:
silences inside a sentence reach 320-420 ms (p95), inside a dictated number 750 ms.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ivr.model.errors import ImpossibleTransitionError
from ivr.model.hearing import EndpointProfile, Expectation, Hypothesis
from ivr.speech.completeness import Completeness, completeness
from ivr.speech.levels import UNKNOWN, Weight
from ivr.speech.vad import CHUNK

SAMPLES_PER_MS = 8
VOICE = 0.5  # probability from which a chunk is voice
QUIET = 0.35  # probability below which it is a pause; between the two the state stays
EVIDENCE = 1.4  # sum of probabilities of consecutive voiced chunks that makes a speech start sure: 2 good ones or 3
PRE_ROLL_MS = 300  # kept from before the detected start: first consonants are quiet
STIR_MS = 64  # sound that is no voice yet: the next word may begin with it
STIR_WAIT_MS = 128  # but a breath after the last word holds nothing up longer than this

# Pauses count from the last sample with energy where the line is quiet (on a noisy one from where the network heard
# the last voice, 15-85 ms later). Measured by `ivr bench pauses`; docs/speech.md has the table.
SPECULATE_MS: dict[EndpointProfile, int] = {  # pause after which the turn is decoded on suspicion that it is over
    EndpointProfile.SHORT: 48,
    EndpointProfile.NORMAL: 96,
    EndpointProfile.LONG: 96,
}
PAUSE_MS: dict[tuple[EndpointProfile, Completeness], int] = {
    (EndpointProfile.SHORT, Completeness.COMPLETE): 128,
    (EndpointProfile.SHORT, Completeness.WHOLE): 288,
    (EndpointProfile.SHORT, Completeness.PLAIN): 352,
    (EndpointProfile.SHORT, Completeness.OPEN_ENDED): 608,
    (EndpointProfile.SHORT, Completeness.INCOMPLETE): 832,
    (EndpointProfile.NORMAL, Completeness.COMPLETE): 160,
    (EndpointProfile.NORMAL, Completeness.WHOLE): 288,
    (EndpointProfile.NORMAL, Completeness.PLAIN): 352,
    (EndpointProfile.NORMAL, Completeness.OPEN_ENDED): 736,
    (EndpointProfile.NORMAL, Completeness.INCOMPLETE): 928,
    (EndpointProfile.LONG, Completeness.COMPLETE): 224,
    (EndpointProfile.LONG, Completeness.WHOLE): 416,
    (EndpointProfile.LONG, Completeness.PLAIN): 608,
    (EndpointProfile.LONG, Completeness.OPEN_ENDED): 832,
    (EndpointProfile.LONG, Completeness.INCOMPLETE): 1024,
}
MAX_TURN_MS: dict[EndpointProfile, int] = {
    EndpointProfile.SHORT: 10_000,
    EndpointProfile.NORMAL: 20_000,
    EndpointProfile.LONG: 25_000,
}


class Phase(StrEnum):
    WAITING = "waiting"
    RISING = "rising"
    SPEAKING = "speaking"
    PAUSING = "pausing"
    ENDED = "ended"


LEISURE_MS = {Phase.WAITING: 40, Phase.SPEAKING: 60, Phase.ENDED: 60}
"""How long frames may lie unread where they decide little: of a caller who is quiet, or in the middle of speaking (the
end is noticed 20 ms later in the mean). In other phases not at all."""

WAITED_FOR_MS = 100  # the same of a caller who is waited for: that a turn has begun is urgent only while a prompt plays


class Sign(StrEnum):
    VOICE = "voice"
    QUIET = "quiet"
    SURE = "sure"
    OVER = "over"
    TOO_LONG = "too_long"


TRANSITIONS: dict[tuple[Phase, Sign], Phase] = {
    (Phase.WAITING, Sign.QUIET): Phase.WAITING,
    (Phase.WAITING, Sign.VOICE): Phase.RISING,
    (Phase.RISING, Sign.VOICE): Phase.RISING,
    (Phase.RISING, Sign.QUIET): Phase.WAITING,
    (Phase.RISING, Sign.SURE): Phase.SPEAKING,
    (Phase.SPEAKING, Sign.VOICE): Phase.SPEAKING,
    (Phase.SPEAKING, Sign.QUIET): Phase.PAUSING,
    (Phase.SPEAKING, Sign.TOO_LONG): Phase.ENDED,
    (Phase.PAUSING, Sign.QUIET): Phase.PAUSING,
    (Phase.PAUSING, Sign.VOICE): Phase.SPEAKING,
    (Phase.PAUSING, Sign.OVER): Phase.ENDED,
    (Phase.PAUSING, Sign.TOO_LONG): Phase.ENDED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The caller speaks, since start (sample)."""

    start: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decode:
    """Decode the turn up to sample until; final: the turn is over whatever comes out."""

    until: int
    final: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hurry:
    """The decode asked for is now all the caller waits for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """The caller goes on: the decode asked for is stale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The turn is over. hypothesis is of all its speech; end is the last voiced sample."""

    hypothesis: Hypothesis
    end: int


Action = Started | Decode | Hurry | Resumed | Ended


class Endpointer:
    """One turn. Samples count from anywhere, but always up."""

    def __init__(self, expectation: Expectation) -> None:
        self._expectation = expectation
        self.phase = Phase.WAITING
        self.start = 0
        self.end = 0
        self._now = 0
        self._stirred = 0
        self._evidence = 0.0
        self._asked: int | None = None
        self._hurried = False
        self._heard: Hypothesis | None = None

    def hear(self, probability: float, until: int, weight: Weight = UNKNOWN) -> list[Action]:
        """One chunk ended at sample until. Raises ImpossibleTransitionError once the turn is over."""
        self._now = until
        if weight.stirs:
            self._stirred = until
        sign = self._sign(probability) if weight.tail < CHUNK else Sign.QUIET
        before = self.phase
        self._move(sign)
        if sign is Sign.VOICE:
            self.end = until - weight.tail
            return self._voice(before, probability)
        return self._pause(before)

    def understand(self, hypothesis: Hypothesis, until: int) -> list[Action]:
        """A decode came back; one that was overtaken by more speech is ignored."""
        if until != self._asked:
            return []
        self._heard = hypothesis
        if self.phase is Phase.ENDED:
            return [Ended(hypothesis=hypothesis, end=self.end)]
        return self._judge()

    def _sign(self, probability: float) -> Sign:
        if probability >= VOICE:
            return Sign.VOICE
        if probability < QUIET or self.phase in (Phase.WAITING, Phase.PAUSING):
            return Sign.QUIET
        return Sign.VOICE

    def _move(self, sign: Sign) -> None:
        following = TRANSITIONS.get((self.phase, sign))
        if following is None:
            raise ImpossibleTransitionError("endpointing", self.phase, sign)
        self.phase = following

    def _voice(self, before: Phase, probability: float) -> list[Action]:
        if before is Phase.WAITING:
            self.start, self._evidence = self._now - CHUNK, 0.0
        if self.phase is Phase.RISING:
            self._evidence += probability
            if self._evidence < EVIDENCE:
                return []
            self._move(Sign.SURE)
            return [Started(start=self.start)]
        stale = self._asked is not None
        self._asked, self._heard, self._hurried = None, None, False
        return ([Resumed()] if stale else []) + self._limit()

    def _pause(self, before: Phase) -> list[Action]:
        if self.phase is not Phase.PAUSING:
            return []
        if self._asked is None and self._paused_ms() >= SPECULATE_MS[self._expectation.profile]:
            self._asked = self._now
            return [Decode(until=self._now)]
        if self._heard is not None:
            return self._judge()
        return self._limit() or self._hurry()

    def _paused_ms(self) -> int:
        return (self._now - self.end) // SAMPLES_PER_MS

    def _judge(self) -> list[Action]:
        """Is the pause long enough for what was heard?"""
        heard = self._heard
        if self.phase is not Phase.PAUSING or heard is None:
            return []
        spoken_ms = (self.end - self.start) // SAMPLES_PER_MS
        needed = PAUSE_MS[self._expectation.profile, completeness(self._expectation, heard, spoken_ms)]
        stirs = self._now - self._stirred < STIR_MS * SAMPLES_PER_MS and self._stirred > self.end + CHUNK
        if self._paused_ms() >= needed + (STIR_WAIT_MS if stirs else 0):
            self._move(Sign.OVER)
            return [Ended(hypothesis=heard, end=self.end)]
        return []

    def _hurry(self) -> list[Action]:
        """Past the shortest pause the decode is what holds the answer up."""
        shortest = PAUSE_MS[self._expectation.profile, Completeness.COMPLETE]
        if self._asked is None or self._hurried or self._paused_ms() < shortest:
            return []
        self._hurried = True
        return [Hurry()]

    def _limit(self) -> list[Action]:
        """Nobody may talk for ever: music and a television do."""
        if (self._now - self.start) // SAMPLES_PER_MS < MAX_TURN_MS[self._expectation.profile]:
            return []
        self._move(Sign.TOO_LONG)
        self._asked = self._now
        return [Decode(until=self._now, final=True)]
