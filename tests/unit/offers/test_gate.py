from __future__ import annotations

from dataclasses import MISSING, fields, replace
from datetime import timedelta
from typing import Any

import pytest

from ivr.model.identity import Level
from ivr.model.offers import OfferAnswer
from ivr.offers.catalogue import load_catalogue
from ivr.offers.gate import RULES, GateTerms, OfferHistory, PastOffer, check, declined_lately
from ivr.offers.packs import load_pack
from tests.unit.offers.cases import DACHA_OWNER, NOW, OFFERS, OPEN_GATE

TERMS = load_catalogue(OFFERS).terms


def failed(changes: dict[str, Any], terms: GateTerms = TERMS) -> set[str]:
    return {finding.rule for finding in check(replace(OPEN_GATE, **changes), terms) if not finding.passed}


def past(answer: OfferAnswer, days: float, product: str = "car") -> PastOffer:
    return PastOffer(product=product, answer=answer, at=NOW - timedelta(days=days))


def test_a_happy_call_passes_every_rule_and_every_rule_answers() -> None:
    findings = check(OPEN_GATE, TERMS)
    assert [finding.rule for finding in findings] == list(RULES)
    assert all(finding.passed and finding.detail for finding in findings)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"resolved": False}, "g.resolved"),
        ({"confirmed": False}, "g.resolved"),
        ({"repairs": 3}, "g.positive"),
        ({"agent_requested": True}, "g.positive"),
        ({"negative_words": ("useless",)}, "g.positive"),
        ({"recent_failures": 1}, "g.positive"),
        ({"latency_p95_ms": 2000}, "g.positive"),
        ({"intent": "complaint"}, "g.never_intents"),
        ({"customer": replace(DACHA_OWNER, flags=("vulnerable",))}, "g.vulnerable"),
        ({"customer": replace(DACHA_OWNER, profile={"age": 17})}, "g.vulnerable"),
        ({"vulnerable_words": ("passed away",)}, "g.vulnerable"),
        ({"history": OfferHistory(same_intent_calls_7d=1)}, "g.repeat"),
        ({"open_ticket": True}, "g.repeat"),
        ({"customer": replace(DACHA_OWNER, flags=("open_ticket",))}, "g.repeat"),
        ({"customer": replace(DACHA_OWNER, profile={})}, "g.vulnerable"),
        ({"other_intents": ("payment", "complaint")}, "g.never_intents"),
        ({"waited_s": 121.0}, "g.wait"),
        ({"call_ms": 360_001}, "g.wait"),
        ({"load": 0.81}, "g.load"),
        ({"overflow": True}, "g.load"),
        ({"history": OfferHistory(offers=(past(OfferAnswer.ACCEPTED, 29),))}, "g.cap"),
        ({"history": OfferHistory(offers=tuple(past(OfferAnswer.NO_ANSWER, d) for d in (60, 120, 200, 300)))}, "g.cap"),
        ({"history": OfferHistory(offers=(past(OfferAnswer.HUNG_UP, 179),))}, "g.cap"),
        (
            {"history": OfferHistory(offers=(past(OfferAnswer.DECLINED, 100), past(OfferAnswer.NOT_PERMITTED, 170)))},
            "g.cap",
        ),
        ({"history": OfferHistory(opted_out=True)}, "g.optout"),
        ({"history": OfferHistory(offers=(past(OfferAnswer.NEVER_AGAIN, 4000),))}, "g.optout"),
        ({"customer": replace(DACHA_OWNER, flags=("no_offers",))}, "g.optout"),
        ({"customer": replace(DACHA_OWNER, flags=("do_not_contact",))}, "g.optout"),
        ({"customer": None}, "g.level"),
        ({"level": Level.L0}, "g.level"),
        ({"bot_disclosed": False}, "g.bot_disclosed"),
    ],
)
def test_each_reason_not_to_offer_closes_exactly_its_rule(changes: dict[str, Any], rule: str) -> None:
    assert failed(changes) == {rule}


@pytest.mark.parametrize(
    "changes",
    [
        {"repairs": 2},
        {"waited_s": 120.0},
        {"load": 0.8},
        {"other_intents": ("payment", "policy_copy")},
        {"history": OfferHistory(offers=(past(OfferAnswer.DECLINED, 31),))},
        {"history": OfferHistory(offers=(past(OfferAnswer.HUNG_UP, 181),))},
        {"history": OfferHistory(offers=(past(OfferAnswer.DECLINED, 200), past(OfferAnswer.DECLINED, 181)))},
        {
            "history": OfferHistory(
                offers=(
                    past(OfferAnswer.DECLINED, 100),
                    past(OfferAnswer.ACCEPTED, 60),
                    past(OfferAnswer.DECLINED, 40),
                )
            )
        },
    ],
)
def test_the_last_value_within_a_limit_still_passes(changes: dict[str, Any]) -> None:
    assert failed(changes) == set()


@pytest.mark.parametrize("name", sorted(f.name for f in fields(OPEN_GATE) if "None" in str(f.type)))
def test_what_nobody_knows_closes_the_gate(name: str) -> None:
    assert failed({name: None})
    assert {f.name for f in fields(OPEN_GATE) if f.default is not MISSING or f.default_factory is not MISSING} == set()


def test_an_unknown_age_matters_where_a_product_asks_it() -> None:
    nobody_asks = replace(TERMS, asks_age=False)
    assert failed({"customer": replace(DACHA_OWNER, profile={})}, nobody_asks) == set()


def test_silence_twice_is_a_household_that_wants_no_offer() -> None:
    silent = (past(OfferAnswer.NO_ANSWER, 40), past(OfferAnswer.NO_ANSWER, 100))
    assert failed({"history": OfferHistory(offers=silent)}) == {"g.cap"}
    assert declined_lately(OfferHistory(offers=silent), "car", NOW, 180)


def test_russian_rules_need_the_customers_consent_to_advertising_and_a_recording() -> None:
    terms = replace(TERMS, packs=(load_pack("ru"),))
    consented = replace(DACHA_OWNER, flags=("ads_consent",))
    assert failed({"recorded": True}, terms) == {"g.consent"}
    assert failed({"customer": consented}, terms) == {"g.consent"}
    assert failed({"customer": consented, "recorded": True}, terms) == set()


def test_consent_as_legal_basis_needs_the_customers_flag() -> None:
    terms = replace(TERMS, legal_basis="consent")
    assert failed({}, terms) == {"g.consent"}
    assert failed({"customer": replace(DACHA_OWNER, flags=("marketing_consent",))}, terms) == set()


def test_a_changed_limit_is_a_changed_gate_version() -> None:
    assert replace(TERMS, limits=replace(TERMS.limits, max_load=0.7)).version != TERMS.version
    assert load_catalogue(OFFERS).terms.version == TERMS.version
