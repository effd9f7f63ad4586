"""What callers say, as WAV files: one synthesiser for all tests of a process, whatever loop each of them runs in.

Owns the thread and the loop the synthesiser lives in. A sentence is rendered once and kept over test runs.
"""

from __future__ import annotations

import asyncio
import threading
from functools import cache
from pathlib import Path

from ivr.demo.voices import CallerVoice

ROOT = Path(__file__).resolve().parent.parent.parent
SENTENCES = ROOT / "var" / "caller-sentences"


class Sentences:
    """The synthesiser: its process begins with the first sentence that was never rendered."""

    def __init__(self) -> None:
        self._voice = CallerVoice(SENTENCES, ROOT / "voice_models")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    async def wav(self, text: str) -> Path:
        """The WAV of a sentence (8 kHz, mono, 16 bit). Raises SpeechError."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._voice.wav(text), self._loop))

    def close(self) -> None:
        """End the synthesiser and its thread."""
        asyncio.run_coroutine_threadsafe(self._voice.close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@cache
def sentences() -> Sentences:
    """The one of this process. tests/sip/conftest.py closes it."""
    return Sentences()


def no_more_sentences() -> None:
    """The last test of this process is over."""
    if sentences.cache_info().currsize:
        sentences().close()
        sentences.cache_clear()
