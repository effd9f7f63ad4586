"""What is said to `ivr bench pauses`: real digits, real prompts in two languages, a synthesised caller's sentences.

Owns which recordings count as what. The recordings are not in the repository: the Free Spoken Digit Dataset, the
packages asterisk-core-sounds-{en,ru} and -wav of Debian, unpacked with `dpkg -x`.
"""

from __future__ import annotations

import random
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ivr.demo import recordings
from ivr.demo.bench_corpus import MENU as MENU_SAID
from ivr.demo.bench_corpus import PLAIN, english, russian
from ivr.demo.bench_corpus import YES_NO as YES_NO_SAID
from ivr.demo.g711 import decoded
from ivr.demo.pauses import Utterance
from ivr.demo.voices import CallerVoice
from ivr.model.hearing import EndpointProfile, Expectation, ExpectationKind, Phrase
from ivr.speech.audio import Samples, from_pcm

YES_NO = Expectation(
    kind=ExpectationKind.YES_NO,
    profile=EndpointProfile.SHORT,
    phrases=tuple(
        Phrase(text=text, value=value)
        for value, texts in {
            "yes": ("yes", "yeah", "yes please", "that's right", "yes that's right", "correct"),
            "no": ("no", "nope", "no thank you", "no that's wrong"),
        }.items()
        for text in texts
    ),
)
MENU = Expectation(
    kind=ExpectationKind.CHOICE,
    profile=EndpointProfile.SHORT,
    phrases=tuple(Phrase(text=text.rstrip(".").lower(), value=text) for text in MENU_SAID),
)
_DIGIT_NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
ONE_DIGIT = Expectation(
    kind=ExpectationKind.CHOICE,
    profile=EndpointProfile.SHORT,
    phrases=tuple(Phrase(text=name, value=str(digit)) for digit, name in enumerate(_DIGIT_NAMES)),
)
SIX = Expectation(kind=ExpectationKind.DIGITS, profile=EndpointProfile.LONG, min_length=6, max_length=6)
ANY_LENGTH = Expectation(kind=ExpectationKind.DIGITS, profile=EndpointProfile.LONG, min_length=4, max_length=8)
OPEN = Expectation()

MORE_SAID = (
    "I lost my card this morning and I need a new one.",
    "There is a payment on my account that I did not make.",
    "Could you tell me the balance of my account?",
    "The driver of the other car did not stop.",
    "I would like to know why my premium went up this year.",
    "My wife is going to drive the car too.",
)
PAUSES_MS = (300, 750)
_GAP_MS = (40, 140)


def digits(folder: Path, per_speaker: int = 10) -> Iterator[Utterance]:
    """Single digits for a menu, and strings of six: fluent, and with one or two pauses of 300-750 ms."""
    names = sorted(path.stem.split("_") for path in folder.glob("*.wav"))
    speakers = sorted({name[1] for name in names})
    rng = random.Random(4)
    for speaker in speakers:
        takes = sorted({int(take) for _, who, take in names if who == speaker})

        def said(digit: int, speaker: str = speaker, takes: list[int] = takes) -> Samples:
            return _trimmed(read(folder / f"{digit}_{speaker}_{rng.choice(takes)}.wav"))

        for digit in range(10):
            yield Utterance(kind="one digit", name=f"{speaker} {digit}", samples=said(digit), expectation=ONE_DIGIT)
        for at in range(per_speaker):
            string = [rng.randrange(10) for _ in range(6)]
            name = f"{speaker} {''.join(map(str, string))}"
            parts = [said(digit) for digit in string]
            yield _string("six digits, fluent", name, parts, after=(), rng=rng)
            yield _string("six digits, a pause", name, parts, after=(rng.choice((2, 3, 4)),), rng=rng)
            yield _string("six digits, two pauses", name, parts, after=(2, 4), rng=rng)
            if at % 2:
                yield _string("4-8 digits, a pause", name, parts, after=(3,), rng=rng, wanted=ANY_LENGTH)


def _trimmed(samples: Samples) -> Samples:
    """Without the silence at the ends, which would make every pause longer than it says."""
    loud = np.flatnonzero(np.abs(samples) > 0.03 * np.abs(samples).max())
    return samples[loud[0] : loud[-1] + 1]


def _string(
    kind: str, name: str, parts: list[Samples], *, after: tuple[int, ...], rng: random.Random, wanted: Expectation = SIX
) -> Utterance:
    pieces: list[Samples] = []
    for at, part in enumerate(parts, 1):
        gap_ms = rng.randint(*(PAUSES_MS if at in after else _GAP_MS))
        pieces += [part, np.zeros(gap_ms * 8, dtype=np.float32)]
    return Utterance(kind=kind, name=name, samples=np.concatenate(pieces[:-1]), expectation=wanted)


def prompts(root: Path, language: str, most: int = 160) -> Iterator[Utterance]:
    """Human sentences: the prompts of one sentence, longer than a word, without numbers to dial."""
    for each in list(recordings.sentences(recordings.prompts_in(root, language)))[:most]:
        yield Utterance(
            kind=f"{language} sentence, human",
            name=each.text,
            samples=read(each.path),
            expectation=OPEN,
            language=language,
        )


async def sentences(voice: CallerVoice) -> list[Utterance]:
    """A synthesised caller: closed answers and open sentences."""
    found = []
    for kind, texts, wanted in (
        ("yes or no", YES_NO_SAID, YES_NO),
        ("menu word", MENU_SAID, MENU),
        ("en sentence, synthesised", (*PLAIN, *MORE_SAID), OPEN),
    ):
        for text in texts:
            samples = read(await voice.wav(text))
            found.append(Utterance(kind=kind, name=text, samples=samples, expectation=wanted))
    return found


async def of_the_bench(folder: Path, languages: tuple[str, ...]) -> list[Utterance]:
    """The full corpus of `ivr bench turns`, as its assistant listens to it."""
    lines = [line for said in (await english(folder, full=True)).values() for line in said]
    if "ru" in languages:
        lines += await russian(full=True)
    wanted = {"yes_no": YES_NO, "menu": MENU, "digits": SIX}
    return [
        Utterance(
            kind=line.kind,
            name=line.text or line.kind,
            samples=decoded(line.said.frames),
            expectation=wanted.get(line.kind, OPEN),
            language="ru" if line.kind == "russian" else "en",
        )
        for line in lines
    ]


def read(path: Path) -> Samples:
    """An 8 kHz mono WAV of 16 bit."""
    with wave.open(str(path), "rb") as file:
        return from_pcm(file.readframes(file.getnframes()))
