"""What the callers of `ivr bench turns` say, by class: the same sentences, voices, pauses and noise in every run.

Owns which recordings count as what. English sentences are spoken by Piper; numbers are real digits (fsdd of the shared
data) where they are found, else Piper's; Russian sentences are human recordings (ivr.demo.recordings). The full corpus
adds sentences of people in English, more of everything, and takes of the digits that nothing was tuned on.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ivr.demo.g711 import Pcm, Spoken, read_wav, silence, spoken, trimmed
from ivr.demo.recordings import prompts_of, sentences
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
MORE_PLAIN = (
    "My windscreen is cracked and I'd like it repaired.",
    "How do I add my son to the policy?",
    "Can you send me a copy of the contract?",
    "I was charged twice this month.",
    "The pipe under the kitchen sink burst last night.",
    "I am calling about a letter I received.",
    "What does my cover include abroad?",
    "I want to cancel my policy at the end of the year.",
    "Do you have my new telephone number?",
    "Somebody broke into my garage.",
    "Could you put me through to the claims department?",
    "My name is spelled wrong on the card.",
    "I'd like to pay by direct debit from now on.",
    "How much is the excess on my policy?",
    "We had hail here and the roof is damaged.",
    "I can't log in to my account.",
    "When will the surveyor come?",
    "I sold my car and bought another one.",
    "Please call me back this afternoon.",
    "Is there anything else you need from me?",
    "The repair shop says you haven't paid them.",
    "I would rather speak to the lady I spoke to yesterday.",
    "Nobody has called me back.",
    "My phone was stolen on the train.",
    "What are your opening hours on Saturday?",
    "I don't have the number with me.",
    "Can I get a discount if I pay for the whole year?",
    "It happened in front of my house.",
    "I need proof of insurance for my landlord.",
    "My mother passed away and she had a policy with you.",
    "That is not what I asked for.",
    "Let me think about it.",
    "I want to make a complaint.",
    "How long is the policy valid?",
    "You can close the claim now.",
    "Why did my premium go up?",
    "I had to leave the car at the side of the road.",
    "Which documents do you need?",
    "My neighbour's tree fell on our fence.",
    "I'd like to know who is handling my case.",
    "Can my wife call you about this too?",
    "The washing machine leaked and the floor is ruined.",
    "I already sent you the photographs.",
    "Could you speak a little slower, please?",
    "I would like to raise the amount that is covered.",
    "There is a mistake in the last invoice.",
    "Am I covered when I rent a car?",
    "Good morning, it is about my travel insurance.",
)
MORE_YES_NO = (
    "Yep.",
    "No, that's wrong.",
    "Yes, it is.",
    "No thanks.",
    "Correct.",
    "That's wrong.",
    "Yes it did.",
    "Not correct.",
)
MORE_MENU = (
    "Claim status please.",
    "A new claim.",
    "Payment please.",
    "Address please.",
    "The opening hours.",
    "Agent please.",
    "My policy please.",
    "Something else please.",
)
NUMBERS, MORE_NUMBERS = 10, 60
MORE_PROMPTS = 63  # sentences of people: with Piper's, 120
MORE_RUSSIAN = 40
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
_HELD_OUT_TAKE = 10  # of fsdd: endings of numbers were tuned on the takes before it


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing a caller says: its class, its text (what it should be heard as, "" when not known), its frames."""

    kind: str
    text: str
    said: Spoken


async def english(folder: Path, *, full: bool = False, most: int | None = None) -> Mapping[str, tuple[Line, ...]]:
    """Class -> lines: plain, yes_no, menu, digits. folder keeps what was rendered. most: the first lines of each class
    are enough. Raises SpeechError, MediaError.
    """
    voice = CallerVoice(folder, Path("voice_models"))
    texts = {"plain": PLAIN, "yes_no": YES_NO, "menu": MENU}
    if full:
        texts = {"plain": PLAIN + MORE_PLAIN, "yes_no": YES_NO + MORE_YES_NO, "menu": MENU + MORE_MENU}
    try:
        found = {kind: tuple([await _line(voice, kind, text) for text in said[:most]]) for kind, said in texts.items()}
        digits = await asyncio.to_thread(_real_digits, every_take=full)
        digits = digits or [[read_wav(await voice.wav(f"{d}."))] for d in _DIGITS]
    finally:
        await voice.close()
    if full:
        found["plain"] += await _people("plain", "en", MORE_PROMPTS)
    count = MORE_NUMBERS if full else NUMBERS
    return {**found, "digits": tuple(_number(digits, at) for at in range(count)[:most])}


async def russian(*, full: bool = False) -> tuple[Line, ...]:
    """The Russian lines: sentences of a person; none where the recordings cannot be had."""
    if full:
        return await _people("russian", "ru", MORE_RUSSIAN)
    found = {each.name: each for each in await prompts_of("ru")}
    chosen = [found[name] for name in RUSSIAN if name in found]
    return tuple(Line(kind="russian", text="", said=_said(read_wav(each.path), each.name)) for each in chosen)


async def _people(kind: str, language: str, most: int) -> tuple[Line, ...]:
    """Sentences nothing was tuned on: every second of the prompts, as in ivr.demo.pauses."""
    chosen = list(sentences(await prompts_of(language)))[1::2][:most]
    return tuple(Line(kind=kind, text=each.text, said=_said(read_wav(each.path), each.name)) for each in chosen)


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


def _real_digits(*, every_take: bool) -> list[list[Pcm]]:
    """Digit -> recordings, speakers in turn; the first take of each, or every held-out one. Empty without data."""
    folder = Path(os.environ.get("IVR_SHARED_DATA", "../shared/data")) / "speech" / "fsdd"
    speakers = [s for s in _SPEAKERS if all(any(folder.glob(f"{d}_{s}_*.wav")) for d in range(10))]
    if not speakers:
        return []
    if not every_take:
        return [[read_wav(min(folder.glob(f"{digit}_{s}_*.wav"))) for s in speakers] for digit in range(10)]
    takes = [f"{s}_{take}" for take in _held_out(folder, speakers) for s in speakers]
    return [[read_wav(folder / f"{digit}_{take}.wav") for take in takes] for digit in range(10)]


def _held_out(folder: Path, speakers: Sequence[str]) -> list[int]:
    """Takes that every speaker has of every digit, from _HELD_OUT_TAKE on."""
    found = [
        {int(path.stem.rpartition("_")[2]) for path in folder.glob(f"{digit}_{speaker}_*.wav")}
        for digit in range(10)
        for speaker in speakers
    ]
    return sorted(take for take in set.intersection(*found) if take >= _HELD_OUT_TAKE)
