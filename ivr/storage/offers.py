"""Opportunities and answers. Owns that nothing logged here is ever overwritten: the effect report rests on it.

An answer is stored once; an acceptance without its proof is refused by the database itself (see tables.PROVEN).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import sqlalchemy as sa

from ivr.model.fulfilment import Following
from ivr.model.offers import CSAT_ASKED, NEVER_SPOKEN, STATED_ASKED, GateFinding, OfferAnswer, OfferDecision, OfferProof
from ivr.storage.database import Database, unix_ms
from ivr.storage.fulfilments import kept
from ivr.storage.objection_tables import ads_consents, care_marks
from ivr.storage.outbox import Deliveries
from ivr.storage.tables import answers, call_requests, opportunities, opt_outs, outcomes, suspensions

_AS_DECIDED = (
    *("opportunity_id", "arm", "speak", "household", "product", "relation", "p_treat"),
    *("policy", "gate_version", "phase", "group", "asks_consent"),
)


class PastOffer(NamedTuple):
    """An offer spoken to a household. answer is None when the call broke off before one was stored; at: when it was
    answered, else when it was decided (UTC ISO 8601)."""

    product: str
    answer: OfferAnswer | None
    at: str


class Remembered(NamedTuple):
    """What a decision asks the store. off: (group, reason) of the suspensions in force; calls: of the household, for
    the same request; surveyed, stated: was the household lately asked for a grade, or what an offer was like? standing:
    "ads_consent", "ads_withdrawn" (one that ended) and "vulnerable" as far as records say so of the customer. place: of
    the next decision among those of the household."""

    offers: tuple[PastOffer, ...]
    opted_out: bool
    calls: int
    off: tuple[tuple[str, str], ...]
    surveyed: bool = False
    stated: bool = False
    standing: frozenset[str] = frozenset()
    place: int = 1


class StoredOffer(NamedTuple):
    """An opportunity as it was decided, without its words. facts: what it was decided on, as data; answer: "" while
    there is none; at: UTC ISO 8601."""

    decision: OfferDecision
    call_id: str
    customer_id: str
    at: str
    facts: Mapping[str, Any]
    answer: str


class Offers(Deliveries):
    """The offers' part of the store."""

    _db: Database

    async def save_opportunity(
        self,
        decision: OfferDecision,
        call_id: str,
        customer_id: str,
        at: str,
        facts: Mapping[str, Any] | None = None,
        *,
        place: int | None = None,
    ) -> None:
        """Store what the offer desk decided and on which facts, ghosts of the holdout included. place: as remembered()
        told it before the decision. Raises StorageError, also when the opportunity is already stored, or somebody else
        has decided on this household since."""
        row = _opportunity(decision, call_id, customer_id, at) | {"facts": dict(facts or {})}
        row["place"] = place if decision.household else None
        await self._db.write((sa.insert(opportunities), [row]))

    async def opportunity(self, opportunity_id: str) -> StoredOffer | None:
        """One opportunity, or None."""
        found = await self._stored(opportunities.c.opportunity_id == opportunity_id)
        return found[0] if found else None

    async def opportunities_of(self, *, call_id: str = "", customer_id: str = "") -> list[StoredOffer]:
        """The opportunities of a call, of a customer, or of both, oldest first; of nobody none."""
        wanted = {opportunities.c.call_id: call_id, opportunities.c.customer_id: customer_id}
        where = [column == value for column, value in wanted.items() if value]
        return await self._stored(*where) if where else []

    async def _stored(self, *where: sa.ColumnElement[bool]) -> list[StoredOffer]:
        query = (
            sa.select(opportunities, sa.func.coalesce(answers.c.answer, "").label("answer"))
            .select_from(opportunities.outerjoin(answers))
            .where(*where)
            .order_by(opportunities.c.at_ms, opportunities.c.opportunity_id)
        )
        return [_stored_offer(row._mapping) for row in await self._db.read(query)]

    async def save_opportunities(self, decided: Sequence[tuple[OfferDecision, str, str, str]]) -> None:
        """Many at once, all or none: decision, call_id, customer_id, at. Raises StorageError."""
        await self._db.write((sa.insert(opportunities), [_opportunity(*each) for each in decided]))

    async def save_answer(
        self,
        opportunity_id: str,
        answer: OfferAnswer,
        at: str,
        proof: OfferProof | None = None,
        *,
        asks_consent: bool = False,
        consent_id: str = "",
        following: Following | None = None,
    ) -> None:
        """Store how the offer ended, once. ACCEPTED needs a proof: read-back and times, and either key 1 or words heard
        with confidence >= 0.9. asks_consent: as the opportunity's; then whoever heard what was offered has given the
        consent of that id before. following: what an acceptance leads to, stored and told with it. Raises StorageError
        when anything is missing, doubled, or nobody knows it."""
        row = _answer(opportunity_id, answer, at, proof)
        row |= {"asks_consent": asks_consent, "consent_id": consent_id or None}
        writes, events = kept(following, proof) if following is not None else ([], ())
        await self._write_and_tell([(sa.insert(answers), [row]), *writes], events)

    async def save_answers(self, given: Sequence[tuple[str, OfferAnswer, str, OfferProof | None]]) -> None:
        """Many at once: opportunity_id, answer, at, proof. Those with a proof are stored first. Raises StorageError."""
        for proven in (True, False):
            rows = [_answer(*each) for each in given if (each[3] is not None) is proven]
            if rows:
                await self._db.write((sa.insert(answers), rows))

    async def remembered(
        self,
        household: str,
        keys: Sequence[str],
        intents: Sequence[str],
        since: str,
        *,
        besides: str,
        surveyed_since: str,
        customer_id: str = "",
    ) -> Remembered:
        """Everything a decision asks about a household, in one query: a caller waits meanwhile. keys: what its opt-out
        may be kept under; intents, since: calls for any of these since a moment; besides: the call that goes on;
        surveyed_since: grades asked for before that do not count; customer_id: whose consent and care is asked for."""
        values: dict[str, Any] = {"household": household, "keys": list(keys), "besides": besides}
        values |= {"intents": list(intents), "customer": customer_id}
        values |= {"since_ms": unix_ms(since), "surveyed_ms": unix_ms(surveyed_since)}
        found = [tuple(each) for each in await self._db.read(_REMEMBERED, values)]
        offers = sorted((each for each in found if each[0] == "offer"), key=lambda each: str(each[3]))
        return Remembered(
            offers=tuple(PastOffer(o[1], OfferAnswer(o[2]) if o[2] else None, o[3]) for o in offers),
            opted_out=any(each[0] == "refused" for each in found),
            calls=next(int(each[3]) for each in found if each[0] == "calls"),
            off=tuple((each[1], each[2]) for each in found if each[0] == "off"),
            surveyed=("asked", CSAT_ASKED) in {each[:2] for each in found},
            stated=("asked", STATED_ASKED) in {each[:2] for each in found},
            standing=frozenset(str(each[1]) for each in found if each[0] == "standing"),
            place=next(int(each[3]) for each in found if each[0] == "place"),
        )


