"""What a waiting caller says instead of pressing a key: to be called back, or to go back to the assistant.

Owns the words, and when they count: for some seconds after the choices were told. Over the announcement its own echo
might be heard, and whoever talks with somebody in the room for the rest of the time is nobody's business.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from ivr.call.listening import Ear
from ivr.model.hearing import EndpointProfile, Expectation, ExpectationKind, Phrase, SpeechHeard, SpeechRejected
from ivr.model.routing import TransferResult

COUNTS_S = 12.0
SURE = 0.6
_CALLBACK, _ASSISTANT = TransferResult.CALLBACK, TransferResult.ASSISTANT
WORDS: Mapping[str, Mapping[TransferResult, tuple[str, ...]]] = {
    "en": {
        _CALLBACK: ("call me back", "please call me back", "call me back please", "call back", "callback"),
        _ASSISTANT: ("assistant", "the assistant", "back to the assistant", "go back to the assistant"),
    },
    "ru": {
        _CALLBACK: ("перезвоните мне", "перезвоните", "перезвоните пожалуйста", "перезвоните мне пожалуйста"),
        _ASSISTANT: ("помощник", "к помощнику", "вернуться к помощнику", "вернитесь к помощнику"),
    },
}
_MEANINGS: Mapping[str, Mapping[str, TransferResult]] = {
    language: {text: result for result, texts in words.items() for text in texts} for language, words in WORDS.items()
}


class WaitingEar:
    """Hears the choices of one call that waits."""

    def __init__(self, ear: Ear) -> None:
        self._ear = ear
        self._turn = 0
        self._language = ""
        self._timer: asyncio.TimerHandle | None = None

    def hears(self, language: str) -> bool:
        """Would the choices be heard in this language? Else only keys are told."""
        return self._ear.available and language in WORDS

    def begin(self, language: str) -> None:
        """The choices were told: what is said now counts, for some seconds."""
        if self._timer is not None:
            self._timer.cancel()
        if self.hears(language):
            self._language = language
            self._timer = asyncio.get_running_loop().call_later(COUNTS_S, self.end)
            if not self._turn:  # else somebody may be speaking
                self._listen()

    def end(self) -> None:
        """Nothing said counts any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._turn:
            self._ear.stop_beside(self._turn)
            self._turn = 0

    def choice(self, message: SpeechHeard | SpeechRejected) -> TransferResult | None:
        """What the caller chose; None, and listened on, when it is none of the choices."""
        if not self._turn or message.turn != self._turn:
            return None
        meant = self._meant(message) if isinstance(message, SpeechHeard) else None
        if meant is None:
            self._listen()
        else:
            self._turn = 0
            self.end()
        return meant

    def _meant(self, message: SpeechHeard) -> TransferResult | None:
        said = message.recognition.hypothesis
        if said.confidence < SURE:
            return None
        value = said.value if said.value is not None else _MEANINGS[self._language].get(said.text)
        return next((result for result in WORDS[self._language] if result.value == value), None)

    def _listen(self) -> None:
        phrases = tuple(Phrase(text=text, value=result.value) for text, result in _MEANINGS[self._language].items())
        expected = Expectation(kind=ExpectationKind.CHOICE, profile=EndpointProfile.SHORT, phrases=phrases)
        self._turn = self._ear.listen_beside(expected, self._language)
