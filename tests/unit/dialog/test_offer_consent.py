"""A yes to an offer counts only after product and price were heard to the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.dialog.assistant import load_assistant
from ivr.dialog.engine import Session, Turn, advance, new_session
from ivr.dialog.session import Phase
from ivr.model import dialog as ev
from ivr.model.identity import Caller, Customer, Identity, Level
from ivr.model.offers import OfferAnswer, OfferDecision, OfferScript

ASSISTANT = load_assistant(Path(__file__).parents[3] / "dialogs/insurance")
SCRIPT = OfferScript(ask="May I?", pitch="Cover.", confirm="For three euros?", accepted="Thanks.", declined="Fine.")
DECISION = OfferDecision(opportunity_id="o", arm="treat", speak=True, household="H1", script=SCRIPT)


def at_the_read_back() -> Session:
    session = new_session(ASSISTANT, "en")
    caller = Caller(ani="+12025550101", dnis="1", claimed=False)
    started = ev.CallStarted(
        at_ms=0, call_id="c", caller=caller, language="en", started_at="2026-11-20T09:00:00Z", cut_off=False
    )
    known = Identity(level=Level.L1, customer=Customer(customer_id="C1", household="H1"))
    for event in (
        started,
        ev.ServiceEnded(at_ms=1, service="recognise", outcome="ok", identity=known),
        ev.DigitsDialed(at_ms=2, digits="1"),
        ev.DigitsDialed(at_ms=3, digits="204518"),
        ev.ServiceEnded(at_ms=4, service="get_claim", outcome="ok", values={"claim": {"status": "in_review"}}),
        ev.DigitsDialed(at_ms=5, digits="1"),
        ev.OfferDecided(at_ms=6, decision=DECISION),
        ev.PromptsEnded(at_ms=7),
        ev.DigitsDialed(at_ms=8, digits="1"),
    ):
        session = advance(ASSISTANT, session, event).session
    assert session.phase is Phase.OFFER_CONFIRM
    return session


def answers(turn: Turn) -> list[OfferAnswer]:
    return [command.answer for command in turn.commands if isinstance(command, ev.RecordOfferAnswer)]


def test_a_yes_after_the_read_back_is_an_acceptance_with_the_words_that_were_heard() -> None:
    session = advance(ASSISTANT, at_the_read_back(), ev.PromptsEnded(at_ms=9)).session
    turn = advance(ASSISTANT, session, ev.DigitsDialed(at_ms=10, digits="1"))
    assert answers(turn) == [OfferAnswer.ACCEPTED]
    assert next(c for c in turn.commands if isinstance(c, ev.RecordOfferAnswer)).read_back == SCRIPT.confirm


@pytest.mark.parametrize("ended", [None, ev.PromptsEnded(at_ms=9, interrupted=True)])
def test_a_yes_that_cut_the_price_short_is_asked_again_and_cannot_cut_it_again(ended: ev.PromptsEnded | None) -> None:
    session = at_the_read_back()
    if ended is not None:
        session = advance(ASSISTANT, session, ended).session
    turn = advance(ASSISTANT, session, ev.DigitsDialed(at_ms=10, digits="1"))
    assert answers(turn) == []
    said = next(command for command in turn.commands if isinstance(command, ev.Say))
    assert [prompt.text for prompt in said.prompts] == [SCRIPT.confirm]
    assert said.barge_in == ev.BargeIn(speech=False, dtmf=False)
    heard = advance(ASSISTANT, turn.session, ev.PromptsEnded(at_ms=12)).session
    assert answers(advance(ASSISTANT, heard, ev.DigitsDialed(at_ms=13, digits="1"))) == [OfferAnswer.ACCEPTED]


def test_a_no_may_cut_the_offer_short() -> None:
    turn = advance(ASSISTANT, at_the_read_back(), ev.DigitsDialed(at_ms=9, digits="2"))
    assert answers(turn) == [OfferAnswer.DECLINED]
