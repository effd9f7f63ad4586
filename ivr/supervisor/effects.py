"""The direct and the indirect effect, gathered from the store: figures, and the same figures again from the event log.

The tables are a convenience; the log is the truth. `check` builds every call anew from its events and must come to the
same figures, to the cent.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import asdict, fields
from typing import Any

from ivr.call.record import fold
from ivr.config import Settings
from ivr.model.call import Callback, CallRecord, LogEntry
from ivr.offers.effects.document import as_json
from ivr.offers.effects.figures import Figure
from ivr.offers.effects.handled import Handled
from ivr.offers.effects.history import looks
from ivr.offers.effects.ledger import direct, service
from ivr.offers.effects.offered import of_offers
from ivr.offers.effects.policies import policy_values
from ivr.offers.effects.report import EffectReport
from ivr.offers.effects.sample_size import guidance
from ivr.offers.effects.savings import Rates
from ivr.sections import EffectsSettings
from ivr.storage.store import Store
from ivr.supervisor.effect_calls import handled_calls, notes_of, pages, readable, reading_of, seconds
from ivr.supervisor.effect_evidence import DAY_MS, evidence
from ivr.supervisor.offer_report import catalogue_of, draw_of, opened


def rates_of(stated: EffectsSettings) -> Rates:
    """What the operator states in [effects]."""
    return Rates(**{each.name: getattr(stated, each.name) for each in fields(Rates)})


async def figures(settings: Settings, *, days: float, now_ms: int | None = None) -> tuple[Figure, ...]:
    """Direct, indirect and offers, of the calls that began in the last days. Raises DesignError, StorageError."""
    now_ms = round(time.time() * 1000) if now_ms is None else now_ms
    async with opened(settings) as store:
        calls = [call async for call in handled_calls(store, reading_of(settings), now_ms - days * DAY_MS)]
        return await _figures(settings, store, calls, now_ms, days)


async def check(settings: Settings, *, days: float, now_ms: int | None = None) -> list[str]:
    """Every figure again, from the event log alone; what differs, in words. An empty list is what is hoped for."""
    now_ms = round(time.time() * 1000) if now_ms is None else now_ms
    reading, since_ms = reading_of(settings), now_ms - days * DAY_MS
    async with opened(settings) as store:
        rebuilt: list[Handled] = []
        wrong, records = list[str](), list[str]()
        async for page in pages(store, since_ms):
            notes = await notes_of(store, [record.call_id for record in page])
            for record in page:
                entries = await store.events(record.call_id)
                wrong += _offers_differ(record, entries, await store.opportunities_of(call_id=record.call_id))
                try:
                    again = fold(entries)
                except ValueError as error:
                    wrong.append(f"call {record.call_id}: its log is not whole: {error}")
                    continue
                records += _records_differ(record, again)
                if again.answered_at:
                    rebuilt.append(readable(again, entries, notes.get(record.call_id, ()), reading))
        stored = [call async for call in handled_calls(store, reading, since_ms)]
        as_stored = await _figures(settings, store, stored, now_ms, days)
        as_logged = await _figures(settings, store, rebuilt, now_ms, days)
    logged = {figure.name: figure for figure in as_logged}
    for told in as_stored:
        found = logged.pop(told.name, None)
        if told != found:
            wrong.append(f"{told.name}: {told.value} reported, {found and found.value} in the event log")
    return [*wrong, *(f"{name}: not reported, but in the event log" for name in logged), *records]


async def effects_document(settings: Settings, *, days: float = 30.0) -> dict[str, Any]:
    """Everything the effect page shows, as plain values. Takes seconds of processor: make it apart from calls."""
    now_ms = round(time.time() * 1000)
    catalogue = catalogue_of(settings)
    terms, held = catalogue.experiment, settings.offers.holdout
    async with opened(settings) as store:
        calls = [call async for call in handled_calls(store, reading_of(settings), now_ms - days * DAY_MS)]
        ledger = await _figures(settings, store, calls, now_ms, days)
        seen = await evidence(store, draw_of(settings), now_ms)
    report, rows = seen.report(terms.plan) if terms is not None else None, seen.mature
    margins = {name: product.margin for name, product in catalogue.products.items()}
    return {
        "made_at_ms": now_ms,
        "currency": catalogue.currency,
        "days": days,
        "holdout": held,
        "waiting": seen.waiting,
        "report": as_json(report) if report is not None else None,
        "arms": _arms(report, rows),
        "relations": _relations(rows),
        "ends": _ends(rows),
        "looks": [asdict(look) for look in looks(seen.people.rows, terms.plan)] if terms is not None else [],
        "policies": [asdict(value) for value in policy_values(rows, margins, catalogue.rules)],
        "prices": dict(terms.plan.prices) if terms is not None else {},
        "margins": {m.outcome: m.limit for m in terms.plan.margins} if terms is not None else {},
        "guidance": guidance(terms.plan, held) if terms and held else [],
        "suspensions": [asdict(each) for each in seen.suspensions],
        "ledger": [asdict(figure) for figure in ledger],
    }


def _arms(report: EffectReport | None, rows: Any) -> dict[str, int]:
    counted = {arm: sum(r.arm == arm for r in rows) for arm in ("treat", "holdout")}
    return {**counted, "households": report.rows if report is not None else 0}


def _relations(rows: Any) -> list[dict[str, Any]]:
    """The founders' two words, and upgrades: offered (ghosts are not) and accepted."""
    told = []
    for relation in ("cross", "up", "upgrade"):
        offered = [r for r in rows if r.relation == relation and r.arm == "treat"]
        accepted = sum(r.answer == "accepted" for r in offered)
        if offered:
            told.append({"relation": relation, "offered": len(offered), "accepted": accepted})
    return told


