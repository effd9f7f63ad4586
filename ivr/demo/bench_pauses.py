"""`ivr bench pauses`: the table of turn-taking in docs/speech.md, made again: cut-offs and delays by what is said.

Owns which recordings and which recogniser take part. Times are milliseconds of virtual time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ivr.call.record import percentile
from ivr.demo.pause_corpus import digits, of_the_bench, prompts, sentences
from ivr.demo.pauses import Finished, Utterance, half, listen_to, table
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
    return {"half": "tuning" if tuning else "report", **_found(finished), "failed": failed}


def bench_ear(languages: tuple[str, ...]) -> dict[str, Any]:
    """The full corpus of `ivr bench turns` without its wire. Raises SpeechError, MediaError."""
    catalogue = Catalogue(MODELS)
    vad, recognizer = load_vad(catalogue), load_recognizer(catalogue, "whisper", languages, 1)
    corpus = asyncio.run(of_the_bench(FOLDER, recognizer.languages))
    finished = [listen_to(utterance, vad, recognizer, seed=seed) for seed, utterance in enumerate(corpus)]
    delays = [each.delay_ms for each in finished if not each.cut_off]
    return {"p50_ms": percentile(delays, 50), "p95_ms": percentile(delays, 95), **_found(finished)}


def _found(finished: Sequence[Finished]) -> dict[str, Any]:
    cut = [f"{each.utterance.kind}: {each.utterance.name} -> {each.text}" for each in finished if each.cut_off]
    return {"kinds": table(finished), "cut_off": cut}


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
