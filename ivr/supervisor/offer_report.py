"""What is stored about offers, for those who ask: the effect report, why a call heard what it heard, outcomes told by
file, suspensions."""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ivr.config import Settings
from ivr.dialog.assistant import load_assistant
from ivr.model.errors import ConfigError
from ivr.model.offers import EVERYBODY, OfferDecision, Suspension
from ivr.offers.catalogue import Catalogue, load_catalogue
from ivr.offers.desk import OfferDesk
from ivr.offers.effects.report import EffectReport
from ivr.offers.experiment import Experiment
from ivr.offers.explaining import Fate, fates
from ivr.offers.replay import facts_of
from ivr.offers.terms import ExperimentTerms
from ivr.storage.offers import StoredOffer
from ivr.storage.store import Store
from ivr.supervisor.effect_evidence import evidence
from ivr.supervisor.outcome_file import read_outcomes


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A stored decision, as it was and as it would be with today's catalogue on the facts of then (None: the facts were
    not stored). fates: of every product, then; today: now."""

    stored: StoredOffer
    fates: tuple[Fate, ...]
    today: tuple[Fate, ...] | None

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        decision = asdict(self.stored.decision)
        kept = ("opportunity_id", "arm", "speak", "household", "product", "relation", "p_treat", "policy", "group")
        return {
            **{name: decision[name] for name in (*kept, "gate", "gate_version", "phase")},
            **{name: getattr(self.stored, name) for name in ("call_id", "customer_id", "at", "answer", "facts")},
            "products": [asdict(fate) | {"words": fate.words} for fate in self.fates],
            "today": None if self.today is None else [asdict(fate) | {"words": fate.words} for fate in self.today],
        }


def catalogue_of(settings: Settings) -> Catalogue:
    """What the assistant may offer. Raises DesignError."""
    return load_catalogue(settings.server.assistant / "offers.yml")


def experiment_of(settings: Settings) -> ExperimentTerms:
    """Raises ConfigError when the assistant pre-registers no experiment, DesignError."""
    terms = catalogue_of(settings).experiment
    if terms is None:
        raise ConfigError(f"{settings.server.assistant}/offers.yml: there is no `experiment:` to report on")
    return terms


def draw_of(settings: Settings) -> Experiment:
    """Who is in which arm, by the salt of today."""
    return Experiment(salt=settings.offers.salt, holdout=settings.offers.holdout)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Store]:
    """The store of these settings, closed on the way out. Raises StorageError."""
    store = await Store.open(settings.storage.url)
    try:
        yield store
    finally:
        await store.close()


async def report_of(settings: Settings) -> EffectReport:
    """The effect report of what is complete by now. Raises ConfigError, DesignError, StorageError."""
    terms = experiment_of(settings)
    async with opened(settings) as store:
        return (await evidence(store, draw_of(settings), round(time.time() * 1000))).report(terms.plan)


async def explanation_of(settings: Settings, *, call_id: str, customer_id: str) -> Explanation:
    """Of the last decision of a call, of a customer, or of both. Raises ConfigError when there was none."""
    catalogue = catalogue_of(settings)
    desk = OfferDesk(catalogue, settings.offers.salt, settings.offers.holdout)
    async with opened(settings) as store:
        found = await store.opportunities_of(call_id=call_id, customer_id=customer_id)
        if not found:
            raise ConfigError(await _why_nothing(store, call_id, customer_id))
        stored = found[-1]
        if desk.learner is not None:
            belief = await store.belief(load_assistant(settings.server.assistant).name)
            desk.remember((belief or {}).get("belief", {}))
    products = tuple(catalogue.products)
    today = fates(replayed(desk, stored), products) if stored.facts else None
    return Explanation(stored=stored, fates=fates(stored.decision, products), today=today)


def replayed(desk: OfferDesk, stored: StoredOffer) -> OfferDecision:
    """What this desk decides on the facts as they were."""
    draw = random.Random(stored.decision.opportunity_id)
    return desk.decide(facts_of(stored.facts), opportunity_id=stored.decision.opportunity_id, draw=draw)


async def _why_nothing(store: Store, call_id: str, customer_id: str) -> str:
    if not call_id:
        return f"no call of customer {customer_id} ever came as far as an offer"
    record = await store.call(call_id)
    if record is None:
        return f"there is no call {call_id}"
    asked = ", ".join(f"{r['intent']} ({r['result']})" for r in record.requests) or "nothing"
    whose = f", of customer {record.customer_id}" if record.customer_id else ", of nobody known"
    return f"call {call_id}{whose}, did not come as far as an offer of customer {customer_id}: asked for {asked}"


async def take_outcomes(settings: Settings, path: Path) -> int:
    """Store what a CSV file tells (outcome_file.py): all of it or nothing; what was told before stays. Returns how many
    outcomes. Raises ConfigError with every wrong line, StorageError."""
    told = read_outcomes(path)
    async with opened(settings) as store:
        unknown = [o.opportunity_id for o in told if await store.opportunity(o.opportunity_id) is None]
        if unknown:
            raise ConfigError(f"{path}: no such opportunity: {', '.join(dict.fromkeys(unknown))}")
        await store.save_outcomes(told)
    return len(told)


async def suspensions_of(settings: Settings) -> list[Suspension]:
    """All there ever were, oldest first."""
    async with opened(settings) as store:
        return await store.suspensions()


async def suspend(settings: Settings, group: str, reason: str, by: str) -> None:
    """A person switches offers to a group off ("*": to everybody). Raises ConfigError for an unknown group."""
    known = (*experiment_of(settings).plan.groups, EVERYBODY)
    if group not in known:
        raise ConfigError(f"unknown group {group!r}; known: {', '.join(known)}")
    async with opened(settings) as store:
        if all(each.group != group for each in await store.suspended()):
            await store.suspend(Suspension(group=group, at=_now(), reason=reason, suspended_by=by))


async def reopen(settings: Settings, group: str, by: str) -> bool:
    """A person takes a suspension back. False when there is none."""
    async with opened(settings) as store:
        return await store.reopen(group, _now(), by)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
