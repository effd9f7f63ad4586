"""Where a rendered prompt stands on disk. Light on purpose: the control process imports it to find prompts.

Owns the name of a prompt file; refuses to know how it is rendered. Files are WAV, 8 kHz, mono, 16 bit, and appear by
rename: a file that exists is whole.
"""

from __future__ import annotations

import hashlib
import unicodedata
from pathlib import Path

_FORMAT = "8k-s16-3"  # change it when rendering or verbalisation changes: old prompts are then rendered again
_WAV_HEADER_BYTES = 44
_BYTES_PER_MS = 16


def normalise(text: str) -> str:
    """The text as cached: Unicode composed, white space single. Case, punctuation and markup stay: they change the
    sound."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def recording_path(cache_dir: Path, recording: Path) -> Path:
    """The telephone WAV made of a recording, whether it exists or not. Raises OSError when the recording is gone."""
    digest = hashlib.sha256(f"{_FORMAT}\0recording\0".encode() + recording.read_bytes()).hexdigest()
    return cache_dir / digest[:2] / f"{digest}.wav"


def prompt_path(cache_dir: Path, voice_id: str, language: str, text: str) -> Path:
    """The WAV of a text in a voice, whether it exists or not."""
    key = "\0".join((_FORMAT, voice_id, language, normalise(text)))
    digest = hashlib.sha256(key.encode()).hexdigest()
    return cache_dir / digest[:2] / f"{digest}.wav"


def duration_ms(path: Path) -> int:
    """Length of a cached prompt. Raises OSError when it is not there."""
    return max(0, path.stat().st_size - _WAV_HEADER_BYTES) // _BYTES_PER_MS
