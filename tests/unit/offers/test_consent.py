"""Consent to advertising needs a record behind it, what records say of a customer reaches the gate, and where there is
none it can be asked for in the call: of the treated alone, in words that say what it is."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ivr.model.errors import DesignError
from ivr.model.identity import Customer
from ivr.offers.catalogue import Catalogue, load_catalogue
from ivr.offers.consent import with_standing
from ivr.offers.desk import OfferDesk
from ivr.offers.gate import OfferFacts
from tests.unit.offers.cases import DACHA_OWNER, OPEN_GATE, write_catalogue

RECORD = {"text_version": "ads-3", "given_at": "2026-01-02", "source": "contract 4711"}


def flags(profile: dict[str, Any], *standing: str) -> tuple[str, ...]:
    customer = Customer(customer_id="C1", household="", flags=("vip", "ads_consent"), profile=profile)
    return with_standing(customer, frozenset(standing)).flags


@pytest.mark.parametrize(
    "told",
    [{}, {"ads_consent": True}, *({"ads_consent": {**RECORD, lost: ""}} for lost in RECORD)],
)
def test_a_flag_of_consent_alone_proves_nothing(told: dict[str, Any]) -> None:
    assert flags(told) == ("vip",)


def test_consent_holds_with_a_record_of_ours_or_one_in_the_profile() -> None:
    assert flags({"ads_consent": RECORD}) == ("vip", "ads_consent")
    assert flags({}, "ads_consent") == ("vip", "ads_consent")
    assert flags({}, "vulnerable") == ("vip", "vulnerable")


# ---- asked for in the call ------------------------------------------------------------------------------------------

QUESTION = {
    "en": "May I tell you of one thing? By saying yes you agree to hear advertising from {seller}.",
    "ru": "Рассказать об одной вещи? Сказав «да», вы соглашаетесь слышать рекламу от {seller}.",
}
LINE = "legal_basis: legitimate_interest"


def catalogue(folder: Path, **questions: str) -> Catalogue:
    """The shipped one under the Russian pack. questions: language -> what asks for consent."""
    asked = "".join(f'\n  {language}: "{words}"' for language, words in questions.items())
    change = f"{LINE}\nask_consent:{asked}" if questions else LINE
    return load_catalogue(write_catalogue(folder, ("policy: [eu]", "policy: [ru]"), (LINE, change)))


ASKABLE = replace(OPEN_GATE, recorded=True, consent_can_be_asked=True)


def decided(of: Catalogue, facts: OfferFacts, holdout: float = 0.0) -> Any:
    return OfferDesk(of, "s", holdout).decide(facts, opportunity_id="O", draw=random.Random(1))


def closed(of: Catalogue, facts: OfferFacts) -> list[str]:
    return [finding.rule for finding in decided(of, facts).gate if not finding.passed]


def test_without_a_record_nothing_is_offered_unless_consent_is_asked_for_in_the_call(tmp_path: Path) -> None:
    silent = catalogue(tmp_path)
    assert closed(silent, ASKABLE) == ["g.consent"]
    asking = catalogue(tmp_path, **QUESTION)
    for language, words in (("en", "advertising from Northwind"), ("ru", "рекламу от")):
        asked = decided(asking, replace(ASKABLE, language=language))
        assert asked.speak and asked.asks_consent and words in asked.script.ask
        assert "{" not in asked.script.ask and asked.script.notice
    flags = (("ads_consent",), ("ads_consent", "ads_withdrawn"))
    for given in flags:
        agreed = decided(asking, replace(ASKABLE, customer=replace(DACHA_OWNER, flags=given)))
        assert agreed.speak and not agreed.asks_consent and "advertising" not in agreed.script.ask
    withdrawn = replace(ASKABLE, customer=replace(DACHA_OWNER, flags=("ads_withdrawn",)))
    for shut in (withdrawn, replace(ASKABLE, consent_can_be_asked=False), replace(ASKABLE, recorded=False)):
        assert closed(asking, shut) == ["g.consent"]
    assert silent.terms.version != asking.terms.version, "another gate is another population"


def test_both_arms_hold_the_same_people_and_the_holdout_is_asked_nothing(tmp_path: Path) -> None:
    asking = catalogue(tmp_path, **QUESTION)
    treated, ghost = decided(asking, ASKABLE), decided(asking, ASKABLE, 1.0)
    assert (ghost.arm, ghost.speak, ghost.script, ghost.asks_consent) == ("holdout", False, None, True)
    assert (ghost.product, ghost.probabilities, ghost.gate) == (treated.product, treated.probabilities, treated.gate)


@pytest.mark.parametrize(
    ("questions", "code", "line"),
    [
        ({"en": QUESTION["en"]}, "offer-language", "ask_consent:"),
        ({**QUESTION, "ru": "Рассказать об одной вещи от {seller}?"}, "offer-consent", "ru:"),
        ({**QUESTION, "en": "May I? Yes means advertising."}, "offer-consent", "en:"),
        ({**QUESTION, "en": "Hear advertising from {seller} for 5 euros?"}, "offer-price", "en:"),
        ({**QUESTION, "en": "Hear advertising from {company} and {seller}?"}, "offer-placeholder", "en:"),
    ],
)
def test_a_question_that_does_not_say_what_a_yes_agrees_to_is_refused_where_it_stands(
    tmp_path: Path, questions: dict[str, str], code: str, line: str
) -> None:
    with pytest.raises(DesignError) as refused:
        catalogue(tmp_path, **questions)
    [fault] = refused.value.faults
    text = (tmp_path / "offers.yml").read_text(encoding="utf-8").splitlines()
    assert (fault.code, text[fault.line - 1].strip()[: len(line)]) == (code, line)


def test_a_question_nobody_is_asked_is_a_fault(tmp_path: Path) -> None:
    change = f'{LINE}\nask_consent: {{en: "Advertising from {{seller}}?"}}'
    with pytest.raises(DesignError, match="no policy pack demands consent"):
        load_catalogue(write_catalogue(tmp_path, (LINE, change)))
