"""All prompts of an assistant outside any call: rendered ahead, listed, and checked by ear.

Owns what a prompt is held to: it is there, no longer than callers remember, at the level of all prompts, and the
recogniser understands it. The cache is the one the service plays from.
"""

from __future__ import annotations

import asyncio
import wave
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ivr.config import Settings
from ivr.design.aloud import telephone
from ivr.dialog.assistant import Assistant
from ivr.model.dialog import Prompt
from ivr.model.hearing import Expectation, Render, Rendered, RenderFailed
from ivr.model.markup import plain
from ivr.model.ports import Recognizer
from ivr.offers.catalogue import load_catalogue
from ivr.offers.desk import OfferDesk
from ivr.routing.plan import load_waiting
from ivr.speech.audio import from_pcm
from ivr.speech.cache import duration_ms
from ivr.speech.catalogue import Catalogue
from ivr.speech.loudness import loudness
from ivr.speech.mastering import AUDIBLE, LEVEL_LUFS, TOLERANCE_LU
from ivr.speech.models import load_recognizer
from ivr.speech.rendering import RenderQueue
from ivr.speech.spoken_form import errors, likeness
from ivr.speech.verbalization import verbalized
from ivr.speech.voices import make_voices
from ivr.supervisor.prompt_library import PromptLibrary, show_nothing
from ivr.supervisor.spoken_ahead import spoken_ahead

LONGEST_MS = 12_000
LATEST_MS = 20  # of silence before the first sound
WORST_WER = 0.5  # a voice on a telephone line, heard by a small model, misses some words of a good prompt too
MISSPELT = 0.78  # letters alike: the voice was understood and the recogniser cannot spell
LEAST_WORDS = 3  # of a part that is checked by ear: of shorter ones a recogniser knows too little
RENDER_S = 600.0
_NOBODY = "prompts"  # the salt of a desk that decides nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a prompt is and what is wrong with it. path: "" when it is not rendered. voice: its id, or "recorded".
    wer: of the round trip through the recogniser, None when nobody listened. problems: codes."""

    name: str
    language: str
    text: str
    voice: str
    path: str = ""
    ms: int = 0
    lufs: float | None = None
    wer: float | None = None
    heard: str = ""
    problems: tuple[str, ...] = ()


def prompts_of(settings: Settings, assistant: Assistant) -> list[Prompt]:
    """What is rendered ahead for an assistant, as its service would. Raises DesignError."""
    offered: tuple[tuple[str, str], ...] = ()
    if assistant.offers_file.exists():
        offered = OfferDesk(load_catalogue(assistant.offers_file), _NOBODY, 0.0).texts()
    return spoken_ahead(assistant, offered, load_waiting(assistant.routing_file), settings.server.language)


class Studio:
    """The library of an assistant's prompts, with voices to speak them. prompts: those of the languages asked for. Made
    by studio()."""

    def __init__(self, settings: Settings, assistant: Assistant, only: Sequence[str] = ()) -> None:
        self.languages = tuple(only) or assistant.languages
        self.prompts = [each for each in prompts_of(settings, assistant) if each.language in self.languages]
        self._room, self._catalogue = settings.speech, Catalogue(settings.speech.models_dir)
        self.voices = make_voices(self._catalogue, settings.speech.voices, self.languages)
        self.queue = RenderQueue(self.voices, settings.speech.cache_dir, self._answer)
        self.library = PromptLibrary(settings.speech.cache_dir, assistant.folder, self._ask)
        for language in self.languages:
            ids = (voice.voice_id(language) for voice in self.voices)
            first = next((voice_id for voice_id in ids if voice_id is not None), None)
            if first is not None:
                self.library.voice_ids[language] = first

    async def render(self, progress: Callable[[int, int], None] = show_nothing) -> int:
        """Render what is missing. Returns how many were."""
        return await self.library.warm_up(self.prompts, RENDER_S, progress)

    def listed(self) -> list[Finding]:
        """Every prompt as it stands, without listening."""
        return [self._look(each) for each in self.prompts]

    def checked(self, progress: Callable[[int, int], None] = show_nothing) -> list[Finding]:
        """Every prompt, measured and listened to. Raises SpeechError when there is no recogniser."""
        recognizer = load_recognizer(
            self._catalogue, self._room.recognizer, self.languages, self._room.threads, self._room.recognizers
        )
        prompts = self.prompts
        found = []
        for done, each in enumerate(prompts, start=1):
            found.append(self._look(each, recognizer))
            progress(done, len(prompts))
        return found

    def _look(self, said: Prompt, recognizer: Recognizer | None = None) -> Finding:
        path = self.library.find(said)
        voice = "recorded" if said.audio else self.library.voice_ids.get(said.language, "")
        if path is None:
            wrong = ("missing",) if voice else ("missing", "no-voice")
            return Finding(name=said.name, language=said.language, text=said.text, voice=voice, problems=wrong)
        with wave.open(str(path), "rb") as file:
            pcm = file.readframes(file.getnframes())
        ms, samples = duration_ms(path), from_pcm(pcm)
        level = loudness(samples)
        problems = ["long"] if ms > LONGEST_MS else []
        if abs(level - LEVEL_LUFS) > TOLERANCE_LU:
            problems.append("loud" if level > LEVEL_LUFS else "quiet")
        if not samples.size or int(np.argmax(np.abs(samples) > AUDIBLE)) > LATEST_MS * 8:
            problems.append("late")
        wer, heard = _listen(said, pcm, recognizer) if recognizer is not None else (None, "")
        if wer is not None and wer > WORST_WER and likeness(heard, _written(said), said.language) < MISSPELT:
            problems.append("unintelligible")
        return Finding(
            name=said.name,
            language=said.language,
            text=said.text,
            voice=voice,
            path=str(path),
            ms=ms,
            lufs=round(level, 2),
            wer=wer,
            heard=heard,
            problems=tuple(problems),
        )

    def _ask(self, message: object) -> bool:
        if isinstance(message, Render):
            self.queue.submit(message)
        return True

    def _answer(self, answer: Rendered | RenderFailed) -> None:
        if isinstance(answer, Rendered):
            self.library.rendered(answer)
        else:
            self.library.failed(answer)


def _listen(said: Prompt, pcm: bytes, recognizer: Recognizer) -> tuple[float | None, str]:
    """(word error rate, what was heard) of a prompt over a telephone line; None for what is too short to tell, or in a
    language nobody hears."""
    written = _written(said)
    if said.language not in recognizer.languages or len(written.split()) < LEAST_WORDS:
        return None, ""
    stream = recognizer.open(said.language, Expectation())
    try:
        stream.feed(telephone(pcm))
        heard = stream.decode(final=True).text
    finally:
        stream.close()
    wrong, words = errors(heard, written, said.language)
    return round(wrong / max(words, 1), 3), heard


def _written(said: Prompt) -> str:
    return verbalized(plain(said.spoken), said.language)


@asynccontextmanager
async def studio(settings: Settings, assistant: Assistant, only: Sequence[str] = ()) -> AsyncIterator[Studio]:
    """A studio, its voices ended on the way out. only: these languages. Raises SpeechError."""
    await asyncio.to_thread(Path(settings.speech.cache_dir).mkdir, parents=True, exist_ok=True)
    found = Studio(settings, assistant, only)
    rendering = asyncio.create_task(found.queue.run())
    try:
        yield found
    finally:
        rendering.cancel()
        with suppress(asyncio.CancelledError):
            await rendering
        for voice in found.voices:
            await voice.close()
