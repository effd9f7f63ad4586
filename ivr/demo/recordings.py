"""People speaking, for measurements: the prompts of Debian's asterisk-core-sounds packages with their texts.

Owns where they are found: installed, or fetched once with apt into the user's cache and unpacked there, never
installed. Refuses to know what they are used for. Digits of other people are in the shared data (fsdd).
"""

from __future__ import annotations

import asyncio
import gzip
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LANGUAGES = ("en", "ru")
SHORTEST_S, LONGEST_S = 0.6, 7.0
_FETCH_S = 60.0
_SOUNDS = "usr/share/asterisk/sounds"
_TEXTS = "usr/share/doc/asterisk-core-sounds-{0}/core-sounds-{0}.txt.gz"
_BYTES_A_SECOND = 16_000
_WAV_HEADER = 44


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recording (8 kHz mono WAV, 16 bit), what is said in it, and its name in the package."""

    path: Path
    text: str
    name: str


async def prompts_of(language: str) -> tuple[Recorded, ...]:
    """All recorded prompts of a language, by name as the package lists them; () where they cannot be had."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ivr-sounds" / "x"
    for root in (Path("/"), cache):
        found = await asyncio.to_thread(prompts_in, root, language)
        if found:
            return found
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        return ()
    await asyncio.to_thread(cache.mkdir, parents=True, exist_ok=True)
    for package in (f"asterisk-core-sounds-{language}", f"asterisk-core-sounds-{language}-wav"):
        if not await _fetched(cache, package):
            return ()
    return await asyncio.to_thread(prompts_in, cache, language)


def prompts_in(root: Path, language: str) -> tuple[Recorded, ...]:
    """The same from the packages unpacked at root; () when they are not there."""
    texts = root / _TEXTS.format(language)
    sounds = next(iter(sorted((root / _SOUNDS).glob(f"{language}_*"))), None)
    if sounds is None or not texts.is_file():
        return ()
    found = []
    for line in gzip.decompress(texts.read_bytes()).decode("utf-8", "replace").splitlines():
        name, _, text = line.partition(":")
        path = sounds / f"{name}.wav"
        if text.strip() and path.is_file():
            found.append(Recorded(path, text.strip(), name))
    return tuple(found)


def sentences(prompts: tuple[Recorded, ...]) -> Iterator[Recorded]:
    """Those of one whole sentence of a caller's length."""
    for each in prompts:
        seconds = (each.path.stat().st_size - _WAV_HEADER) / _BYTES_A_SECOND
        if is_sentence(each.text) and SHORTEST_S <= seconds <= LONGEST_S:
            yield each


def is_sentence(text: str) -> bool:
    """One sentence, written out, and not the beginning of one."""
    whole = len(text.split()) >= 3 and not re.search(r"[.?!;:].+|\.\.|\[", text)
    return whole and text[-1:] in {".", "?", "!"}


async def _fetched(folder: Path, package: str) -> bool:
    if not await _ran(folder, "apt-get", "download", package):
        return False
    archives = await asyncio.to_thread(lambda: sorted(folder.glob(f"{package}_*.deb")))
    return bool(archives) and await _ran(folder, "dpkg", "-x", archives[-1].name, ".")


async def _ran(folder: Path, *command: str) -> bool:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        return await asyncio.wait_for(process.wait(), _FETCH_S) == 0
    except TimeoutError:
        process.kill()
        await process.wait()
        return False
