"""Protocols with more than one implementation, and nothing else. Fakes in the tests pass the same contract suites."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ivr.model.hearing import Expectation, Hypothesis
from ivr.model.identity import Candidate, EvidenceKind, TextMessage
from ivr.model.understanding import NO_CONTEXT, SlotContext, Understanding


class RecognizerStream(Protocol):
    """One turn of one caller in one engine. Used from one thread at a time.

    live: whether it decodes what it is fed at once; then it is fed while the caller speaks, else only before a decode.
    feed: 16-bit mono 8 kHz PCM of the turn, speech and pauses alike. decode: the text of everything fed so far; may
    be called several times (speculation), later calls see more audio; final=True is the last call. Raises SpeechError
    when the engine is broken. give_up: from another thread; nobody waits for the decode under way, which may end early
    with AbandonedError. The next one is wanted again.
    """

    @property
    def live(self) -> bool: ...

    def feed(self, pcm: bytes) -> None: ...

    def decode(self, *, final: bool) -> Hypothesis: ...

    def give_up(self) -> None: ...

    def close(self) -> None: ...


class Recognizer(Protocol):
    """A speech recognition engine: faster-whisper, Vosk, or a fake. Loaded once, shared by all calls."""

    name: str
    languages: tuple[str, ...]

    def open(self, language: str, expectation: Expectation) -> RecognizerStream: ...


class Voice(Protocol):
    """A speech synthesiser. render takes a prompt with or without markup (ivr.model.markup) and returns 16-bit mono
    8 kHz PCM at the level all prompts have; raises SpeechError. voice_id names engine and voice (a part of the cache
    key)."""

    name: str

    def voice_id(self, language: str) -> str | None: ...

    async def render(self, text: str, language: str) -> bytes: ...

    async def close(self) -> None: ...


class NluEngine(Protocol):
    """Intents and entities of a text. expected: intents the step waits for (preferred over the rest), None = open.
    slot_types: typed parsers to run ("digits", "yes_no", ...); slot_context: what they need to know besides the words.
    Must answer within its configured timeout."""

    name: str

    async def parse(
        self,
        text: str,
        *,
        language: str,
        expected: Sequence[str] | None = None,
        slot_types: Sequence[str] = (),
        slot_context: SlotContext = NO_CONTEXT,
    ) -> Understanding: ...

    async def close(self) -> None: ...


class Directory(Protocol):
    """Customers as identification looks for them: over a CRM's REST interface, or imported into the database.

    by_number: everybody with that E.164 number, enough of them to see that a number is an office's. by_fact: everybody
    with that value on file; value as ivr.identity.candidates.plain writes it. by_name: those whose names sound like
    what was heard (words of any recogniser, in any order), best first. All raise ServiceError when the customers cannot
    be asked now; nobody found is an empty answer. warm: have ready what the first by_name would wait for.
    """

    async def warm(self) -> None: ...

    async def by_id(self, customer_id: str) -> Candidate | None: ...

    async def by_number(self, number: str) -> tuple[Candidate, ...]: ...

    async def by_fact(self, kind: EvidenceKind, value: str) -> tuple[Candidate, ...]: ...

    async def by_name(self, heard: str) -> tuple[Candidate, ...]: ...

    async def close(self) -> None: ...


class CodeGateway(Protocol):
    """Whatever brings messages to telephones: the operator's SMS gateway, or the console of a demo.

    send returns when the gateway has taken the message; the same message_id twice is one message. Raises ServiceError.
    """

    async def send(self, message: TextMessage) -> None: ...

    async def close(self) -> None: ...
