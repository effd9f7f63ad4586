"""The prompt cache as the control process sees it: found at once, or rendered by a speech worker.

Owns which renders are waited for. A text is rendered once however many calls want it, and asked for again when the
worker that was asked died. A recording goes before the voice; one that cannot be played is spoken instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from ivr.log import get_log
from ivr.model.dialog import Prompt
from ivr.model.errors import SpeechError
from ivr.model.hearing import Render as RenderText
from ivr.model.hearing import Rendered, RenderFailed
from ivr.model.ids import monotonic_ms, new_id
from ivr.speech.cache import prompt_path, recording_path

# A caller waits in silence for so long at most. A speech worker that dies is back within two seconds.
RENDER_S = 6.0
PROGRESS_MS = 5000

_log = get_log("supervisor.prompts")

Key = tuple[str, str, str]
"""(language, text, recording)"""


def show_nothing(_done: int, _all: int) -> None:
    """A progress nobody looks at."""


class PromptLibrary:
    """Prompts of all calls. send reaches a speech worker; voice_ids: language -> voice that the cache is keyed by."""

    def __init__(self, cache_dir: Path, recordings_dir: Path, send: Callable[[object], bool]) -> None:
        self.cache_dir, self._recordings_dir, self._send = cache_dir, recordings_dir, send
        self.voice_ids: dict[str, str] = {}
        self._known: dict[Key, Path] = {}
        self._unplayable: set[str] = set()
        self._waiting: dict[str, tuple[RenderText, asyncio.Future[Path]]] = {}
        self._by_key: dict[Key, asyncio.Future[Path]] = {}

    def find(self, prompt: Prompt) -> Path | None:
        """The file of a prompt, None when it has to be rendered first."""
        key = self._key(prompt)
        path = self._known.get(key)
        if path is None:
            path = self._place(key)
            if path is None or not path.is_file():
                return None
            self._known[key] = path
        return path

    async def render(self, prompt: Prompt, *, urgent: bool = True, within_s: float = RENDER_S) -> Path:
        """The file of a prompt, rendered now if need be. Raises SpeechError when no voice speaks it in time."""
        found = self.find(prompt)
        if found is not None:
            return found
        key = self._key(prompt)
        future = self._by_key.get(key)
        if future is None:
            future = self._request(key, urgent=urgent)
        elif urgent:
            self._hasten(future)
        try:
            return await asyncio.wait_for(asyncio.shield(future), within_s)
        except TimeoutError:
            raise SpeechError(f"no voice spoke {prompt.name or 'a prompt'} within {within_s:.0f} s") from None
        except SpeechError as error:
            if not key[2]:
                raise
            _log.error("prompts.recording_unplayable", recording=prompt.audio, error=str(error))
            self._unplayable.add(prompt.audio)
            return await self.render(prompt, urgent=urgent, within_s=within_s)

    async def warm_up(
        self, prompts: Iterable[Prompt], within_s: float, progress: Callable[[int, int], None] = show_nothing
    ) -> int:
        """Render what is missing, so that calls find it. Returns how many were rendered. progress: (done, of how many);
        the log tells the same every few seconds."""
        self._known, self._unplayable = {}, set()  # designers may have changed a recording
        missing = list({self._key(prompt): prompt for prompt in prompts if self.find(prompt) is None}.values())
        began_ms = told_ms = monotonic_ms()
        failures: list[SpeechError] = []
        # Tasks of their own keep the order: as_completed would begin them in any.
        renders = [asyncio.ensure_future(self.render(p, urgent=False, within_s=within_s)) for p in missing]
        for done, render in enumerate(asyncio.as_completed(renders), start=1):
            try:
                await render
            except SpeechError as error:
                failures.append(error)
            progress(done, len(missing))
            if monotonic_ms() - told_ms >= PROGRESS_MS:
                told_ms = monotonic_ms()
                _log.info("prompts.warming", done=done, of=len(missing))
        took_ms = monotonic_ms() - began_ms
        _log.info("prompts.warm", rendered=len(missing) - len(failures), failed=len(failures), took_ms=took_ms)
        if failures:
            _log.warning("prompts.missing", first=str(failures[0]))
        return len(missing) - len(failures)

    def rendered(self, message: Rendered) -> None:
        """A speech worker is done with one."""
        _, future = self._waiting.pop(message.request_id, (None, None))
        if future is not None and not future.done():
            future.set_result(Path(message.path))

    def failed(self, message: RenderFailed) -> None:
        """A speech worker could not."""
        _, future = self._waiting.pop(message.request_id, (None, None))
        if future is not None and not future.done():
            future.set_exception(SpeechError(message.reason))

    def ask_again(self) -> None:
        """A worker died or came back: what is still waited for is asked of whoever runs now, or waits on."""
        for request, _ in list(self._waiting.values()):
            self._send(request)

    def _key(self, prompt: Prompt) -> Key:
        recording = prompt.audio if prompt.audio not in self._unplayable else ""
        return (prompt.language, prompt.spoken, str(self._recordings_dir / recording) if recording else "")

    def _place(self, key: Key) -> Path | None:
        """Where the file of a prompt stands or would stand; None when that is not known yet."""
        language, text, recording = key
        if recording:
            try:
                return recording_path(self.cache_dir, Path(recording))
            except OSError:
                return None
        voice_id = self.voice_ids.get(language)
        return prompt_path(self.cache_dir, voice_id, language, text) if voice_id is not None else None

    def _request(self, key: Key, *, urgent: bool) -> asyncio.Future[Path]:
        language, text, recording = key
        request_id = new_id()
        future: asyncio.Future[Path] = asyncio.get_running_loop().create_future()
        request = RenderText(request_id=request_id, text=text, language=language, urgent=urgent, audio=recording)
        self._waiting[request_id] = (request, future)
        self._by_key[key] = future
        future.add_done_callback(lambda done: self._remember(key, done))
        self._send(request)
        return future

    def _hasten(self, wanted: asyncio.Future[Path]) -> None:
        """A caller waits for what stands in line for the warming up: it is asked for once more, before all others."""
        for request_id, (request, future) in self._waiting.items():
            if future is wanted and not request.urgent:
                hastened = replace(request, urgent=True)
                self._waiting[request_id] = (hastened, future)
                self._send(hastened)
                return

    def _remember(self, key: Key, done: asyncio.Future[Path]) -> None:
        self._by_key.pop(key, None)
        if not done.cancelled() and done.exception() is None:
            self._known[key] = done.result()
