"""What the caller hears while a human is fetched: music, and between it who is before them, how long it takes, and what
they can do instead.

Owns when the next words are due; what they are is routing's (waiting_words). A voice that fails costs words, not music.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from ivr.call.handoff import Handoff
from ivr.call.line import Line
from ivr.call.surroundings import Surroundings
from ivr.model import dialog as say
from ivr.model.errors import SpeechError
from ivr.model.media import Play, StopPlayback
from ivr.routing.waiting_words import Announcement, Told, announcement, turned_away

FIRST_MS = 2_000
"""Who is free at once, or in a moment, is not announced."""
LOOK_MS = 5_000
SAID_S = 20.0
LEAST_BETWEEN_MS = 15_000
"""Good news come no sooner than that after the last words."""


class Comfort:
    """The comfort of one call's handoffs."""

    def __init__(self, line: Line, house: Surroundings) -> None:
        self._line, self._house = line, house
        self._told: Told | None = None
        self._said_ms = 0
        self._silent = asyncio.Event()
        self._excusing: Handoff | None = None

    @property
    def choices_known(self) -> bool:
        """Does the caller know which keys there are? Where nothing is said, it has to be known from elsewhere."""
        return self._told is not None or not self._house.routing.waiting.words_every_ms

    def play_music(self) -> None:
        """From now on, or after what is being said."""
        leg, path = self._line.call_id, self._house.comfort_path
        self._house.to_media(Play(leg=leg, playback=f"comfort-{leg}", files=(path,), loop=True))

    async def keep_company(self, handoff: Handoff) -> None:
        """Music, as soon as everything is said, and words between it for as long as the call waits for nobody in
        particular."""
        self._told = None
        await self._all_said()
        self.play_music()
        every_ms = self._house.routing.waiting.words_every_ms
        if not every_ms:
            return
        pause_ms = FIRST_MS
        while True:
            await asyncio.sleep(pause_ms / 1000)
            pause_ms = min(LOOK_MS, every_ms)
            if not handoff.waits or self._line.speaker.busy:
                continue
            found = self._next_words(handoff, every_ms)
            if found is not None:
                await self._speak(handoff, found)

    def excuse(self, handoff: Handoff) -> None:
        """A contact center's queue has hung up on the caller: words about it, then music while the handoff goes on."""
        self._excusing = handoff
        self._house.to_media(StopPlayback(leg=self._line.call_id))
        self._line.start(self._say_turned_away(handoff))

    def hush(self) -> bool:
        """No music after words about a queue that hung up. True when they are being said."""
        excusing, self._excusing = self._excusing is not None, None
        return excusing and self._line.speaker.busy

    async def _say_turned_away(self, handoff: Handoff) -> None:
        line, language = self._line, self._line.session().language
        sentence = turned_away(language)
        prompt = say.Prompt(text=sentence, language=language, name="waiting")
        if sentence and await self._rendered([prompt]):
            line.speaker.say([prompt])
            await self._all_said()
        if self._excusing is handoff:
            self._excusing = None
            if not handoff.heard:
                self.play_music()

    async def _all_said(self) -> None:
        """Behind music, which goes on for ever, nothing would be heard."""
        if self._line.speaker.busy:
            self._silent.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._silent.wait(), SAID_S)

    def prompts_ended(self) -> None:
        """Everything was said."""
        self._silent.set()

    def _next_words(self, handoff: Handoff, every_ms: int) -> Announcement | None:
        """What is to be said now; None while it is not yet time to say anything."""
        now_ms, language = self._house.dispatcher.now_ms(), self._line.session().language
        since_ms = now_ms - self._said_ms
        if self._told is not None and since_ms < min(LEAST_BETWEEN_MS, every_ms):
            return None
        seen = handoff.outlook()
        found = announcement(self._house.routing.waiting, language, seen, self._told, now_ms)
        if found is None or (self._told is not None and since_ms < every_ms and not found.better):
            return None
        return found

    async def _speak(self, handoff: Handoff, found: Announcement) -> None:
        line, house, language = self._line, self._house, self._line.session().language
        prompts = [say.Prompt(text=text, language=language, name="waiting") for text in found.sentences]
        files = await self._rendered(prompts)
        if not files:
            self._said_ms = self._house.dispatcher.now_ms()
        if not files or not handoff.waits:
            return
        told = found.told
        wait = [told.wait.low_min, told.wait.high_min] if told.wait is not None else None
        line.journal.note("turn.said", text=" ".join(found.sentences), name="waiting", language=language)
        line.journal.note("handoff.told", ahead=told.ahead, wait_min=wait)
        house.to_media(StopPlayback(leg=line.call_id))
        house.to_media(Play(leg=line.call_id, playback=f"waiting-{line.call_id}", files=tuple(files)))
        self.play_music()
        self._told, self._said_ms = told, self._house.dispatcher.now_ms()

    async def _rendered(self, prompts: Sequence[say.Prompt]) -> list[str]:
        """The files; none when no voice speaks them."""
        house = self._house
        try:
            return [str(house.find_prompt(prompt) or await house.render_prompt(prompt)) for prompt in prompts]
        except SpeechError as error:
            self._line.journal.note("trouble", where="waiting", what=str(error))
            return []