async def _figures(
    settings: Settings, store: Store, calls: list[Handled], now_ms: int, days: float
) -> tuple[Figure, ...]:
    promises = [c for c in await store.callbacks() if seconds(c.deadline) * 1000 <= now_ms]
    terms = catalogue_of(settings).experiment
    seen = await evidence(store, draw_of(settings), now_ms)
    report = seen.report(terms.plan) if terms is not None else None
    within = sum(r.at_ms >= now_ms - days * DAY_MS for r in seen.rows)
    return (
        *direct(calls, rates_of(settings.effects), now_ms=now_ms, days=days),
        *service(calls, sum(map(_kept, promises)), len(promises), hours_stated=bool(settings.effects.working_hours)),
        *of_offers(report, within, settings.effects.customer_year),
    )


def _kept(promise: Callback) -> bool:
    """In time, not only at some time; whoever kept it before times were noted, kept it."""
    return promise.state == "done" and (not promise.done_at or seconds(promise.done_at) <= seconds(promise.deadline))


def _ends(rows: Any) -> dict[str, int]:
    """How spoken offers ended: answer -> how many; "" where the call broke off by itself. Hang-ups in mid-offer are
    among them."""
    return dict(Counter(r.answer for r in rows if r.arm == "treat").most_common())


def _records_differ(record: CallRecord, again: CallRecord) -> list[str]:
    """When a call was, and what became of it: also where no figure of today rests on it."""
    names = ("started_at", "answered_at", "ended_at", "outcome", "agent")
    return [
        f"call {record.call_id}: {name} is {kept or 'nothing'}, in its log {logged or 'nothing'}"
        for name, kept, logged in ((name, getattr(record, name), getattr(again, name)) for name in names)
        if kept != logged
    ]


def _offers_differ(record: CallRecord, entries: list[LogEntry], stored: Any) -> list[str]:
    """Opportunities and answers of a call: table against log."""
    logged = {
        str(e.data["opportunity"]): str(e.data["arm"])
        for e in entries
        if e.kind == "offer.decided" and e.data.get("arm") != "none"
    }
    answers = {str(e.data["opportunity"]): str(e.data["answer"]) for e in entries if e.kind == "offer.answered"}
    kept = {s.decision.opportunity_id: s for s in stored if s.decision.arm != "none"}
    told = {name: s.answer for name, s in kept.items() if s.answer}
    wrong = []
    if logged != {name: s.decision.arm for name, s in kept.items()}:
        wrong.append(f"call {record.call_id}: {len(kept)} opportunities stored, {len(logged)} in its log")
    if answers != told:
        wrong.append(f"call {record.call_id}: answers stored {told}, in its log {answers}")
    return wrong
