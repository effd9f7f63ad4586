"""The offer desk of a call that is typed: the real gate, ranking and words, with why each product is offered or not.

Owns what is taken for granted where no service is behind the call: nothing was offered before, nobody is held out, and
nothing is stored.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime

from ivr.call.offer_facts import CallSoFar, facts_of
from ivr.dialog.assistant import Assistant
from ivr.dialog.engine import Session
from ivr.model.ids import new_id
from ivr.model.offers import DialogFacts, OfferDecision
from ivr.offers.catalogue import load_catalogue
from ivr.offers.desk import OfferDesk
from ivr.offers.explaining import RULE_WORDS, fates


class OfferTrial:
    """The desk of one assistant. Raises DesignError for an offers.yml that cannot be used."""

    def __init__(self, assistant: Assistant) -> None:
        catalogue = load_catalogue(assistant.offers_file).listening_for(
            negative=assistant.negative_words, vulnerable=assistant.vulnerable_words
        )
        self._desk = OfferDesk(catalogue, "shell", 0.0)

    def decide(self, told: DialogFacts, session: Session, at_ms: int, now: datetime) -> OfferDecision:
        """The decision for this moment. The draw is the same in every call, so that a replay offers the same."""
        so_far = CallSoFar(call_ms=at_ms, load=0.0, recorded=False, latency_p95_ms=0)
        facts = facts_of(self._desk, told, session, so_far, said=(), waited_s=session.caller.waited_s, now=now)
        facts = replace(facts, consent_can_be_asked=True, suspended=frozenset())
        return self._desk.decide(facts, opportunity_id=new_id(), draw=random.Random(1))

    def why(self, decision: OfferDecision) -> list[str]:
        """What closed the gate; else each product with its probability, or the first rule that removed it."""
        closed = [finding for finding in decision.gate if not finding.passed]
        if closed:
            return [f"no offer: {f.rule}: {RULE_WORDS.get(f.rule, '')} ({f.detail})" for f in closed]
        return [
            f"{fate.product}: p = {fate.probability:.2f}{', offered' if fate.chosen else ''}"
            if not fate.rule
            else f"{fate.product}: {fate.rule}: {fate.words} ({fate.detail})"
            for fate in fates(decision, tuple(self._desk.catalogue.products))
        ]
