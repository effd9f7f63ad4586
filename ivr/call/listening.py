"""Hearing one caller: speech and keys as one turn, and the timer for silence.

Owns which turn is open and what closes it; whoever closes it first, voice or keys, wins and the other is told to
stop. Timers and results are posted to the call's mailbox; nothing here decides what an answer means.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from ivr.model.dialog import BargeIn, Hear
from ivr.model.hearing import Expectation, Listen, SpeechRejected, SpeechStarted, StopListening
from ivr.model.media import CollectDigits

Send = Callable[[object], None]

# A sound that was no speech does not cost the caller a try, but only this often in a row.
MOST_NOISES = 3
# A turn that began and never ended means that the recogniser is stuck.
LONGEST_TURN_MS = 25_000


class TimerName(StrEnum):
    """What a timer was for."""

    NOINPUT = "noinput"
    STUCK_TURN = "stuck_turn"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerElapsed:
    """A timer of an open turn ran out. arming: which setting of the timer, so that a late one is known as stale."""

    name: TimerName
    arming: int


class Ear:
    """The bot's ear in one call."""

    def __init__(self, leg: str, to_media: Send, to_speech: Send, post: Send) -> None:
        self._leg, self._to_media, self._to_speech, self._post = leg, to_media, to_speech, post
        self.hear: Hear | None = None
        self.turn = 0
        self.available = True
        self._language = ""
        self._barge_in = BargeIn()
        self._waiting_for_prompts = False
        self._held_until = ""
        self._noises = 0
        self._speaking = False
        self._arming = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def quiet(self) -> bool:
        """Is a turn open in which nobody speaks yet?"""
        return self.hear is not None and not self._speaking

    @property
    def interruptible(self) -> bool:
        """May the caller's voice stop the prompt that is playing?"""
        return self.hear is not None and self._barge_in.speech and not self._held_until

    def open(self, hear: Hear, *, language: str, barge_in: BargeIn, speaking: bool, held_until: str = "") -> None:
        """Open a turn. While a prompt plays, voice and keys are heard as far as barge_in allows.

        held_until: a playback that must be heard to its end; barge_in counts from there on.
        """
        self.close()
        self.hear, self._language, self._barge_in = hear, language, barge_in
        self._noises = 0
        self._waiting_for_prompts, self._held_until = speaking, held_until
        if not held_until:
            self._let_interrupt()
        if not speaking:
            self._arm(TimerName.NOINPUT, hear.noinput_ms)

    def heard_out(self, playback: str) -> None:
        """A playback is over; when it was the one that had to be heard, the caller may interrupt from now on."""
        if self.hear is not None and playback == self._held_until:
            self._held_until = ""
            self._let_interrupt()

    def _let_interrupt(self) -> None:
        if self._barge_in.speech or not self._waiting_for_prompts:
            self._listen()
        if self._barge_in.dtmf or not self._waiting_for_prompts:
            self._collect()

    def prompts_ended(self) -> None:
        """Everything was said: what barge_in held back opens now, and silence begins to count."""
        if self.hear is None or not self._waiting_for_prompts:
            return
        self._waiting_for_prompts = False
        if not self._barge_in.speech:
            self._listen()
        if self.hear.keys is not None and not self._barge_in.dtmf:
            self._collect()
        if self._timer is None:
            self._arm(TimerName.NOINPUT, self.hear.noinput_ms)

    def speech_started(self, message: SpeechStarted) -> bool:
        """True when it belongs to the open turn."""
        if self.hear is None or message.turn != self.turn:
            return False
        self._speaking = True
        self._arm(TimerName.STUCK_TURN, LONGEST_TURN_MS)
        return True

    def key_pressed(self) -> bool:
        """A key: silence no longer counts and the voice is not waited for. True when a turn is open for keys."""
        if self.hear is None or self.hear.keys is None:
            return False
        self._disarm()
        self._to_speech(StopListening(call_id=self._leg, turn=self.turn))
        return True

    def noise(self, message: SpeechRejected) -> bool:
        """True when the rejected sound was no speech and the turn simply goes on."""
        if self.hear is None or message.reason not in {"noise", "too_short", "no_speech"}:
            return False
        if not self._waiting_for_prompts:
            self._noises += 1  # while the bot speaks nobody owes it an answer
        if self._noises > MOST_NOISES:
            return False
        self.again()
        return True

    def again(self) -> None:
        """What was heard was no answer: the turn goes on as if nothing had been heard."""
        self._disarm()
        self._listen()
        if self.hear is not None and not self._waiting_for_prompts:
            self._arm(TimerName.NOINPUT, self.hear.noinput_ms)

    def is_open(self, turn: int) -> bool:
        """Does this turn still wait for an answer?"""
        return self.hear is not None and turn == self.turn

    def elapsed(self, timer: TimerElapsed) -> bool:
        """Is this the timer that is set now, and not one that was overtaken?"""
        return self.hear is not None and timer.arming == self._arming

    def close(self) -> None:
        """The turn has its answer, or nobody waits for one any more."""
        self._disarm()
        if self.hear is not None:
            self._to_speech(StopListening(call_id=self._leg, turn=self.turn))
            self.hear = None

    def listen_beside(self, expectation: Expectation, language: str) -> int:
        """Hear something no turn of the dialog waits for, until one does; the number it is reported under."""
        self.turn += 1
        self._to_speech(Listen(call_id=self._leg, turn=self.turn, language=language, expectation=expectation))
        return self.turn

    def stop_beside(self, turn: int) -> None:
        """It is not waited for any more."""
        self._to_speech(StopListening(call_id=self._leg, turn=turn))

    def lost(self) -> None:
        """Recognition is gone; keys go on."""
        self.available = False

    def restored(self) -> None:
        """Recognition is back: an open turn is listened to again."""
        self.available = True
        closed = self._held_until or (self._waiting_for_prompts and not self._barge_in.speech)
        if self.hear is not None and not closed:
            self._listen()

    def _listen(self) -> None:
        self.turn += 1
        self._speaking = False
        if self.hear is not None and self.hear.speech and self.available:
            expectation = self.hear.expectation
            self._to_speech(Listen(call_id=self._leg, turn=self.turn, language=self._language, expectation=expectation))

    def _collect(self) -> None:
        if self.hear is not None and self.hear.keys is not None:
            keys = self.hear.keys
            self._to_media(
                CollectDigits(
                    leg=self._leg,
                    max_digits=keys.max_digits,
                    terminator=keys.terminator,
                    inter_digit_ms=keys.inter_digit_ms,
                    stop_playback=self._barge_in.dtmf,
                )
            )

    def _arm(self, name: TimerName, after_ms: int) -> None:
        self._disarm()
        elapsed = TimerElapsed(name=name, arming=self._arming)
        self._timer = asyncio.get_running_loop().call_later(after_ms / 1000, self._post, elapsed)

    def _disarm(self) -> None:
        self._arming += 1
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
