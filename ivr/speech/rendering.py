"""Prompts rendered into the cache: urgent ones first, one at a time in each voice, by the first voice that can.

Owns the queues, the fall back from one voice to the next, and the writing of files. A prompt appears by rename: a file
that exists is whole.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import wave
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from ivr.log import get_log
from ivr.model.errors import SpeechError
from ivr.model.hearing import Render, Rendered, RenderFailed
from ivr.model.media import SAMPLE_RATE_HZ
from ivr.model.ports import Voice
from ivr.speech.cache import duration_ms, normalise, prompt_path, recording_path
from ivr.speech.recorded import prompt_of

log = get_log("speech.rendering")

Line: TypeAlias = "asyncio.PriorityQueue[tuple[bool, int, Render]]"

_NOBODY = ""  # the line of recordings, and of languages no voice speaks
LONGEST_LINE = 5000  # renders waiting; more are refused, a caller's urgent one never is


def write_prompt(path: Path, pcm: bytes) -> None:
    """Write 8 kHz mono 16-bit PCM as a WAV that appears whole. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.partial")
    with wave.open(str(partial), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes(pcm)
    partial.replace(path)


class RenderQueue:
    """Renders prompts: one after another in each voice, voices beside each other. voices: in order of preference."""

    def __init__(
        self, voices: Sequence[Voice], cache_dir: Path, report: Callable[[Rendered | RenderFailed], None]
    ) -> None:
        self._voices, self._cache_dir, self._report = tuple(voices), cache_dir, report
        self._lines: dict[str, Line] = {name: asyncio.PriorityQueue() for name in (*(v.name for v in voices), _NOBODY)}
        self._order = itertools.count()

    def submit(self, render: Render) -> None:
        """Put a prompt in line; one already in the cache is answered at once."""
        if self._cached(render):
            return
        if not render.urgent and sum(line.qsize() for line in self._lines.values()) >= LONGEST_LINE:
            self._report(RenderFailed(request_id=render.request_id, reason="too many prompts are waiting"))
            return
        speaks = (v.name for v in self._voices if v.voice_id(render.language) is not None)
        name = _NOBODY if render.audio else next(speaks, _NOBODY)
        self._lines[name].put_nowait((not render.urgent, next(self._order), render))

    async def run(self) -> None:
        """Render for ever."""
        await asyncio.gather(*(self._serve(line) for line in self._lines.values()))

    async def _serve(self, line: Line) -> None:
        while True:
            _, _, render = await line.get()
            if self._cached(render):
                continue
            if render.audio:
                await self._convert(render)
            else:
                await self._render(render)

    def _cached(self, render: Render) -> bool:
        """Answer from the cache, in the preferred voice only: a fallback's prompt is worth replacing."""
        if render.audio:
            return False
        for voice in self._voices:
            voice_id = voice.voice_id(render.language)
            if voice_id is None:
                continue
            path = prompt_path(self._cache_dir, voice_id, render.language, render.text)
            if path.exists():
                self._rendered(render, path, voice_id)
                return True
            return False
        return False

    async def _convert(self, render: Render) -> None:
        """A recording into the cache."""
        recording = Path(render.audio)
        try:
            path = await asyncio.to_thread(recording_path, self._cache_dir, recording)
            write_prompt(path, await asyncio.to_thread(prompt_of, recording))
        except (SpeechError, OSError) as error:
            log.warning("recording.failed", recording=recording.name, error=str(error))
            self._report(RenderFailed(request_id=render.request_id, reason=str(error)))
            return
        self._rendered(render, path, "recorded")

    async def _render(self, render: Render) -> None:
        reasons = []
        for voice in self._voices:
            voice_id = voice.voice_id(render.language)
            if voice_id is None:
                continue
            path = prompt_path(self._cache_dir, voice_id, render.language, render.text)
            try:
                if not path.exists():
                    write_prompt(path, await voice.render(normalise(render.text), render.language))
            except (SpeechError, OSError) as error:
                log.warning("render.failed", voice=voice.name, error=str(error))
                reasons.append(f"{voice.name}: {error}")
                continue
            self._rendered(render, path, voice_id)
            return
        reason = "; ".join(reasons) or f"no voice speaks {render.language!r}"
        self._report(RenderFailed(request_id=render.request_id, reason=reason))

    def _rendered(self, render: Render, path: Path, voice_id: str) -> None:
        self._report(
            Rendered(request_id=render.request_id, path=str(path), duration_ms=duration_ms(path), voice=voice_id)
        )
