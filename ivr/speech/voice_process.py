"""A voice as its own process: queue of one, timeout, kill, restart.

Owns the life of the child. What engine runs in it is the child's business: voices differ in the module they run.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Mapping, Sequence

from ivr.log import get_log
from ivr.model.errors import SpeechError
from ivr.model.markup import plain
from ivr.speech.voice_child import LENGTH

log = get_log("speech.voice")

START_TIMEOUT_S = 20.0
RENDER_TIMEOUT_S = 8.0  # plus PER_CHARACTER_S a character
PER_CHARACTER_S = 0.05
_END_TIMEOUT_S = 2.0
_ONE_ARENA = {"MALLOC_ARENA_MAX": "1"}  # glibc keeps what each thread of a synthesis used: a quarter of its memory


class ProcessVoice:
    """The Voice port over a child process. voice_ids: language -> id of the voice that speaks it."""

    def __init__(self, name: str, module: str, arguments: Sequence[str], voice_ids: Mapping[str, str]) -> None:
        self.name = name
        self._command = [sys.executable, "-m", module, *arguments]
        self._voice_ids = dict(voice_ids)
        self._child: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """The running child, or None."""
        return self._child.pid if self._child is not None and self._child.returncode is None else None

    def voice_id(self, language: str) -> str | None:
        """The voice that speaks a language, or None."""
        return self._voice_ids.get(language)

    async def start(self) -> None:
        """Load the engine now instead of at the first prompt. Raises SpeechError."""
        async with self._lock:
            await self._running()

    async def render(self, text: str, language: str) -> bytes:
        """16-bit mono 8 kHz PCM of a text with or without markup. A dead child is replaced once. Raises SpeechError."""
        if language not in self._voice_ids:
            raise SpeechError(f"{self.name} has no voice for language {language!r}")
        if not any(character.isalnum() for character in plain(text)):
            raise SpeechError("there is nothing to say in a text without letters and digits")
        request = json.dumps({"text": text, "language": language}).encode()
        limit_s = RENDER_TIMEOUT_S + PER_CHARACTER_S * len(text)
        async with self._lock:
            try:
                answer = await self._ask(request, limit_s)
            except _ChildGoneError as gone:
                log.warning("voice.died", voice=self.name, why=str(gone))
                try:
                    answer = await self._ask(request, limit_s)
                except _ChildGoneError as again:
                    raise SpeechError(f"voice {self.name} died twice on one text: {again}") from again
        if answer[:1] != b"\x00":
            raise SpeechError(f"voice {self.name} failed: {answer[1:].decode(errors='replace')}")
        return answer[1:]

    async def close(self) -> None:
        """End the child: politely, then by force."""
        child = self._child
        if child is None or child.returncode is not None:
            return
        if child.stdin is not None:
            child.stdin.close()
        try:
            await asyncio.wait_for(child.wait(), _END_TIMEOUT_S)
        except TimeoutError:
            await self._kill()

    async def _ask(self, request: bytes, limit_s: float) -> bytes:
        child = await self._running()
        if child.stdin is None or child.stdout is None:
            raise SpeechError(f"voice {self.name} has no pipes")
        try:
            async with asyncio.timeout(limit_s):
                child.stdin.write(LENGTH.pack(len(request)) + request)
                await child.stdin.drain()
                return await _read(child.stdout)
        except TimeoutError as error:
            await self._kill()
            raise SpeechError(f"voice {self.name} took more than {limit_s:.0f} s and was killed") from error
        except (OSError, asyncio.IncompleteReadError) as error:
            await self._kill()
            raise _ChildGoneError(repr(error)) from error
        except asyncio.CancelledError:
            await self._kill()  # an answer nobody reads would be taken for the next one
            raise

    async def _running(self) -> asyncio.subprocess.Process:
        if self._child is not None and self._child.returncode is None:
            return self._child
        self._child = child = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, **_ONE_ARENA},
        )
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                if child.stdout is not None:
                    await _read(child.stdout)
        except (TimeoutError, OSError, asyncio.IncompleteReadError) as error:
            await self._kill()
            raise SpeechError(f"voice {self.name} does not start: {error!r}; its own words are in the log") from error
        log.info("voice.started", voice=self.name, pid=child.pid)
        return child

    async def _kill(self) -> None:
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError):
                self._child.kill()
            await self._child.wait()


class _ChildGoneError(SpeechError):
    """The child ended in the middle of a request."""


async def _read(stream: asyncio.StreamReader) -> bytes:
    header = await stream.readexactly(LENGTH.size)
    return await stream.readexactly(LENGTH.unpack(header)[0])
