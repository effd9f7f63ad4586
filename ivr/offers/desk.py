"""The offer desk: one decision per opportunity, in the order that makes the statistics valid (domain.md 1.3).

gate -> eligible -> opportunity -> draw the offer -> look up the arm -> speak, or stay silent (the ghost). Pure: facts,
randomness and identifiers come in, a decision goes out; storing it is the caller's business.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ivr.model.identity import Customer
from ivr.model.offers import GateFinding, OfferDecision, OfferScript, StatedQuestion, household_of
from ivr.offers.catalogue import Catalogue, Product
from ivr.offers.eligibility import CallView, CustomerView, view_of
from ivr.offers.experiment import Experiment
from ivr.offers.gate import OfferFacts, asks_consent, check, declined_lately
from ivr.offers.learning import VERSION, PooledRidge, Situation
from ivr.offers.ranking import fixed, pick, pinned, ruled
from ivr.offers.script import with_consent, with_notice


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """The call something might be offered in, and the caller as conditions see them."""

    facts: OfferFacts
    customer: Customer
    view: CustomerView
    call: CallView
    cool_down_days: int


def _not_relevant(product: Product, asked: _Asked) -> str:
    return "" if asked.facts.intent in product.relevant_after else f"not after {asked.facts.intent}"


def _owned(product: Product, asked: _Asked) -> str:
    return "already owned" if product.product_id in asked.customer.owns else ""


def _level_too_low(product: Product, asked: _Asked) -> str:
    level = asked.facts.level
    return "" if level >= product.level else f"needs {product.level.name}, has {level.name}"


def _no_script(product: Product, asked: _Asked) -> str:
    return "" if asked.facts.language in product.scripts else f"no script in {asked.facts.language}"


def _not_recorded(product: Product, asked: _Asked) -> str:
    return "needs a recorded call" if product.recording and not asked.facts.recorded else ""


def _declined_lately(product: Product, asked: _Asked) -> str:
    days, facts = asked.cool_down_days, asked.facts
    declined = declined_lately(facts.history, product.product_id, facts.now, days)
    return f"declined within {days} days" if declined else ""


def _not_eligible(product: Product, asked: _Asked) -> str:
    return product.eligible.missing(asked.view, asked.call)


PRODUCT_RULES: Mapping[str, Callable[[Product, _Asked], str]] = {
    "p.relevant": _not_relevant,
    "p.owned": _owned,
    "p.level": _level_too_low,
    "p.language": _no_script,
    "p.recording": _not_recorded,
    "p.cap": _declined_lately,
    "p.eligible": _not_eligible,
}
"""Rules per product, in order; each answers why the product is out, or ""."""


class OfferDesk:
    """Decides offers for one catalogue and one experiment. Its only state is what it has learned of acceptance."""

    def __init__(self, catalogue: Catalogue, salt: str, holdout: float, stated_share: float = 0.0) -> None:
        """holdout: share of households that never hear an offer, 0..1. Raises ConfigError outside of that.
        stated_share: of the offers made whose callers are asked what they were like, 0..1."""
        self.catalogue = catalogue
        self.learner = _learner(catalogue)
        self.experiment = Experiment(salt=salt, holdout=holdout)
        self._stated_share = stated_share
        self._gate_version = catalogue.terms.version
        self._phase = self.experiment.phase

    def decide(self, facts: OfferFacts, *, opportunity_id: str, draw: random.Random) -> OfferDecision:
        """The decision for this moment of the call. arm "none": no opportunity, nothing is drawn."""
        household = household_of(facts.customer)
        asked = self._asked(facts)
        group, known = self._who(asked)
        findings = check(replace(facts, group=group), self.catalogue.terms)
        removed, eligible = self._sift(asked, findings)
        if not eligible:
            return OfferDecision(
                opportunity_id=opportunity_id,
                arm="none",
                speak=False,
                household=household,
                gate=findings,
                removed=removed,
                gate_version=self._gate_version,
                phase=self._phase,
                group=group,
                known=known,
            )
        assert facts.customer is not None, "g.level lets no stranger through"
        policy, probabilities = self._ranked(eligible, Situation(group=group, known=known), draw)
        chosen = self.catalogue.products[pick(probabilities, draw)]
        arm = self.experiment.arm(household)
        speak, asks = arm == "treat", asks_consent(facts, self.catalogue.terms)
        return OfferDecision(
            opportunity_id=opportunity_id,
            arm=arm,
            speak=speak,
            household=household,
            product=chosen.product_id,
            relation=chosen.relation(facts.customer),
            script=self._script(chosen, facts, asks=asks) if speak else None,
            asks_consent=asks,
            p_treat=self.experiment.p_treat,
            probabilities=probabilities,
            gate=findings,
            eligible=tuple(product.product_id for product in eligible),
            removed=removed,
            policy=policy,
            gate_version=self._gate_version,
            phase=self._phase,
            group=group,
            known=known,
            survey=self.survey(facts.language, household, surveyed=facts.history.surveyed),
            stated=self.stated(facts.language, opportunity_id, lately=facts.history.stated) if speak else None,
            fulfil=chosen.fulfil if speak else "",
            title=chosen.titles.get(facts.language, "") if speak else "",
            price=chosen.price_words(facts.language) if speak else "",
        )

    def learn(self, decision: OfferDecision, *, accepted: bool) -> None:
        """Take in how a spoken offer ended. A ghost teaches nothing, whoever asks."""
        if decision.speak:
            self.take_in(decision.group, decision.known, decision.product, accepted=accepted)

    def take_in(self, group: str, known: tuple[float, ...], product: str, *, accepted: bool) -> None:
        """The same of an offer that was certainly made. A product no longer in the catalogue teaches nothing."""
        if self.learner is not None and product in self.learner.products:
            self.learner.learn(Situation(group=group, known=known), product, accepted=accepted)

    def remember(self, belief: Mapping[str, Any]) -> bool:
        """Go on with what was learned before. False, and nothing changes, when it is about other products or groups."""
        restored = PooledRidge.restored(belief)
        fresh = self.learner
        if restored is None or fresh is None or _about(restored) != _about(fresh):
            return False
        self.learner = restored
        return True

    def texts(self) -> tuple[tuple[str, str], ...]:
        """(language, text) of everything an offer may say, so that no caller waits for a voice."""
        found = [
            (language, text)
            for product in self.catalogue.products.values()
            for language, script in product.scripts.items()
            for text in (script.ask, script.pitch, script.confirm, script.accepted, script.declined, script.otherwise)
            if text
        ]
        notices = [item for pack in self.catalogue.terms.packs for item in pack.first_offer_notice.items()]
        notices += self.catalogue.terms.ask_consent.items()
        terms = self.catalogue.experiment
        if terms is None:
            return (*notices, *found)
        stated = [(language, text) for language, asks in terms.stated.items() for text in (asks.ask, asks.thanks)]
        return (*notices, *terms.survey.items(), *stated, *found)

    def negative_words(self, said: Iterable[str]) -> tuple[str, ...]:
        """The negative phrases of any language found in what the caller said; for OfferFacts.negative_words."""
        return _found(said, self.catalogue.terms.limits.negative_words)

    def vulnerable_words(self, said: Iterable[str]) -> tuple[str, ...]:
        """The phrases of bereavement, illness or confusion, of any language, found in what the caller said."""
        return _found(said, self.catalogue.terms.limits.vulnerable_words)

    def _asked(self, facts: OfferFacts) -> _Asked | None:
        """None for a caller without a profile."""
        if facts.customer is None:
            return None
        return _Asked(
            facts=facts,
            customer=facts.customer,
            view=view_of(facts.customer, facts.now),
            call=CallView(intent=facts.intent, language=facts.language),
            cool_down_days=self.catalogue.terms.limits.cool_down_days,
        )

    def _who(self, asked: _Asked | None) -> tuple[str, tuple[float, ...]]:
        """The caller's pre-registered group and the numbers known before the call."""
        terms = self.catalogue.experiment
        if terms is None or asked is None:
            return "", ()
        return terms.grouping.group_of(asked.view, asked.call), terms.grouping.known_of(asked.customer)

    def _ranked(
        self, eligible: tuple[Product, ...], situation: Situation, draw: random.Random
    ) -> tuple[str, Mapping[str, float]]:
        """The logged name of the policy, and product -> exact probability."""
        catalogue = self.catalogue
        sure = pinned(eligible, catalogue.pin)
        if sure is not None:
            return f"pin:{catalogue.pin}", sure
        if self.learner is not None:
            margins = {product.product_id: product.margin for product in eligible}
            return VERSION, self.learner.propensities(situation, margins)
        if catalogue.ranking == "rules":
            return "rules/1", ruled(eligible, catalogue.rules.get(situation.group, catalogue.rules.get("else", ())))
        return "fixed/1", fixed(eligible)

    def _sift(
        self, asked: _Asked | None, findings: tuple[GateFinding, ...]
    ) -> tuple[Mapping[str, str], tuple[Product, ...]]:
        """Product -> the first rule that removed it, and the products left."""
        products = self.catalogue.products
        closed = next((f for f in findings if not f.passed), None)
        if closed is not None or asked is None:
            reason = f"{closed.rule}: {closed.detail}" if closed else "g.level: no profile"
            return dict.fromkeys(products, reason), ()
        removed: dict[str, str] = {}
        left = []
        for name, product in products.items():
            for rule, why in PRODUCT_RULES.items():
                answer = why(product, asked)
                if answer:
                    removed[name] = f"{rule}: {answer}"
                    break
            else:
                left.append(product)
        return removed, tuple(left)

    def survey(self, language: str, household: str, *, surveyed: bool) -> str:
        """What asks this household for a grade by key, whatever its arm; "" when it is not asked (again)."""
        terms = self.catalogue.experiment
        words = terms.survey.get(language, "") if terms else ""
        if terms is None or surveyed or not words or not self.experiment.asks(household, terms.survey_share):
            return ""
        return words

    def stated(self, language: str, opportunity_id: str, *, lately: bool) -> StatedQuestion | None:
        """What asks the caller of a spoken offer what it was like; None for most. lately: the household was asked."""
        terms = self.catalogue.experiment
        if terms is None or lately or not self.experiment.asks_what_it_was_like(opportunity_id, self._stated_share):
            return None
        return terms.stated.get(language)

    def _script(self, product: Product, facts: OfferFacts, *, asks: bool) -> OfferScript | None:
        """What is said in this call. asks: permission is consent to advertising at the same time."""
        script = self.words(product.product_id, facts.language, first=not facts.history.offers)
        question = self.catalogue.terms.ask_consent.get(facts.language, "") if asks else ""
        return with_consent(script, question) if script is not None and question else script

    def words(self, product: str, language: str, *, first: bool) -> OfferScript | None:
        """The script of a product, with the notice a household's first offer carries; None when there is none."""
        known = self.catalogue.products.get(product)
        script = known.scripts.get(language) if known else None
        if script is None or not first:
            return script
        notices = (pack.first_offer_notice.get(language, "") for pack in self.catalogue.terms.packs)
        return with_notice(script, next(filter(None, notices), ""))


def _learner(catalogue: Catalogue) -> PooledRidge | None:
    """A belief that knows no more than the designer's guesses."""
    if catalogue.ranking != "learned" or catalogue.experiment is None:
        return None
    guesses = {name: product.prior.mean for name, product in catalogue.products.items()}
    grouping = catalogue.experiment.grouping
    return PooledRidge(guesses, tuple(grouping.conditions), len(grouping.known))


def _about(learner: PooledRidge) -> tuple[tuple[str, ...], tuple[str, ...], int]:
    return learner.products, tuple(learner.groups), learner.known


def _found(said: Iterable[str], phrases: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """All languages are searched: who changes the language has not unsaid anything."""
    text = " ".join(said).lower()
    every = (phrase for of_language in phrases.values() for phrase in of_language)
    return tuple(p for p in every if re.search(rf"\b{re.escape(p.lower())}\b", text))
