"""The offer on the agent's screen: grey until the request is solved, then its words, what must be told with it, and
the four ways it can end. Owns what the card shows; the decision is the offer desk's, the holdout's is shown to nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ivr.model.offers import OfferAnswer, OfferScript
from ivr.offers.catalogue import Product
from ivr.storage.offers import StoredOffer
from ivr.web.desk import Desk
from ivr.web.screen import Screen
from ivr.web.screen_words import ENGLISH, SCREEN_WORDS

READ_BACK, NOTICE = "read_back", "notice"
ANSWERS: Mapping[str, OfferAnswer] = {
    "accepted": OfferAnswer.ACCEPTED,
    "declined": OfferAnswer.DECLINED,
    "not_now": OfferAnswer.NOT_PERMITTED,
    "never_again": OfferAnswer.NEVER_AGAIN,
}
"""Button -> answer. "Not now" is a no to "may I tell you ...?"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferCard:
    """state: "none", "waits" (for the request to be solved), "blocked", "open" or "answered". product: its title, ""
    where it must not be known. why: how it relates to what the customer has (OfferDecision.relation). blocked: why not
    now. script: what to say, in order; told: codes of what must be told before a yes counts; answer: a key of ANSWERS,
    or the code of another answer."""

    state: str
    product: str = ""
    why: str = ""
    blocked: str = ""
    script: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    answer: str = ""


async def card_of(desk: Desk, screen: Screen, *, solved: bool, language: str) -> OfferCard:
    """The card of the call on a screen. language: of the page. Raises StorageError."""
    stored = await drawn_in(desk, screen.call_id)
    blocked = SCREEN_WORDS.get(language, ENGLISH).blocked
    if screen.vulnerable and not (stored is not None and stored.answer):  # before anything that depends on the arm
        return OfferCard(state="blocked", blocked=blocked["g.vulnerable"])
    if stored is None or not stored.decision.speak:
        waits = screen.offer_waits and not solved
        state = "waits" if waits else "blocked" if screen.offer and screen.offer_blocked else "none"
        product = screen.offer if state != "none" else ""
        return OfferCard(state=state, product=product, blocked=screen.offer_blocked if state != "none" else "")
    offered, words = _offered(desk, stored)
    name = stored.decision.product
    title = (offered.titles.get(language, "") if offered else "") or name.replace("_", " ")
    if stored.answer:
        answer = next((code for code, each in ANSWERS.items() if each.value == stored.answer), stored.answer)
        return OfferCard(state="answered", product=title, answer=answer)
    if stored.decision.asks_consent:  # the assistant asked for it, and had no answer
        return OfferCard(state="blocked", blocked=blocked["g.consent"])
    if offered is None or words is None:
        return OfferCard(state="none")
    if not solved:
        return OfferCard(state="waits", product=title, why=stored.decision.relation, blocked=screen.offer_blocked)
    return OfferCard(
        state="open",
        product=title,
        why=stored.decision.relation,
        script=tuple(filter(None, (words.ask, words.notice, words.pitch, words.confirm))),
        told=must_be_told(offered, words),
    )


async def drawn_in(desk: Desk, call_id: str) -> StoredOffer | None:
    """The offer drawn in a call, the holdout's too; None while there is none."""
    if desk.offers is None or not call_id:
        return None
    found = await desk.store.opportunities_of(call_id=call_id)
    return next((each for each in reversed(found) if each.decision.arm != "none"), None)


def words_of(desk: Desk, stored: StoredOffer) -> OfferScript | None:
    """What is said, as when it was decided; None when the product is gone."""
    return _offered(desk, stored)[1]


def must_be_told(product: Product, words: OfferScript) -> tuple[str, ...]:
    """Codes of what must be told before a yes counts: disclosures, a first offer's notice, the read-back."""
    return (*product.disclosures, *((NOTICE,) if words.notice else ()), READ_BACK)


def lacking(desk: Desk, stored: StoredOffer, ticked: Sequence[str]) -> tuple[str, ...]:
    """What of it was not told."""
    product, words = _offered(desk, stored)
    needed = must_be_told(product, words) if product is not None and words is not None else (READ_BACK,)
    return tuple(code for code in needed if code not in ticked)


def _offered(desk: Desk, stored: StoredOffer) -> tuple[Product | None, OfferScript | None]:
    if desk.offers is None:
        return None, None
    offers, facts = desk.offers(), stored.facts
    history: Mapping[str, Any] = facts.get("history", {})
    name = stored.decision.product
    words = offers.words(name, str(facts.get("language", "")), first=not history.get("offers"))
    return offers.catalogue.products.get(name), words