def _remembered() -> sa.CompoundSelect[Any]:
    """The query of Offers.remembered. Made once: making it costs more than asking it."""
    row, asked, nothing = opportunities.c, call_requests.c, sa.literal("")
    household: sa.BindParameter[str] = sa.bindparam("household", "")
    at = sa.func.coalesce(answers.c.at, row.at)
    unheard = sa.exists().where(outcomes.c.opportunity_id == row.opportunity_id, outcomes.c.outcome == NEVER_SPOKEN)
    offered = (
        sa.select(sa.literal("offer"), row.product, sa.func.coalesce(answers.c.answer, ""), at)
        .select_from(opportunities.outerjoin(answers))
        .where(row.household == household, row.household != "", row.speak.is_(True), ~unheard)
    )
    refused = sa.select(sa.literal("refused"), nothing, nothing, nothing).where(
        sa.exists().where(opt_outs.c.household.in_(sa.bindparam("keys", expanding=True)))
    )
    count = sa.cast(sa.func.count(sa.distinct(asked.call_id)), sa.Text)
    called = sa.select(sa.literal("calls"), nothing, nothing, count).where(
        asked.household == household,
        asked.household != "",
        asked.intent.in_(sa.bindparam("intents", expanding=True)),
        asked.started_ms >= sa.bindparam("since_ms", type_=sa.BigInteger),
        asked.call_id != sa.bindparam("besides", ""),
    )
    table = suspensions.c
    off = sa.select(sa.literal("off"), table.group, table.reason, nothing).where(table.reopened_at == "")
    lately = row.at_ms >= sa.bindparam("surveyed_ms", type_=sa.BigInteger)  # by its value alone it would be an int4
    asked_for = (row.household == household, row.household != "", lately)
    asked_after = sa.select(sa.literal("asked"), outcomes.c.outcome, nothing, nothing)
    asked_after = asked_after.select_from(outcomes.join(opportunities))
    questions = asked_after.where(*asked_for, outcomes.c.outcome.in_((CSAT_ASKED, STATED_ASKED)))
    customer: sa.BindParameter[str] = sa.bindparam("customer", "")
    standing = [
        sa.select(sa.literal("standing"), sa.literal(what), nothing, nothing).where(
            sa.exists().where(table.c.customer_id == customer, holds)
        )
        for what, table, holds in (
            ("ads_consent", ads_consents, ads_consents.c.withdrawn_at == ""),
            ("ads_withdrawn", ads_consents, ads_consents.c.withdrawn_at != ""),
            ("vulnerable", care_marks, care_marks.c.cleared_at == ""),
        )
    ]
    next_place = sa.cast(sa.func.coalesce(sa.func.max(row.place), 0) + 1, sa.Text)
    place = sa.select(sa.literal("place"), nothing, nothing, next_place).where(row.household == household)
    return sa.union_all(offered, refused, called, off, questions, place, *standing)


_REMEMBERED = _remembered()


def _stored_offer(row: sa.RowMapping) -> StoredOffer:
    decision = OfferDecision(
        **{name: row[name] for name in _AS_DECIDED},
        probabilities=row["probabilities"],
        gate=tuple(GateFinding(**finding) for finding in row["gate"]),
        eligible=tuple(row["eligible"]),
        removed=row["removed"],
        known=tuple(float(value) for value in row["known"]),
    )
    return StoredOffer(decision, *(row[name] for name in ("call_id", "customer_id", "at", "facts", "answer")))


def _opportunity(decision: OfferDecision, call_id: str, customer_id: str, at: str) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(decision, name) for name in _AS_DECIDED}
    return row | {
        "script_version": decision.script.version if decision.script else "",
        "probabilities": dict(decision.probabilities),
        "gate": [{"rule": f.rule, "passed": f.passed, "detail": f.detail} for f in decision.gate],
        "eligible": list(decision.eligible),
        "removed": dict(decision.removed),
        "known": list(decision.known),
        "call_id": call_id,
        "customer_id": customer_id,
        "at": at,
        "at_ms": unix_ms(at),
        "facts": {},
    }


def _answer(opportunity_id: str, answer: OfferAnswer, at: str, proof: OfferProof | None) -> dict[str, Any]:
    row: dict[str, Any] = {"opportunity_id": opportunity_id, "answer": answer.value, "at": at}
    return row if proof is None else row | {f"proof_{name}": value for name, value in asdict(proof).items()}
