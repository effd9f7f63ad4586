"""`ivr bench pauses`: the table of turn-taking in docs/speech.md, made again: cut-offs and delays by what is said.

Owns which recordings and which recogniser take part. Times are milliseconds of virtual time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ivr.demo.pause_corpus import digits, prompts, sentences
from ivr.demo.pauses import Utterance, half, listen_to, table
from ivr.demo.voices import CallerVoice
from ivr.model.errors import SpeechError
from ivr.speech.catalogue import Catalogue
from ivr.speech.models import load_recognizer, load_vad

FOLDER = Path("var/bench/caller")
MODELS = Path("voice_models")


def bench_pauses(
    *, digits_from: Path | None, prompts_from: Path | None, tuning: bool, most: int, languages: tuple[str, ...]
) -> dict[str, Any]:
    """Measure. digits_from: recordings of fsdd; prompts_from: Debian's prompts, unpacked; either may be missing.

    tuning: the half the pauses were chosen on, else the other. most: utterances of a kind. Raises SpeechError.
    """
    catalogue = Catalogue(MODELS)
    vad, recognizer = load_vad(catalogue), load_recognizer(catalogue, "whisper", languages, 1)
    said = asyncio.run(_sentences())
    corpus = [*said, *_recorded(digits_from, prompts_from, recognizer.languages)]
    counts: dict[str, int] = {}
    finished, failed = [], []
    for seed, utterance in enumerate(half(corpus, not tuning)):
        counts[utterance.kind] = counts.get(utterance.kind, 0) + 1
        if counts[utterance.kind] > most:
            continue
        try:
            finished.append(listen_to(utterance, vad, recognizer, seed=seed))
        except SpeechError as error:
            failed.append(str(error))
    cut = [f"{each.utterance.kind}: {each.utterance.name} -> {each.text}" for each in finished if each.cut_off]
    return {"half": "tuning" if tuning else "report", "kinds": table(finished), "cut_off": cut, "failed": failed}


async def _sentences() -> list[Utterance]:
    voice = CallerVoice(FOLDER, MODELS)
    try:
        return await sentences(voice)
    finally:
        await voice.close()


def _recorded(digits_from: Path | None, prompts_from: Path | None, languages: tuple[str, ...]) -> Iterator[Utterance]:
    if digits_from is not None:
        yield from digits(digits_from)
    if prompts_from is not None:
        for language in ("en", "ru"):
            if language in languages:
                yield from prompts(prompts_from, language)
