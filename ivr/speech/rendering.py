"""Prompts rendered into the cache: urgent ones first, one at a time, by the first voice that can.

Owns the queue, the fall back from one voice to the next, and the writing of files. A prompt appears by rename: a file
that exists is whole.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import wave
from collections.abc import Callable, Sequence
from pathlib import Path

from ivr.log import get_log
from ivr.model.errors import SpeechError
from ivr.model.hearing import Render, Rendered, RenderFailed
from ivr.model.media import SAMPLE_RATE_HZ
from ivr.model.ports import Voice
from ivr.speech.cache import duration_ms, normalise, prompt_path

log = get_log("speech.rendering")

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
    """Renders one prompt after another. voices: in order of preference."""

    def __init__(
        self, voices: Sequence[Voice], cache_dir: Path, report: Callable[[Rendered | RenderFailed], None]
    ) -> None:
        self._voices, self._cache_dir, self._report = tuple(voices), cache_dir, report
        self._line: asyncio.PriorityQueue[tuple[bool, int, Render]] = asyncio.PriorityQueue()
        self._order = itertools.count()

    def submit(self, render: Render) -> None:
        """Put a prompt in line; one already in the cache is answered at once."""
        if self._cached(render):
            return
        if not render.urgent and self._line.qsize() >= LONGEST_LINE:
            self._report(RenderFailed(request_id=render.request_id, reason="too many prompts are waiting"))
            return
        self._line.put_nowait((not render.urgent, next(self._order), render))

    async def run(self) -> None:
        """Render for ever."""
        while True:
            _, _, render = await self._line.get()
            if not self._cached(render):
                await self._render(render)

    def _cached(self, render: Render) -> bool:
        """Answer from the cache, in the preferred voice only: a fallback's prompt is worth replacing."""
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
