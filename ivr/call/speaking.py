"""What the caller is being told: prompts become files of the cache, files become one playback after another.

Owns the order of prompts and the waiting for voices; the media worker owns their sound. A prompt already in the
cache is played at once; one that is not is rendered while those before it play.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

from ivr.call.journal import Journal
from ivr.model.dialog import Prompt
from ivr.model.errors import SpeechError
from ivr.model.holding import HoldPlayback, ResumePlayback
from ivr.model.ids import new_id
from ivr.model.media import Play, PlaybackEnded, StopPlayback
from ivr.speech.phrasing import phrases

FindPrompt = Callable[[Prompt], Path | None]
RenderPrompt = Callable[[Prompt], Awaitable[Path]]
Send = Callable[[object], None]


class Speaker:
    """The bot's mouth in one call. find answers from the cache at once; render waits for a voice.

    mute is called when no voice speaks a prompt: a call that left out what it had to say would be worse than none.
    """

    def __init__(
        self,
        leg: str,
        send: Send,
        find: FindPrompt,
        render: RenderPrompt,
        journal: Journal,
        *,
        mute: Callable[[], None],
    ) -> None:
        self._leg, self._send, self._find, self._render, self._journal = leg, send, find, render, journal
        self._mute = mute
        self._outstanding: dict[str, bool] = {}  # playback -> already sent to the media worker
        self.held = False
        self._batches: asyncio.Queue[tuple[str, tuple[Prompt, ...]]] = asyncio.Queue()

    @property
    def busy(self) -> bool:
        """True while something is being said or waits to be said."""
        return bool(self._outstanding)

    def say(self, prompts: Sequence[Prompt]) -> str:
        """Say prompts after what is already being said, instead of what is held. Returns the playback's id."""
        if self.held:
            self.stop()
        playback = new_id()
        self._outstanding[playback] = False
        for prompt in prompts:
            self._journal.note(
                "turn.said", text=prompt.log_text or prompt.text, name=prompt.name, language=prompt.language
            )
        self._batches.put_nowait((playback, tuple(prompts)))
        return playback

    def hold(self) -> None:
        """Be silent now, and ready to go on: somebody speaks."""
        self.held = True
        self._send(HoldPlayback(leg=self._leg))

    def resume(self) -> None:
        """Go on after hold()."""
        if self.held:
            self.held = False
            self._send(ResumePlayback(leg=self._leg))

    def cut(self) -> None:
        """Be silent now, and forget at once all that was to be said."""
        self.stop()
        self._outstanding.clear()

    def stop(self) -> None:
        """Be silent now. What was not yet sent is forgotten; what was sent is reported as ended by the worker."""
        self.held = False
        for playback in [p for p, sent in self._outstanding.items() if not sent]:
            del self._outstanding[playback]
        self._send(StopPlayback(leg=self._leg))

    def ended(self, message: PlaybackEnded) -> bool:
        """A playback is over. True when nothing is left to say."""
        known = self._outstanding.pop(message.playback, None) is not None
        self.held = self.held and bool(self._outstanding)  # a key has stopped what was held
        return known and not self._outstanding

    async def feed(self) -> None:
        """Turn batches into playbacks for as long as the call lives."""
        while True:
            playback, prompts = await self._batches.get()
            if playback in self._outstanding:
                await self._play(playback, prompts)

    def _parts(self, prompt: Prompt) -> tuple[Prompt, ...]:
        """A prompt nobody has rendered yet in parts, so that the first is soon heard while the others are rendered."""
        if self._find(prompt) is not None:
            return (prompt,)
        texts = [text for part in prompt.parts or (prompt.spoken,) for text in phrases(part, prompt.language)]
        if prompt.audio or len(texts) == 1:
            return (prompt,)
        return tuple(replace(prompt, text=text, markup="", parts=()) for text in texts)

    async def _play(self, playback: str, said: tuple[Prompt, ...]) -> None:
        prompts = [part for prompt in said for part in self._parts(prompt)]
        paths = [self._find(prompt) for prompt in prompts]
        renders = {
            at: asyncio.ensure_future(self._render(prompt))
            for at, (prompt, path) in enumerate(zip(prompts, paths, strict=True))
            if path is None
        }
        ready: list[str] = []
        for at, found in enumerate(paths):
            path = found
            if path is None:
                self._flush(playback, ready, last=False)
                try:
                    path = await renders[at]
                except SpeechError as error:
                    if playback in self._outstanding:  # else nobody waits for it any more
                        self._give_up(playback, prompts[at], str(error))
                    break
            if playback not in self._outstanding:
                break
            ready.append(str(path))
        for render in renders.values():
            render.cancel()
        self._flush(playback, ready, last=True)

    def _give_up(self, playback: str, prompt: Prompt, reason: str) -> None:
        self._journal.note("trouble", where="voice", what=reason, text=prompt.log_text or prompt.name)
        self._outstanding.pop(playback)
        self._mute()

    def _flush(self, playback: str, files: list[str], *, last: bool) -> None:
        if playback in self._outstanding and (files or last):
            self._outstanding[playback] = True
            self._send(Play(leg=self._leg, playback=playback, files=tuple(files), last=last))
        files.clear()
