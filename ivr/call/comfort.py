"""What the caller hears while a human is fetched: music, and between it who is before them, how long it takes, and what
they can do instead; and that a contact center's queue has hung up on them.

Owns when the next words are due; what they are is routing's (waiting_words). A voice that fails costs words, not music.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ivr.call.handoff import Handoff
from ivr.call.journal import Journal
from ivr.call.speaking import Speaker
from ivr.model import dialog as say
from ivr.model.errors import SpeechError
from ivr.model.media import Play, PlaybackEnded, StopPlayback
from ivr.routing.waiting_terms import WaitingTerms
from ivr.routing.waiting_words import Announcement, Told, announcement, turned_away

FIRST_MS = 2_000
"""Who is free at once, or in a moment, is not announced."""
LOOK_MS = 5_000
SAID_S = 20.0
LEAST_BETWEEN_MS = 15_000
"""Good news come no sooner than that after the last words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComfortTools:
    """What the comfort of one call acts through. music: a WAV. language: what is spoken at the moment. now_ms: the
    dispatcher's clock. by_voice: would the choices be heard in this language? start: run beside the call, inside its
    exception boundary."""

    leg: str
    speaker: Speaker
    journal: Journal
    terms: WaitingTerms
    music: str
    language: Callable[[], str]
    now_ms: Callable[[], int]
    by_voice: Callable[[str], bool]
    send: Callable[[object], None]
    find_prompt: Callable[[say.Prompt], Path | None]
    render_prompt: Callable[[say.Prompt], Awaitable[Path]]
    start: Callable[[Coroutine[Any, Any, None]], None]


class Comfort:
    """The comfort of one call's handoffs."""

    def __init__(self, tools: ComfortTools) -> None:
        self._tools = tools
        self._told: Told | None = None
        self._said_ms = 0
        self._silent = asyncio.Event()
        self._excusing: Handoff | None = None
        self._talking = False

    @property
    def choices_known(self) -> bool:
        """Does the caller know which keys there are? Where nothing is said, it has to be known from elsewhere."""
        return self._told is not None or not self._tools.terms.words_every_ms

    def play_music(self) -> None:
        """From now on, or after what is being said."""
        tools = self._tools
        tools.send(Play(leg=tools.leg, playback=f"comfort-{tools.leg}", files=(tools.music,), loop=True))

    async def keep_company(self, handoff: Handoff) -> None:
        """Music, as soon as everything is said, and words between it for as long as the call waits for nobody in
        particular."""
        self._told, self._talking = None, False
        await self._all_said()
        self.play_music()
        every_ms = self._tools.terms.words_every_ms
        if not every_ms:
            return
        pause_ms = FIRST_MS
        while True:
            await asyncio.sleep(pause_ms / 1000)
            pause_ms = min(LOOK_MS, every_ms)
            if not handoff.waits or self._talking or self._tools.speaker.busy:
                continue
            found = self._next_words(handoff, every_ms)
            if found is not None:
                await self._speak(handoff, found)

    def excuse(self, handoff: Handoff) -> None:
        """A contact center's queue has hung up on the caller: words about it, then music while the handoff goes on."""
        tools, language = self._tools, self._tools.language()
        self._excusing = handoff
        tools.send(StopPlayback(leg=tools.leg))
        words = say.Prompt(text=turned_away(language), language=language, name="waiting")
        if words.text and tools.find_prompt(words) is not None:  # as all words of the waiting are, before anybody calls
            tools.speaker.say([words])
        tools.start(self._play_music_after_words(handoff))

    def hush(self) -> bool:
        """No music after words about a queue that hung up. True when they are being said."""
        excusing, self._excusing = self._excusing is not None, None
        return excusing and self._tools.speaker.busy

    def ended(self, message: PlaybackEnded) -> bool:
        """A playback is over. True when the choices were told to the end."""
        if message.playback != self._words:
            return False
        self._talking = False
        return not message.interrupted

    @property
    def _words(self) -> str:
        return f"waiting-{self._tools.leg}"

    def prompts_ended(self) -> None:
        """Everything was said."""
        self._silent.set()

    async def _play_music_after_words(self, handoff: Handoff) -> None:
        await self._all_said()
        if self._excusing is handoff:
            self._excusing = None
            if not handoff.heard:
                self.play_music()

    async def _all_said(self) -> None:
        """Behind music, which goes on for ever, nothing would be heard."""
        if self._tools.speaker.busy:
            self._silent.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._silent.wait(), SAID_S)

    def _next_words(self, handoff: Handoff, every_ms: int) -> Announcement | None:
        """What is to be said now; None while it is not yet time to say anything."""
        now_ms, language = self._tools.now_ms(), self._tools.language()
        since_ms = now_ms - self._said_ms
        if self._told is not None and since_ms < min(LEAST_BETWEEN_MS, every_ms):
            return None
        found = announcement(
            self._tools.terms,
            language,
            handoff.outlook(),
            self._told,
            now_ms,
            by_voice=self._tools.by_voice(language),
        )
        if found is None or (self._told is not None and since_ms < every_ms and not found.better):
            return None
        return found

    async def _speak(self, handoff: Handoff, found: Announcement) -> None:
        tools, language = self._tools, self._tools.language()
        files = await self._rendered(
            [say.Prompt(text=text, language=language, name="waiting") for text in found.sentences]
        )
        if not files:
            self._said_ms = tools.now_ms()
        if not files or not handoff.waits:
            return
        told = found.told
        wait = [told.wait.low_min, told.wait.high_min] if told.wait is not None else None
        tools.journal.note("turn.said", text=" ".join(found.sentences), name="waiting", language=language)
        tools.journal.note("handoff.told", ahead=told.ahead, wait_min=wait)
        tools.send(StopPlayback(leg=tools.leg))
        tools.send(Play(leg=tools.leg, playback=self._words, files=tuple(files)))
        self._talking = True
        self.play_music()
        self._told, self._said_ms = told, tools.now_ms()

    async def _rendered(self, prompts: Sequence[say.Prompt]) -> list[str]:
        """The files; none when no voice speaks them."""
        tools = self._tools
        try:
            return [str(tools.find_prompt(prompt) or await tools.render_prompt(prompt)) for prompt in prompts]
        except SpeechError as error:
            tools.journal.note("trouble", where="waiting", what=str(error))
            return []
