"""Simulated identifications: hundreds of callers against the real thing, and what came of them.

Owns the bureau (ten thousand invented customers imported into a database of its own) and the figures. The right level
is L2 of the right customer for whoever is one and tells the truth, and less than L2 for everybody else.
"""

from __future__ import annotations

import statistics
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from ivr.call.directories import ImportedDirectory
from ivr.call.identity_desk import IdentityDesk
from ivr.config import NluSettings
from ivr.demo.crm_directory import candidate_of_invented
from ivr.demo.crm_people import Invented
from ivr.demo.identity_callers import Answers, Caller
from ivr.demo.identity_calls import Bureau, Ear, Ended, SimulatedCall
from ivr.demo.shared_numbers import LISTED
from ivr.dialog.assistant import load_assistant
from ivr.identity.customer_file import findable_by
from ivr.identity.policy_file import load_policy
from ivr.metrics import Metrics
from ivr.model.identity import Level
from ivr.nlu.engines import engine_of
from ivr.storage.customers import Findable
from ivr.storage.store import Store

WANTED = Level.L2


@asynccontextmanager
async def open_bureau(
    folder: Path, people: Sequence[Invented], assistant: Path, nlu: NluSettings, ear: Ear | None = None
) -> AsyncIterator[Bureau]:
    """Customers in a database in folder, and an assistant ready for calls."""
    store = await Store.open(f"sqlite:///{folder / 'customers.sqlite3'}")
    candidates = map(candidate_of_invented, people)
    await store.save_customers([Findable(candidate, findable_by(candidate)) for candidate in candidates])
    loaded = load_assistant(assistant)
    desk = IdentityDesk(ImportedDirectory(store), store, None, Metrics())
    engine = engine_of(nlu, loaded.nlu_files)
    try:
        yield Bureau(
            assistant=loaded,
            policy=replace(load_policy(assistant), shared_numbers=LISTED),
            nlu=engine,
            desk=desk,
            started_at=datetime.now(UTC).isoformat(timespec="seconds"),
            ear=ear,
        )
    finally:
        await engine.close()
        await desk.close()
        await store.close()


async def simulate(bureau: Bureau, callers: Sequence[Caller], seed: int) -> list[Ended]:
    """One call after another."""
    chance = Random(seed)
    ended = []
    for number, caller in enumerate(callers):
        answers = Answers(caller, chance, heard_badly=bureau.ear is None)
        ended.append(await SimulatedCall(bureau, caller, answers, f"simulated-{seed}-{number}").run(WANTED))
    return ended


def right(call: Ended) -> bool:
    """The right customer at the right level. Who poses as somebody else reaches nothing, or in the end oneself."""
    oneself = call.customer_id == call.caller.person.customer_id
    return oneself if call.level >= WANTED else not call.caller.right


def wrong_person(call: Ended) -> bool:
    """Somebody else's account was opened, or something of it told."""
    opened = call.level >= WANTED and call.customer_id != call.caller.person.customer_id
    return opened or bool(call.disclosed)


def figures(calls: Sequence[Ended]) -> dict[str, Any]:
    """What `ivr identity simulate` prints."""
    proven = [call for call in calls if call.caller.right and WANTED in call.level_s]
    kinds = {}
    for kind in dict.fromkeys(call.caller.kind for call in calls):
        these = [call for call in calls if call.caller.kind == kind]
        kinds[kind] = {"calls": len(these), "right_level": round(sum(map(right, these)) / len(these), 4)}
    return {
        "calls": len(calls),
        "right_level": round(sum(map(right, calls)) / len(calls), 4) if calls else 0.0,
        "wrong_person": sum(map(wrong_person, calls)),
        "median_s_to_L2": _median_s(proven),
        "median_s_to_L2_of_the_patient": _median_s([call for call in proven if call.caller.patient]),
        "median_s_to_L2_by_language": {
            language: _median_s([call for call in proven if call.caller.language == language])
            for language in ("en", "ru")
        },
        "median_turns": statistics.median(call.turns for call in calls) if calls else None,
        "kinds": kinds,
        "failures": [_failure(call) for call in calls if not right(call) or wrong_person(call)],
    }


def _failure(call: Ended) -> dict[str, Any]:
    """A call that did not end as it should, and what was asked, said and heard in it."""
    return {
        "caller": call.caller.kind,
        "language": call.caller.language,
        "level": call.level.name,
        "wrong_person": wrong_person(call),
        "call": call.exchanges,
    }


def _median_s(calls: Sequence[Ended]) -> float | None:
    took = [call.level_s[WANTED] for call in calls]
    return round(statistics.median(took), 1) if took else None
