"""Why this, and why not that: every product with the first rule that removed it, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ivr.model.offers import OfferDecision

RULE_WORDS: Mapping[str, str] = {
    "g.resolved": "the request was not solved, or the caller did not say so",
    "g.positive": "the call did not go well",
    "g.never_intents": "nobody is offered anything after such a request",
    "g.vulnerable": "the caller may be vulnerable, or is not an adult",
    "g.repeat": "the caller had to call again for the same, or has an open ticket",
    "g.wait": "the caller waited too long, or the call is long already",
    "g.load": "too many calls are going on",
    "g.cap": "this household was offered something not long ago, or turned offers down",
    "g.optout": "this household wants no offers",
    "g.consent": "a consent the policy packs demand is missing",
    "g.level": "the caller is not known well enough",
    "g.bot_disclosed": "the bot has not said that it is one",
    "g.suspended": "offers to this group are switched off",
    "p.relevant": "it does not fit the request",
    "p.owned": "the customer has it",
    "p.level": "the caller is not known well enough for it",
    "p.language": "it has no script in the caller's language",
    "p.recording": "it may only be offered in recorded calls",
    "p.cap": "the customer turned it down not long ago",
    "p.eligible": "its own condition does not hold",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """One product. probability: 0.0 when removed. rule, detail: the first that removed it, "" when none did."""

    product: str
    probability: float
    chosen: bool
    rule: str = ""
    detail: str = ""

    @property
    def words(self) -> str:
        """The rule in words."""
        return RULE_WORDS.get(self.rule, "")


def fates(decision: OfferDecision, products: tuple[str, ...]) -> tuple[Fate, ...]:
    """Of all products, those of the decision first. products: the catalogue's; what the decision did not know of was
    added later."""
    return tuple(_fates(decision, tuple(dict.fromkeys((*decision.eligible, *decision.removed, *products)))))


def _fates(decision: OfferDecision, products: tuple[str, ...]) -> Iterator[Fate]:
    for product in products:
        rule, _, detail = decision.removed.get(product, "").partition(": ")
        known = product in decision.removed or product in decision.eligible
        yield Fate(
            product=product,
            probability=decision.probabilities.get(product, 0.0),
            chosen=product == decision.product,
            rule=rule,
            detail=detail if known else "not in the catalogue then",
        )
