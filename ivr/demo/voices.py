"""The scripted caller's voice: sentences spoken by a synthesiser into WAV files a phone can say."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

from ivr.speech.catalogue import Catalogue
from ivr.speech.models import make_voices
from ivr.speech.rendering import write_prompt


class CallerVoice:
    """Speaks English sentences; each is rendered once into folder."""

    def __init__(self, folder: Path, models_dir: Path) -> None:
        self._folder = folder
        self._voices = make_voices(Catalogue(models_dir), ("piper", "pyttsx3"), ("en",), steady=True)

    async def wav(self, text: str) -> Path:
        """The WAV of a sentence (8 kHz, mono, 16 bit). Raises SpeechError."""
        voice = self._voices[0]
        name = hashlib.sha256(f"{voice.voice_id('en')}|{text}".encode()).hexdigest()[:16]
        path = self._folder / f"{name}.wav"
        if not await asyncio.to_thread(path.is_file):
            pcm = await voice.render(text, "en")
            await asyncio.to_thread(write_prompt, path, pcm)
        return path

    async def close(self) -> None:
        """End the synthesiser."""
        for voice in self._voices:
            await voice.close()
