"""The direct and the indirect effect, gathered from the store: figures, and the same figures again from the event log.

The tables are a convenience; the log is the truth. `check` builds every call anew from its events and must come to the
same figures, to the cent.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from ivr.call.record import fold
from ivr.config import Settings
from ivr.model.call import Callback, CallRecord, LogEntry
from ivr.offers.effects.document import as_json
from ivr.offers.effects.history import looks
from ivr.offers.effects.ledger import Figure, Handled, How, Rates, direct, service
from ivr.offers.effects.plan import AHT, ANNOYED, CHURN, COMPLAINT, CSAT, REPEAT, REVENUE
from ivr.offers.effects.policies import policy_values
from ivr.offers.effects.report import EffectReport, effect_report
from ivr.offers.effects.sample_size import guidance
from ivr.sections import EffectsSettings
from ivr.storage.store import Store
from ivr.supervisor.offer_report import catalogue_of, opened
from ivr.supervisor.offer_watch import DAY_MS, MATURE_DAYS, complete_rows

PAGE = 500
_UNTOLD = {
    "": "no sound experiment with this outcome yet",
    CHURN: "nobody told of lost customers 90 days after an opportunity yet: churned_90d, by your systems",
}


def rates_of(stated: EffectsSettings) -> Rates:
    """What the operator states in [effects]."""
    return Rates(**stated.model_dump())


async def figures(settings: Settings, *, days: float, now_ms: int | None = None) -> tuple[Figure, ...]:
    """Direct, indirect and offers, of the calls that began in the last days. Raises DesignError, StorageError."""
    now_ms = round(time.time() * 1000) if now_ms is None else now_ms
    async with opened(settings) as store:
        calls = [handled(record) async for record in _records(store, now_ms - days * DAY_MS) if record.answered_at]
        return await _figures(settings, store, calls, now_ms, days)


async def check(settings: Settings, *, days: float, now_ms: int | None = None) -> list[str]:
    """Every figure again, from the event log alone; what differs, in words. An empty list is what is hoped for."""
    now_ms = round(time.time() * 1000) if now_ms is None else now_ms
    async with opened(settings) as store:
        stored = [r async for r in _records(store, now_ms - days * DAY_MS)]
        rebuilt = []
        wrong = []
        for record in stored:
            entries = await store.events(record.call_id)
            try:
                rebuilt.append(fold(entries))
            except ValueError as error:
                wrong.append(f"call {record.call_id}: its log is not whole: {error}")
            wrong += _offers_differ(record, entries, await store.opportunities_of(call_id=record.call_id))
        as_stored, as_logged = [
            await _figures(settings, store, [handled(r) for r in records if r.answered_at], now_ms, days)
            for records in (stored, rebuilt)
        ]
    for told, found in zip(as_stored, as_logged, strict=True):
        if told != found:
            wrong.append(f"{told.name}: {told.value} reported, {found.value} in the event log")
    return wrong


def handled(record: CallRecord) -> Handled:
    """The record as the ledger wants it. A call a human took was with the bot until the end of the bridge's wait: the
    handoff's share is not known from the record, so the whole time counts as the bot's."""
    began, ended = _seconds(record.answered_at), _seconds(record.ended_at)
    lasted = max(0.0, ended - began) if record.ended_at else 0.0
    return Handled(
        call_id=record.call_id,
        household=record.household or record.customer_id,
        at_ms=round(_seconds(record.started_at) * 1000),
        lasted_s=lasted,
        bot_s=lasted,
        requests=tuple((r["intent"], r["result"]) for r in record.requests),
        outcome=record.outcome.value,
        agent=record.agent,
        level=record.level,
        answer_ms=int(record.timings.get("answer_ms", 0)),
    )


async def effects_document(settings: Settings, *, days: float = 30.0) -> dict[str, Any]:
    """Everything the effect page shows, as plain values. Takes seconds of processor: make it apart from calls."""
    now_ms = round(time.time() * 1000)
    catalogue = catalogue_of(settings)
    terms = catalogue.experiment
    async with opened(settings) as store:
        calls = [handled(record) async for record in _records(store, now_ms - days * DAY_MS) if record.answered_at]
        ledger = await _figures(settings, store, calls, now_ms, days)
        everything = await store.experiment_rows()
        people = await complete_rows(store, everything, now_ms)
        rows = [r for r in everything if r.at_ms < now_ms - MATURE_DAYS * DAY_MS]
        suspensions = [asdict(each) for each in await store.suspensions()]
    report = effect_report(people, terms.plan) if terms is not None else None
    margins = {name: product.margin for name, product in catalogue.products.items()}
    return {
        "made_at_ms": now_ms,
        "currency": catalogue.currency,
        "days": days,
        "holdout": settings.offers.holdout,
        "waiting": len(everything) - len(rows),
        "report": as_json(report) if report is not None else None,
        "arms": _arms(report, rows),
        "relations": _relations(rows),
        "ends": _ends(rows),
        "looks": [asdict(look) for look in looks(rows, terms.plan)] if terms is not None else [],
        "policies": [asdict(value) for value in policy_values(rows, margins, catalogue.rules)],
        "prices": dict(terms.plan.prices) if terms is not None else {},
        "margins": {m.outcome: m.limit for m in terms.plan.margins} if terms is not None else {},
        "guidance": guidance(terms.plan, settings.offers.holdout) if terms and settings.offers.holdout else [],
        "suspensions": suspensions,
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
    promises = [c for c in await store.callbacks() if _seconds(c.deadline) * 1000 <= now_ms]
    terms = catalogue_of(settings).experiment
    rows = await store.experiment_rows()
    report = effect_report(await complete_rows(store, rows, now_ms), terms.plan) if terms is not None else None
    within = sum(r.at_ms >= now_ms - days * DAY_MS for r in rows)
    return (
        *direct(calls, rates_of(settings.effects), now_ms=now_ms, days=days),
        *service(calls, sum(_kept(c) for c in promises), len(promises)),
        *_of_offers(report, within, settings.effects.customer_year),
    )


def _kept(promise: Callback) -> bool:
    return promise.state == "done"


def _ends(rows: Any) -> dict[str, int]:
    """How spoken offers ended: answer -> how many; "" where the call broke off by itself. Hang-ups in mid-offer are
    among them."""
    return dict(Counter(r.answer for r in rows if r.arm == "treat").most_common())


def _of_offers(report: EffectReport | None, opportunities: int, customer_year: float) -> tuple[Figure, ...]:
    """What offers do, by the experiment. seconds and money: per opportunity times the opportunities of the period; a
    customer who stays is worth customer_year (0: not stated)."""
    found = {f.estimate.outcome: f for f in report.overall} if report is not None and report.sound else {}
    wanted = (
        ("offer_revenue", "offers", REVENUE, "money", float(opportunities)),
        ("offer_time_added", "offers", AHT, "s", float(opportunities)),
        ("satisfaction_effect", "indirect", CSAT, "points", 1.0),
        ("annoyed_effect", "indirect", ANNOYED, "share", 1.0),
        ("repeat_effect", "indirect", REPEAT, "share", 1.0),
        ("complaint_effect", "indirect", COMPLAINT, "share", 1.0),
        ("churn_effect", "indirect", CHURN, "share", 1.0),
        ("retained_value", "indirect", CHURN, "money", -opportunities * customer_year),
    )
    figures = []
    for name, column, outcome, unit, times in wanted:
        finding = found.get(outcome)
        stated = name != "retained_value" or customer_year > 0.0
        if finding is None or not stated:
            why = _UNTOLD.get(outcome, _UNTOLD[""]) if stated else "state customer_year in [effects]"
            figures.append(Figure(name=name, column=column, value=None, unit=unit, how=How.NOT_YET, rows=0, note=why))
            continue
        digits = 2 if unit in ("money", "s") else 4
        ends = sorted((finding.fixed_low * times, finding.fixed_high * times))
        figures.append(
            Figure(
                name=name,
                column=column,
                value=round(finding.estimate.effect * times, digits),
                unit=unit,
                how=How.RANDOMISED,
                rows=finding.estimate.rows,
                low=round(ends[0], digits),
                high=round(ends[1], digits),
                note=finding.why,
            )
        )
    return tuple(figures)


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


async def _records(store: Store, since_ms: float) -> AsyncIterator[CallRecord]:
    """Calls that ended, newest first, back to a moment."""
    before: str | None = None
    while page := await store.calls(PAGE, before=before):
        for record in page:
            if _seconds(record.started_at) * 1000 < since_ms:
                return
            if record.ended_at:
                yield record
        before = page[-1].call_id


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp() if moment else 0.0
