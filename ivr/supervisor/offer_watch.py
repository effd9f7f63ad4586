"""The watch over what offers do: outcomes joined from the store, the report made, harmed groups switched off.

Runs in a process of its own, at low priority: reading half a year of rows takes seconds that calls do not have. What it
does may be done by several cells at once, and again: an outcome is told once, a group is suspended once.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime

from ivr.config import Settings
from ivr.dialog.assistant import load_assistant
from ivr.model.call import LogEntry
from ivr.model.ids import monotonic_ms, new_id
from ivr.model.offers import EVERYBODY, ExperimentRow, OfferOutcome, Suspension
from ivr.offers.catalogue import load_catalogue
from ivr.offers.effects.plan import COMPLAINT
from ivr.offers.effects.verdicts import GroupVerdict
from ivr.offers.experiment import Experiment
from ivr.offers.terms import ExperimentTerms
from ivr.storage.experiments import Due
from ivr.storage.store import Store
from ivr.supervisor.effect_evidence import DAY_MS, evidence

REPEAT_DAYS, COMPLAINT_DAYS = 7, 14
GIVEN_UP_DAYS = 120  # no outcome of an older opportunity is looked for any more
JOINED = ("repeat_7d", COMPLAINT, "optout")
SOURCE = "housekeeping"
CAP_OFFERS, CAP_SHARE = 200, 0.03


async def watch(settings: Settings, now_ms: int | None = None) -> list[Suspension]:
    """Join what is due, then suspend whom the report or an operating cap says. Returns the new suspensions.

    now_ms: Unix milliseconds (default: the clock). Raises DesignError, StorageError.
    """
    terms = load_catalogue(settings.server.assistant / "offers.yml").experiment
    if terms is None:
        return []
    now_ms = round(time.time() * 1000) if now_ms is None else now_ms
    store = await Store.open(settings.storage.url)
    try:
        heard = {flow.request for flow in load_assistant(settings.server.assistant).flows.values()}
        told = any(row.outcomes.get(COMPLAINT) for row in await store.experiment_rows())
        await join_outcomes(store, terms.complaints if told or heard & set(terms.complaints) else None, now_ms)
        draw = Experiment(salt=settings.offers.salt, holdout=settings.offers.holdout)
        return await suspend_harmed(store, terms, draw, now_ms)
    finally:
        await store.close()


async def join_outcomes(store: Store, complaints: Sequence[str] | None, now_ms: int) -> int:
    """Tell repeat calls, complaints and opt-outs: what happened at once, what did not when it no longer can.
    complaints: requests that are one; None: no call can be one and no other system told of any, so that nothing is said
    about them, least of all that there are none. Returns how many outcomes were told."""
    opted_out = await store.opt_out_moments()
    told: list[OfferOutcome] = []
    at = _moment(now_ms)
    for due in await store.due_outcomes(JOINED, now_ms - GIVEN_UP_DAYS * DAY_MS):
        happened = await _happened(store, due, complaints or (), opted_out)
        if complaints is None:
            del happened[COMPLAINT]
        for outcome, (value, days) in happened.items():
            if outcome not in due.told and (value or now_ms >= due.at_ms + days * DAY_MS):
                told.append(
                    OfferOutcome(
                        opportunity_id=due.opportunity_id, outcome=outcome, value=float(value), at=at, source=SOURCE
                    )
                )
    await store.save_outcomes(told)
    return len(told)


async def _happened(
    store: Store, due: Due, complaints: Sequence[str], opted_out: dict[str, tuple[str, ...]]
) -> dict[str, tuple[bool, int]]:
    """Outcome -> did it happen, and within how many days it counts."""
    later = await store.requests_between(due.household, due.at_ms, due.at_ms + COMPLAINT_DAYS * DAY_MS)
    week = {
        call for call, _ in await store.requests_between(due.household, due.at_ms, due.at_ms + REPEAT_DAYS * DAY_MS)
    }
    intent = str(due.facts.get("intent", ""))
    said = [_ms(moment) for moment in opted_out.get(due.household, ())]
    return {
        "repeat_7d": (
            any(call != due.call_id and call in week and asked == intent for call, asked in later),
            REPEAT_DAYS,
        ),
        COMPLAINT: (any(asked in complaints for _, asked in later), COMPLAINT_DAYS),
        "optout": (any(0 <= ms - due.at_ms < COMPLAINT_DAYS * DAY_MS for ms in said), COMPLAINT_DAYS),
    }


async def suspend_harmed(store: Store, terms: ExperimentTerms, draw: Experiment, now_ms: int) -> list[Suspension]:
    """Switch off the groups found harmed, and everybody when the report says stop. Neither counts what was known when a
    person reopened."""
    seen = await evidence(store, draw, now_ms)
    report = seen.report(terms.plan)
    off = {suspension.group for suspension in report.standing.in_force()}
    found = {g.group: _finding(g) for g in report.groups if g.group in report.harmed}
    if report.stop:
        found[EVERYBODY] = report.stop
    fresh = [row for row in seen.rows if row.at_ms >= report.standing.judged_since_ms(row.group)]
    capped = {group: reason for group, reason in _caps(fresh).items() if group not in found}
    made = []
    for group, reason in (found | capped).items():
        if group not in off:
            suspension = Suspension(group=group, at=_moment(now_ms), reason=reason)
            await store.suspend(suspension)
            store.append(_entry(suspension))
            made.append(suspension)
    return made


def _finding(harmed: GroupVerdict) -> str:
    guilty = next(f for f in harmed.findings if f.estimate.outcome == harmed.because)
    return f"{harmed.because} {guilty.estimate.effect:+.3f} [{guilty.low:+.3f}, {guilty.high:+.3f}]"


def _caps(rows: Sequence[ExperimentRow]) -> dict[str, str]:
    """Group -> why it is paused before there is a finding: too many opt-outs among its first offers."""
    first: dict[str, list[ExperimentRow]] = {}
    for row in rows:
        if row.arm == "treat" and len(first.setdefault(row.group, [])) < CAP_OFFERS:
            first[row.group].append(row)
    most = CAP_OFFERS * CAP_SHARE
    outs = {group: sum(_opted_out(r) for r in offers) for group, offers in first.items() if group}
    return {
        group: f"operating cap, no finding: {count} opt-outs in the first {len(first[group])} offers"
        for group, count in outs.items()
        if count > most
    }


def _opted_out(row: ExperimentRow) -> bool:
    return row.answer == "never_again" or row.outcomes.get("optout", 0.0) > 0.0


def _entry(suspension: Suspension) -> LogEntry:
    """The event in the log, which otherwise knows calls only: a log of its own for each suspension."""
    return LogEntry(
        call_id=f"offers-{new_id()}",
        seq=1,
        at=suspension.at,
        at_ms=monotonic_ms(),
        kind="offers.suspended",
        data={"group": suspension.group, "reason": suspension.reason},
    )


def _moment(now_ms: int) -> str:
    return datetime.fromtimestamp(now_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _ms(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1000)
