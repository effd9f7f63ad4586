"""Several recognisers as one: for each language the preferred engine, and the next one when it fails in mid-call.

Owns the order and the change-over. The audio of a turn is kept until it is decoded, so that the next engine hears all
of it. A caller who was plainly speaking while the engine heard nothing is given to the next engine too. An engine that
fails again and again is left out for a while.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ivr.log import get_log
from ivr.model.errors import SpeechError
from ivr.model.hearing import Expectation, Hypothesis
from ivr.model.ports import Recognizer, RecognizerStream
from ivr.speech.audio import from_pcm
from ivr.speech.silence import sounding_s

FAILURES = 3  # in a row, then the engine is left out
REST_S = 60.0  # for so long
PLAIN_SPEECH_S = 0.4  # of loud audio in a turn: an engine that heard nothing is not believed alone

log = get_log("speech.engines")


@dataclass(slots=True, eq=False)
class _Engine:
    recognizer: Recognizer
    failures: int = 0
    resting_until_s: float = 0.0


class EngineChain:
    """Recognisers by language, preferred first. Used from one thread."""

    def __init__(
        self, by_language: Mapping[str, Sequence[Recognizer]], now_s: Callable[[], float] = time.monotonic
    ) -> None:
        engines = {id(r): _Engine(r) for chain in by_language.values() for r in chain}
        self._chains = {lang: [engines[id(r)] for r in chain] for lang, chain in by_language.items() if chain}
        if not self._chains:
            raise SpeechError("there is no recogniser for any language: ivr models list shows what can be installed")
        self._now_s = now_s
        self.languages = tuple(self._chains)
        names = dict.fromkeys(engine.recognizer.name for chain in self._chains.values() for engine in chain)
        self.name = "+".join(names)

    def open(self, language: str, expectation: Expectation) -> RecognizerStream:
        """A turn in the preferred engine that works. Raises SpeechError when none does."""
        chain = self._chains.get(language)
        if chain is None:
            raise SpeechError(f"no recogniser for language {language!r}, only {', '.join(self.languages)}")
        stream = _ChainStream(self, self._awake(chain), language, expectation)
        stream.begin()
        return stream

    def preferred(self, language: str) -> Recognizer:
        """The engine a language is heard by as long as it works."""
        return self._chains[language][0].recognizer

    def _awake(self, chain: list[_Engine]) -> list[_Engine]:
        """Engines that rest come last: better one that may fail than none."""
        now_s = self._now_s()
        return sorted(chain, key=lambda engine: engine.resting_until_s > now_s)

    def failed(self, engine: _Engine, error: SpeechError) -> None:
        """Count a failure."""
        engine.failures += 1
        log.error("engine.failed", engine=engine.recognizer.name, in_a_row=engine.failures, error=str(error))
        if engine.failures >= FAILURES:
            engine.failures = 0
            engine.resting_until_s = self._now_s() + REST_S

    @staticmethod
    def worked(engine: _Engine) -> None:
        """Forget earlier failures."""
        engine.failures = 0


class _ChainStream:
    """One turn, in the first engine of the chain that works."""

    def __init__(self, owner: EngineChain, chain: list[_Engine], language: str, expectation: Expectation) -> None:
        self._owner, self._chain, self._language, self._expectation = owner, chain, language, expectation
        self._at = -1
        self._stream: RecognizerStream | None = None
        self._pcm = bytearray()

    def begin(self, after: SpeechError | None = None) -> None:
        """Open the next engine that can be opened, and let it hear the turn so far. Raises SpeechError, after what
        went wrong before."""
        error = after or SpeechError(f"there is no recogniser for {self._language!r}")
        self._shut()
        while self._at + 1 < len(self._chain):
            self._at += 1
            engine = self._chain[self._at]
            try:
                self._stream = engine.recognizer.open(self._language, self._expectation)
                if self._pcm:
                    self._stream.feed(bytes(self._pcm))
                return
            except SpeechError as failure:
                error = failure
                self._owner.failed(engine, failure)
                self._shut()
        raise error

    @property
    def live(self) -> bool:
        """As the engine at work is."""
        return self._stream is not None and self._stream.live

    def feed(self, pcm: bytes) -> None:
        """More of the turn."""
        self._pcm += pcm
        if self._stream is None:
            raise SpeechError("this turn has no engine left")
        try:
            self._stream.feed(pcm)
        except SpeechError as failure:
            self._owner.failed(self._chain[self._at], failure)
            self.begin(failure)

    def decode(self, *, final: bool) -> Hypothesis:
        """The text of everything fed so far. Raises SpeechError when no engine works."""
        while True:
            if self._stream is None:
                raise SpeechError("this turn has no engine left")
            engine = self._chain[self._at]
            try:
                hypothesis = self._stream.decode(final=final)
            except SpeechError as failure:
                self._owner.failed(engine, failure)
                self.begin(failure)
                continue
            self._owner.worked(engine)
            if final and not hypothesis.text and self._at + 1 < len(self._chain):
                return self._second_opinion(hypothesis)
            return hypothesis

    def _second_opinion(self, nothing: Hypothesis) -> Hypothesis:
        """What the next engine makes of a turn in which this one heard nothing although somebody spoke."""
        if sounding_s(from_pcm(bytes(self._pcm[: len(self._pcm) // 2 * 2]))) < PLAIN_SPEECH_S:
            return nothing
        engine = self._chain[self._at + 1]
        try:
            other = engine.recognizer.open(self._language, self._expectation)
            other.feed(bytes(self._pcm))
            heard = other.decode(final=True)
            other.close()
        except SpeechError as failure:
            self._owner.failed(engine, failure)
            return nothing
        if heard.text:
            log.info("engine.heard_nothing", engine=nothing.engine, other=heard.engine)
        return heard if heard.text else nothing

    def give_up(self) -> None:
        """Nobody waits for the decode under way."""
        if self._stream is not None:
            self._stream.give_up()

    def close(self) -> None:
        """Forget the audio."""
        self._shut()
        self._pcm = bytearray()

    def _shut(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()
