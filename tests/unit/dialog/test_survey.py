"""The grade by key before the goodbye: asked of both arms in the same words, never in the way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivr.dialog.engine import Session, Turn, advance
from ivr.dialog.session import Frame, Wait
from ivr.model import dialog as ev
from ivr.model.offers import OfferDecision
from tests.unit.dialog.test_offer_consent import ASSISTANT, DECISION

WORDS = "How was this call? Press one to five."
ASKING = replace(DECISION, survey=WORDS)
GHOST = OfferDecision(opportunity_id="g", arm="holdout", speak=False, household="H1", product="car", survey=WORDS)
FLOW = ASSISTANT.flows["claim_status"]
OFFER = next(name for name, step in FLOW.steps.items() if type(step).__name__ == "OfferStep")


def decided(decision: OfferDecision) -> Session:
    """The offer desk has answered; a spoken offer was turned down, and the caller wants nothing else."""
    session = Session(
        language="en",
        wait=Wait.OFFER_DESK,
        stack=(Frame(flow="main", step="anything_else"), Frame(flow="claim_status", step=OFFER)),
        requests=({"intent": "claim_status", "result": "resolved"},),
    )
    session = advance(ASSISTANT, session, ev.OfferDecided(at_ms=1, decision=decision)).session
    if decision.speak:
        session = advance(ASSISTANT, session, ev.DigitsDialed(at_ms=2, digits="2")).session
    return session


def at_the_survey(decision: OfferDecision) -> Turn:
    return advance(ASSISTANT, decided(decision), ev.DigitsDialed(at_ms=3, digits="2"))


def said(turn: Turn) -> list[str]:
    return [prompt.name for command in turn.commands if isinstance(command, ev.Say) for prompt in command.prompts]


def grades(turn: Turn) -> list[int]:
    return [command.grade for command in turn.commands if isinstance(command, ev.RecordSurvey)]


@pytest.mark.parametrize("decision", [ASKING, GHOST], ids=["treated", "holdout"])
@pytest.mark.parametrize(
    ("answer", "grade"),
    [
        (ev.DigitsDialed(at_ms=4, digits="4"), 4),
        (ev.DigitsDialed(at_ms=4, digits="9"), 0),
        (ev.DigitsDialed(at_ms=4, digits="0"), 0),
        (ev.SilenceElapsed(at_ms=4), 0),
        (ev.UtteranceRejected(at_ms=4, reason="noise"), 0),
    ],
    ids=["4", "9", "0", "silence", "noise"],
)
def test_both_arms_are_asked_and_the_goodbye_follows_whatever_they_press(
    decision: OfferDecision, answer: ev.Event, grade: int
) -> None:
    asked = at_the_survey(decision)
    assert set(said(asked)) == {"offer.survey"}
    (hear,) = [command for command in asked.commands if isinstance(command, ev.Hear)]
    assert (hear.keys is not None and hear.keys.max_digits, hear.speech) == (1, False)
    turn = advance(ASSISTANT, asked.session, answer)
    assert grades(turn) == [grade]
    assert said(turn) and set(said(turn)) == {"utter_goodbye"}
    assert turn.session.wait is Wait.OVER


def test_without_a_survey_the_goodbye_comes_at_once() -> None:
    turn = at_the_survey(DECISION)
    assert set(said(turn)) == {"utter_goodbye"}
    assert turn.session.wait is Wait.OVER


def test_who_hangs_up_on_the_survey_is_not_recorded_with_a_grade() -> None:
    turn = advance(ASSISTANT, at_the_survey(ASKING).session, ev.CallerHungUp(at_ms=5))
    assert grades(turn) == []
