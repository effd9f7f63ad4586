"""The whisper: the agent alone hears who calls and why, and says by key or by voice whether to take the call.

Owns the question and what counts as an answer; the attempt owns what follows. "Yes" answers only what was heard out:
people say it when they pick up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from ivr.model.hearing import (
    EndpointProfile,
    Expectation,
    ExpectationKind,
    ForgetCall,
    Listen,
    Phrase,
    Recognition,
    SpeechHeard,
    SpeechRejected,
)
from ivr.model.media import CollectDigits, DigitsCollected, Play, SendAudioTo
from ivr.model.routing import AgentAct, WhisperAnswer

KEYS: Mapping[str, WhisperAnswer] = {"1": WhisperAnswer.TAKE, "2": WhisperAnswer.RETURN}
SURE = 0.6
# An agent who has picked up waits so long for a voice that is not ready; then the page has told it all. Answers count
# meanwhile, and an agent who leaves is noticed.
WORDS_S = 2.5
_TAKE, _RETURN = WhisperAnswer.TAKE, WhisperAnswer.RETURN
WORDS: Mapping[str, Mapping[WhisperAnswer, tuple[str, ...]]] = {
    "en": {
        _TAKE: ("take it", "i take it", "i'll take it", "take the call", "put them through", "accept"),
        _RETURN: ("return", "return it", "give it back", "i can't take it", "decline"),
    },
    "ru": {
        _TAKE: ("беру", "я беру", "принимаю", "соединяйте", "возьму"),
        _RETURN: ("верните", "вернуть", "возвращаю", "не беру", "не могу взять"),
    },
}


# Whoever answers before the last word is over has still heard it out.
EAGER_MS = 300
YES_NO: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "en": {"yes": ("yes", "yes please", "okay"), "no": ("no", "no thanks")},
    "ru": {"yes": ("да", "да давайте", "хорошо"), "no": ("нет", "нет не могу")},
}
_ANSWERS: Mapping[str, WhisperAnswer] = {"yes": _TAKE, "no": _RETURN}
_VALUES: Mapping[str, Mapping[str, str]] = {
    language: {
        text: str(value) for words in (WORDS, YES_NO) for value, texts in words[language].items() for text in texts
    }
    for language in WORDS
}


class Whisper:
    """What is asked of one agent on one leg. frames_path: where the leg's audio is heard; "" when nobody hears it.
    trouble: told why an agent hears no words."""

    def __init__(
        self,
        leg: str,
        language: str,
        *,
        to_media: Callable[[object], None],
        to_speech: Callable[[object], None],
        frames_path: str,
        trouble: Callable[[str], object],
    ) -> None:
        self._leg, self._language, self._frames_path = leg, language, frames_path
        self._to_media, self._to_speech = to_media, to_speech
        self._trouble = trouble
        self._turn = 0
        self._words: asyncio.Future[Path] | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._spoken = False
        self._heard_out_ms: int | None = None

    def prepare(self, words: Awaitable[Path]) -> None:
        """The words are being rendered while the phone rings."""
        self._words = asyncio.ensure_future(words)

    def begin(self) -> None:
        """The agent has picked up: answers count from now on, and the words are said as soon as there are any."""
        self.await_key()
        if self._frames_path and self._language in WORDS:
            self._to_media(SendAudioTo(leg=self._leg, frames_path=self._frames_path))
            self._listen()
        if self._words is not None:
            self._patience = asyncio.get_running_loop().call_later(WORDS_S, self._words.cancel)
            self._words.add_done_callback(self._say)

    def _say(self, words: asyncio.Future[Path]) -> None:
        """Without a voice the page tells what the whisper would have told."""
        if self._patience is None:
            return  # decided meanwhile
        self._patience.cancel()
        error = TimeoutError("no voice in time") if words.cancelled() else words.exception()
        self._spoken = error is None
        if error is not None:
            self._trouble(str(error))
        files = (str(words.result()),) if self._spoken else ()
        self._to_media(Play(leg=self._leg, playback=f"whisper-{self._leg}", files=files))

    def heard_out(self, at_ms: int) -> None:
        """The words are over; from here on yes is an answer to them."""
        self._heard_out_ms = at_ms if self._spoken else None

    def await_key(self) -> None:
        """One key; any other than 1 and 2 is asked for again."""
        self._to_media(CollectDigits(leg=self._leg, max_digits=1, terminator="", stop_playback=True))

    def end(self) -> None:
        """Decided: what is said on this leg from now on is not for us."""
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        if self._words is not None:
            self._words.cancel()
        if self._turn:
            self._turn = 0
            self._to_media(SendAudioTo(leg=self._leg, frames_path=""))
            self._to_speech(ForgetCall(call_id=self._leg))

    def answer(self, message: object) -> WhisperAnswer | None:
        """What a key or a sentence means; None, and asked on, when it means nothing."""
        match message:
            case DigitsCollected(digits=digits):
                if digits not in KEYS:
                    self.await_key()
                return KEYS.get(digits)
            case SpeechHeard(recognition=heard):
                meant = self._meant(heard)
                if meant is None:
                    self._listen()
                return meant
            case SpeechRejected():
                self._listen()
            case AgentAct(answer=answer):
                return answer
        return None

    def _meant(self, heard: Recognition) -> WhisperAnswer | None:
        said, answer = heard.hypothesis, None
        if said.confidence < SURE:
            return None
        value = said.value if said.value is not None else _VALUES[self._language].get(said.text)
        if value in set(WhisperAnswer):
            answer = WhisperAnswer(value)
        elif self._heard_out_ms is not None and heard.speech_started_at_ms >= self._heard_out_ms - EAGER_MS:
            answer = _ANSWERS.get(value or "")
        return answer

    def _listen(self) -> None:
        self._turn += 1
        phrases = tuple(Phrase(text=text, value=value) for text, value in _VALUES[self._language].items())
        expected = Expectation(kind=ExpectationKind.CHOICE, profile=EndpointProfile.SHORT, phrases=phrases)
        self._to_speech(Listen(call_id=self._leg, turn=self._turn, language=self._language, expectation=expected))
