"""What the callers of `ivr bench turns` say, by class: the same sentences, voices, pauses and noise in every run.

Owns where the recordings come from. English sentences are spoken by Piper; numbers are real digits (fsdd of the shared
data) where they are found, else Piper's; Russian sentences are human recordings (Debian's asterisk-core-sounds-ru-wav).
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ivr.demo.g711 import Pcm, Spoken, read_wav, silence, spoken, trimmed
from ivr.demo.voices import CallerVoice

PLAIN = (
    "I'd like to check the status of my claim.",
    "What is happening with my claim?",
    "Has my claim been paid yet?",
    "I want to report an accident.",
    "Someone hit my car yesterday.",
    "I need to make a payment.",
    "When is my next payment due?",
    "I have moved to a new address.",
    "Please change my address.",
    "I want to talk to a person.",
    "Can I speak to somebody, please?",
    "Could you say that again?",
    "Sorry, what did you say?",
    "I don't know.",
    "That is all, goodbye.",
    "I got a letter from you last week and I don't understand it.",
    "My flat was flooded on Saturday and I would like to know what to do.",
    "Is my summer house insured against fire?",
    "How long will it take?",
    "Please do not make me any offers.",
    "Thank you very much for your help.",
)
YES_NO = ("Yes.", "No.", "Yes, please.", "No, thank you.", "Yeah.", "That's right.", "Nope.", "Yes, that's right.")
MENU = (
    "Claim status.",
    "New claim.",
    "Payment.",
    "Address.",
    "Opening hours.",
    "Agent.",
    "My policy.",
    "Something else.",
)
NUMBERS = 10
NUMBER_LENGTH = 6
LEAST_PAUSE_MS, LONGEST_PAUSE_MS = 300, 750
RUSSIAN = (
    "agent-newlocation",
    "all-circuits-busy-now",
    "auth-incorrect",
    "auth-thankyou",
    "call-forwarding",
    "cannot-complete-as-dialed",
    "check-number-dial-again",
    "conf-full",
)

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_SPEAKERS = ("jackson", "lucas", "nicolas", "theo", "george", "yweweler")
_FETCH_S = 60.0
_PACKAGE = "asterisk-core-sounds-ru-wav"
_SOUNDS = "usr/share/asterisk/sounds/ru_RU_f_IvrvoiceRU"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing a caller says: its class, its text (what it should be heard as, "" when not known), its frames."""

    kind: str
    text: str
    said: Spoken


async def english(folder: Path) -> Mapping[str, tuple[Line, ...]]:
    """Class -> lines: plain, yes_no, menu, digits. folder keeps what was rendered. Raises SpeechError, MediaError."""
    voice = CallerVoice(folder, Path("voice_models"))
    try:
        found = {
            kind: tuple([await _line(voice, kind, text) for text in texts])
            for kind, texts in (("plain", PLAIN), ("yes_no", YES_NO), ("menu", MENU))
        }
        digits = await asyncio.to_thread(_real_digits) or [[read_wav(await voice.wav(f"{d}."))] for d in _DIGITS]
    finally:
        await voice.close()
    return {**found, "digits": tuple(_number(digits, at) for at in range(NUMBERS))}


async def russian() -> tuple[Line, ...]:
    """The Russian lines, fetched with apt into the user's cache when they are not installed; none where apt is not."""
    sounds = await _russian_sounds()
    if sounds is None:
        return ()
    return tuple(Line(kind="russian", text="", said=_said(read_wav(sounds / f"{name}.wav"), name)) for name in RUSSIAN)


async def _line(voice: CallerVoice, kind: str, text: str) -> Line:
    return Line(kind=kind, text=text, said=_said(read_wav(await voice.wav(text)), text))


def _said(samples: Pcm, name: str) -> Spoken:
    return spoken(samples, seed=sum(name.encode()))


def _number(digits: list[list[Pcm]], at: int) -> Line:
    """The at-th number: six digits of one speaker, a long pause in the middle, short ones between the others."""
    rng = np.random.default_rng(1000 + at)
    wanted = rng.integers(0, 10, NUMBER_LENGTH)
    speaker = at % len(digits[0])
    pause_at = int(rng.integers(2, NUMBER_LENGTH - 1))
    parts: list[Pcm] = []
    for place, digit in enumerate(wanted):
        if place:
            long = int(rng.integers(LEAST_PAUSE_MS, LONGEST_PAUSE_MS + 1))
            parts.append(silence(long if place == pause_at else int(rng.integers(60, 140))))
        parts.append(_level(trimmed(digits[int(digit)][speaker])))
    text = " ".join(str(digit) for digit in wanted)
    return Line(kind="digits", text=text, said=_said(np.concatenate(parts), text))


def _level(samples: Pcm) -> Pcm:
    """Digits of one number are equally loud."""
    peak = max(1, int(np.abs(samples.astype(np.int32)).max()))
    levelled: Pcm = (samples.astype(np.float64) * (12000 / peak)).astype(np.int16)
    return levelled


def _real_digits() -> list[list[Pcm]]:
    """Digit -> one recording of each speaker, the first take of each; empty when there are none."""
    folder = Path(os.environ.get("IVR_SHARED_DATA", "../shared/data")) / "speech" / "fsdd"
    speakers = [s for s in _SPEAKERS if all(any(folder.glob(f"{d}_{s}_*.wav")) for d in range(10))]
    if not speakers:
        return []
    return [[read_wav(min(folder.glob(f"{digit}_{s}_*.wav"))) for s in speakers] for digit in range(10)]


async def _russian_sounds() -> Path | None:
    cached = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ivr-sounds" / "x"
    for place in (Path("/") / _SOUNDS, cached / _SOUNDS):
        if await asyncio.to_thread((place / f"{RUSSIAN[0]}.wav").is_file):
            return place
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        return None
    await asyncio.to_thread(cached.mkdir, parents=True, exist_ok=True)
    if not await _ran(cached, "apt-get", "download", _PACKAGE):
        return None
    packages = await asyncio.to_thread(lambda: sorted(cached.glob(f"{_PACKAGE}_*.deb")))
    if not packages or not await _ran(cached, "dpkg", "-x", packages[-1].name, "."):
        return None
    return cached / _SOUNDS


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
