"""The whisper: the agent alone hears who calls and why, and says by key or by voice whether to take the call.

Owns the question and what counts as an answer; the attempt owns what follows. "Yes" is no answer: people say it when
they pick up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from ivr.model.hearing import (
    EndpointProfile,
    Expectation,
    ExpectationKind,
    ForgetCall,
    Listen,
    Phrase,
    SpeechHeard,
    SpeechRejected,
)
from ivr.model.media import CollectDigits, DigitsCollected, Play, SendAudioTo
from ivr.model.routing import AgentAct, WhisperAnswer

KEYS: Mapping[str, WhisperAnswer] = {"1": WhisperAnswer.TAKE, "2": WhisperAnswer.RETURN}
SURE = 0.6
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


class Whisper:
    """What is asked of one agent on one leg. frames_path: where the leg's audio is heard; "" when nobody hears it."""

    def __init__(
        self,
        leg: str,
        language: str,
        to_media: Callable[[object], None],
        to_speech: Callable[[object], None],
        frames_path: str,
    ) -> None:
        self._leg, self._language, self._frames_path = leg, language, frames_path
        self._to_media, self._to_speech = to_media, to_speech
        self._turn = 0

    def begin(self, wav: Path | None) -> None:
        """Ask. Without a voice the page tells what the whisper would have told."""
        self.await_key()
        if self._frames_path and self._language in WORDS:
            self._to_media(SendAudioTo(leg=self._leg, frames_path=self._frames_path))
            self._listen()
        files = (str(wav),) if wav is not None else ()
        self._to_media(Play(leg=self._leg, playback=f"whisper-{self._leg}", files=files))

    def await_key(self) -> None:
        """One key; any other than 1 and 2 is asked for again."""
        self._to_media(CollectDigits(leg=self._leg, max_digits=1, terminator="", stop_playback=True))

    def end(self) -> None:
        """Decided: what is said on this leg from now on is not for us."""
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
                said = heard.hypothesis
                meant = said.value if said.value is not None else _by_text(self._language, said.text)
                if meant in set(WhisperAnswer) and said.confidence >= SURE:
                    return WhisperAnswer(meant)
                self._listen()
            case SpeechRejected():
                self._listen()
            case AgentAct(answer=answer):
                return answer
        return None

    def _listen(self) -> None:
        self._turn += 1
        phrases = tuple(
            Phrase(text=text, value=answer.value) for answer, texts in WORDS[self._language].items() for text in texts
        )
        expected = Expectation(kind=ExpectationKind.CHOICE, profile=EndpointProfile.SHORT, phrases=phrases)
        self._to_speech(Listen(call_id=self._leg, turn=self._turn, language=self._language, expectation=expected))


def _by_text(language: str, text: str) -> str | None:
    return next((answer.value for answer, texts in WORDS[language].items() if text in texts), None)
