"""The facts of a decision as plain data, and back: stored with an opportunity, so that it can be explained later.

Owns what of a profile is kept: what the rules look at, and nothing else. No name, no date of birth (the age then), no
number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from ivr.model.identity import Customer, Level
from ivr.model.offers import OfferAnswer
from ivr.offers.eligibility import age_of
from ivr.offers.gate import OfferFacts, OfferHistory, PastOffer

_PROFILE = ("segment", "tenure_years")
_LATER = {"consent_can_be_asked": False}
"""Facts that older decisions did not know, as they were then."""
_SEQUENCES = ("other_intents", "negative_words", "vulnerable_words")


def facts_as_data(facts: OfferFacts, known: Iterable[str] = ()) -> dict[str, Any]:
    """JSON-able. known: names of profile numbers the experiment uses."""
    data = {field.name: getattr(facts, field.name) for field in fields(facts)}  # asdict copies deep: half a millisecond
    data["customer"] = _customer_as_data(facts, (*_PROFILE, *known)) if facts.customer else None
    data["level"] = facts.level.name
    data["now"] = facts.now.isoformat()
    data["suspended"] = None if facts.suspended is None else sorted(facts.suspended)
    data["history"] = {field.name: getattr(facts.history, field.name) for field in fields(facts.history)} | {
        "offers": [
            {"product": past.product, "answer": past.answer.value, "at": past.at.isoformat()}
            for past in facts.history.offers
        ]
    }
    return data


def facts_of(data: Mapping[str, Any]) -> OfferFacts:
    """What facts_as_data gave, or the same from elsewhere. Raises ValueError naming what is missing or wrong."""
    try:
        customer, history = data["customer"], dict(data["history"])
        # Until version 2 of the rules a decision knew its last request only, and the ticket was part of the history.
        values = {"other_intents": (), "open_ticket": history.pop("open_ticket", None), **_LATER, **data}
        values["customer"] = _customer_of(customer) if customer else None
        values["level"] = Level[values["level"]]
        values["now"] = datetime.fromisoformat(values["now"])
        values["suspended"] = None if values["suspended"] is None else frozenset(values["suspended"])
        past = [
            PastOffer(product=o["product"], answer=OfferAnswer(o["answer"]), at=datetime.fromisoformat(o["at"]))
            for o in history.pop("offers", ())
        ]
        values["history"] = OfferHistory(**history, offers=tuple(past))
        values |= {name: None if values[name] is None else tuple(values[name]) for name in _SEQUENCES}
        return OfferFacts(**values)
    except (KeyError, TypeError) as error:
        raise ValueError(f"these are no facts of a decision: {error}") from error


def _customer_as_data(facts: OfferFacts, kept: tuple[str, ...]) -> dict[str, Any]:
    customer = facts.customer
    assert customer is not None
    profile = {name: customer.profile[name] for name in kept if name in customer.profile}
    age = age_of(customer, facts.now)
    if age is not None:
        profile["age"] = age
    data = {field.name: getattr(customer, field.name) for field in fields(customer) if field.name != "name"}
    return data | {"profile": profile}


def _customer_of(data: Mapping[str, Any]) -> Customer:
    lists = {name: tuple(data.get(name, ())) for name in ("lines", "owns", "flags")}
    return Customer(**{**data, **lists})
