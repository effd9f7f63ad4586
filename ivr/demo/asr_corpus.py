"""`ivr asr corpus`: recordings with their texts for `ivr asr evaluate`, made again alike in every run.

Owns which recordings stand for which target. Digits are those of fsdd; prompts are sentences people speak in Debian's
asterisk-core-sounds; of both only what nothing was tuned on. Clips without speech are made on the spot.
"""

from __future__ import annotations

import asyncio
import random
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ivr.demo.noises import no_speech
from ivr.demo.recordings import prompts_of, sentences
from ivr.model.errors import SpeechError
from ivr.model.media import SAMPLE_RATE_HZ
from ivr.speech.audio import Samples, to_pcm
from ivr.speech.recordings import read_wav

KINDS = ("digits", "numbers", "prompts-en", "prompts-ru", "noise")
MANIFEST, CHOICES = "manifest.tsv", "choices.tsv"
NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
NUMBERS, LENGTH = 120, 6
LONGEST_GAP_MS = 300  # between two digits of a number
_FIRST_TAKE = 10  # of fsdd: when a number is over was tuned on the takes before
_LOUD = 0.03  # of the peak

Clip = tuple[str, str, Samples]
"""Name of the file, what is said in it, samples of 8 kHz."""


def make_corpus(folder: Path, kind: str, digits_from: Path | None) -> int:
    """Write WAVs and MANIFEST into folder (CHOICES too for single digits). Returns how many. Raises SpeechError."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = ["file\ttext"]
    for name, text, samples in _clips(kind, digits_from):
        _write(folder / f"{name}.wav", samples)
        rows.append(f"{name}.wav\t{text}")
    if len(rows) == 1:
        raise SpeechError(f"{kind}: {_WANTED[kind]}")
    (folder / MANIFEST).write_text("\n".join(rows) + "\n", encoding="utf-8")
    if kind == "digits":
        (folder / CHOICES).write_text("".join(f"{word}\t{at}\n" for at, word in enumerate(NAMES)), encoding="utf-8")
    return len(rows) - 1


_FSDD = "name the folder with recordings of the Free Spoken Digit Dataset: --digits FOLDER"
_PACKAGES = "install the Debian packages asterisk-core-sounds-{0} and -{0}-wav, or apt"
_WANTED = {
    "digits": _FSDD,
    "numbers": _FSDD,
    "prompts-en": _PACKAGES.format("en"),
    "prompts-ru": _PACKAGES.format("ru"),
    "noise": "",
}


def _clips(kind: str, digits_from: Path | None) -> Iterator[Clip]:
    if kind == "noise":
        return ((name.replace(" ", "-"), "", samples) for name, samples in no_speech())
    if kind in ("prompts-en", "prompts-ru"):
        return _prompts(kind.rpartition("-")[2])
    takes = _takes(digits_from) if digits_from is not None else {}
    return _single(takes) if kind == "digits" else _numbers(takes)


def _prompts(language: str) -> Iterator[Clip]:
    chosen = list(sentences(asyncio.run(prompts_of(language))))[1::2]
    return ((each.name.replace("/", "-"), each.text, read_wav(each.path)) for each in chosen)


def _takes(folder: Path) -> dict[str, dict[int, list[Path]]]:
    """Speaker -> digit -> held-out recordings."""
    found: dict[str, dict[int, list[Path]]] = {}
    for path in sorted(folder.glob("*_*_*.wav")):
        digit, speaker, take = path.stem.split("_")
        if digit.isdigit() and take.isdigit() and int(take) >= _FIRST_TAKE:
            found.setdefault(speaker, {}).setdefault(int(digit), []).append(path)
    return {speaker: digits for speaker, digits in found.items() if len(digits) == len(NAMES)}


def _single(takes: dict[str, dict[int, list[Path]]]) -> Iterator[Clip]:
    for digits in takes.values():
        for digit, paths in sorted(digits.items()):
            for path in paths:
                yield path.stem, NAMES[digit], read_wav(path)


def _numbers(takes: dict[str, dict[int, list[Path]]]) -> Iterator[Clip]:
    rng = random.Random(6)
    speakers = sorted(takes)
    for at in range(NUMBERS if speakers else 0):
        speaker = speakers[at % len(speakers)]
        digits = [rng.randrange(10) for _ in range(LENGTH)]
        parts: list[Samples] = []
        for digit in digits:
            gap = np.zeros(rng.randint(0, LONGEST_GAP_MS) * SAMPLE_RATE_HZ // 1000, dtype=np.float32)
            parts += [_trimmed(read_wav(rng.choice(takes[speaker][digit]))), gap]
        yield f"{at:03}-{speaker}", " ".join(NAMES[digit] for digit in digits), np.concatenate(parts[:-1])


def _trimmed(samples: Samples) -> Samples:
    loud = np.flatnonzero(np.abs(samples) > _LOUD * np.abs(samples).max())
    levelled: Samples = samples[loud[0] : loud[-1] + 1] * (0.35 / float(np.abs(samples).max()))
    return levelled


def _write(path: Path, samples: Samples) -> None:
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(SAMPLE_RATE_HZ)
        out.writeframes(to_pcm(samples))
