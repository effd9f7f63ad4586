"""Commands that measure identification: simulated callers, and names as a recogniser writes them."""

from __future__ import annotations

import argparse
import asyncio
import resource
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ivr.cli.arguments import Commands, settings_of, show
from ivr.config import Settings

CUSTOMERS = 10_000


def add(identity: Commands) -> None:
    """identity simulate, names."""
    simulate = identity.add_parser(
        "simulate", help="callers against the real dialog, identification and storage; status 1 when a wrong one passed"
    )
    simulate.add_argument("--calls", type=int, default=320, help="simulated in text (320)")
    simulate.add_argument("--audio", type=int, default=0, help="so many more by voice, telephone line and recogniser")
    assistant = Path("dialogs/insurance")
    simulate.add_argument("--assistant", type=Path, default=assistant, help="the folder (dialogs/insurance)")
    simulate.add_argument("--seed", type=int, default=21, help="another one, other callers (21)")
    simulate.add_argument("--show", action="store_true", help="print the calls that did not end as they should")
    simulate.add_argument("--json", action="store_true", help="print one JSON object")
    simulate.set_defaults(command=_simulate)
    names = identity.add_parser("names", help="misheard names among ten thousand customers: found, wrong, how fast")
    names.add_argument("--searches", type=int, default=3_000, help="how many (3000)")
    names.add_argument("--seed", type=int, default=77, help="another one, other names (77)")
    names.add_argument("--json", action="store_true", help="print one JSON object")
    names.set_defaults(command=_names)


def _simulate(arguments: argparse.Namespace) -> int:
    from ivr.demo.identity_calls import Ended
    from ivr.demo.identity_simulation import figures, right, wrong_person

    settings = settings_of()
    text, audio = asyncio.run(_calls(arguments, settings))
    told: dict[str, Any] = figures(text) if text else {}
    if audio:
        told["audio"] = figures(audio)
    every: Sequence[Ended] = (*text, *audio)
    if arguments.show:
        for call in every:
            if not right(call) or wrong_person(call):
                print(f"== {call.caller.kind} {call.level.name} {' '.join(call.disclosed)}", *call.transcript, sep="\n")
    show(told, as_json=arguments.json)
    return 1 if any(map(wrong_person, every)) else 0


async def _calls(arguments: argparse.Namespace, settings: Settings) -> tuple[list[Any], list[Any]]:
    from ivr.demo.caller_voice import CallersEar
    from ivr.demo.crm_people import invent
    from ivr.demo.identity_callers import identifications
    from ivr.demo.identity_simulation import open_bureau, simulate

    people, seed = invent(CUSTOMERS), arguments.seed
    text: list[Any] = []
    audio: list[Any] = []
    if arguments.calls:
        with tempfile.TemporaryDirectory() as folder:
            async with open_bureau(Path(folder), people, arguments.assistant, settings.nlu) as bureau:
                text = await simulate(bureau, identifications(people, arguments.calls, seed), seed)
    if arguments.audio:
        ear = CallersEar(settings.speech.models_dir, ("en", "ru"))
        try:
            with tempfile.TemporaryDirectory() as folder:
                async with open_bureau(Path(folder), people, arguments.assistant, settings.nlu, ear) as bureau:
                    audio = await simulate(bureau, identifications(people, arguments.audio, seed + 1), seed + 1)
        finally:
            await ear.close()
    return text, audio


def _names(arguments: argparse.Namespace) -> int:
    from random import Random

    from ivr.demo.crm_people import invent
    from ivr.demo.misheard import misheard
    from ivr.identity.names import MOST_FOUND, NameIndex, Verdict, verdict

    people, chance = invent(CUSTOMERS), Random(arguments.seed)
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    index = NameIndex((person.customer_id, person.names) for person in people)
    built_s = time.process_time() - began
    took, counts = [], {"found": 0, "right": 0, "wrong": 0, "several": 0, "none": 0}
    for _ in range(arguments.searches):
        person = chance.choice(people)
        said = misheard(person.name, person.language, chance)
        began = time.process_time()
        found = index.search(said, MOST_FOUND)
        took.append((time.process_time() - began) * 1000)
        told = verdict(found)
        mine = bool(found) and found[0].customer_id == person.customer_id
        counts["found"] += any(f.customer_id == person.customer_id for f in found)
        counts[("right" if mine else "wrong") if told is Verdict.ONE else told.value] += 1
    shares = {name: round(count / arguments.searches, 4) for name, count in counts.items()}
    show(
        {
            "customers": len(index),
            "searches": arguments.searches,
            **shares,
            "p50_ms": round(statistics.median(took), 1),
            "p99_ms": round(statistics.quantiles(took, n=100)[98], 1),
            "built_s": round(built_s, 2),
            "memory_mb": round((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024, 1),
        },
        as_json=arguments.json,
    )
    return 0 if counts["wrong"] <= 0.005 * arguments.searches else 1
