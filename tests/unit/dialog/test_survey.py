"""The grade before the goodbye: asked of both arms in the same words, never in the way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivr.dialog.engine import Session, Turn, advance
from ivr.dialog.session import Frame, Wait
from ivr.model import dialog as ev
from ivr.model.hearing import Hypothesis, Recognition
from ivr.model.offers import OfferDecision
from ivr.model.understanding import Intent, Understanding
from ivr.nlu.spoken import find
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


def heard(text: str, intent: str = "", confidence: float = 0.95) -> ev.UtteranceHeard:
    """Words as the real parsers read them, and the intent they are given here."""
    times = dict.fromkeys(("speech_started_at_ms", "speech_ended_at_ms", "decided_at_ms", "decode_ms", "decodes"), 1)
    hypothesis = Hypothesis(text=text, confidence=confidence, engine="test")
    number = find("number", text, "en")
    meant = Intent(name=intent, confidence=0.95 if intent else 0.0)
    return ev.UtteranceHeard(
        at_ms=4,
        recognition=Recognition(hypothesis=hypothesis, language="en", **times),
        understanding=Understanding(text=text, intent=meant, entities=(number,) if number else ()),
    )


@pytest.mark.parametrize("decision", [ASKING, GHOST], ids=["treated", "holdout"])
@pytest.mark.parametrize(
    ("answer", "grade"),
    [
        (ev.DigitsDialed(at_ms=4, digits="4"), 4),
        (ev.DigitsDialed(at_ms=4, digits="7"), 0),
        (heard("a five please"), 5),
        (heard("five", confidence=0.4), 0),
        (heard("two people of yours called me last week"), 0),
        (heard("goodbye", intent="goodbye"), 0),
        (ev.SilenceElapsed(at_ms=4), 0),
        (ev.UtteranceRejected(at_ms=4, reason="noise"), 0),
    ],
    ids=["4", "7", "five", "perhaps five", "no grade", "goodbye", "silence", "noise"],
)
def test_both_arms_are_asked_and_the_goodbye_follows_whatever_they_press(
    decision: OfferDecision, answer: ev.Event, grade: int
) -> None:
    asked = at_the_survey(decision)
    assert set(said(asked)) == {"offer.survey"}
    (hear,) = [command for command in asked.commands if isinstance(command, ev.Hear)]
    assert (hear.keys is not None and hear.keys.max_digits, hear.speech) == (1, True)
    turn = advance(ASSISTANT, asked.session, answer)
    assert grades(turn) == [grade]
    assert said(turn) and set(said(turn)) == {"utter_goodbye"}
    assert turn.session.wait is Wait.OVER


@pytest.mark.parametrize("decision", [ASKING, GHOST], ids=["treated", "holdout"])
@pytest.mark.parametrize(
    "never",
    [ev.DigitsDialed(at_ms=4, digits="9"), heard("never call me again", intent="no_offers")],
    ids=["9", "words"],
)
def test_no_offers_is_noted_at_the_grade_too(decision: OfferDecision, never: ev.Event) -> None:
    turn = advance(ASSISTANT, at_the_survey(decision).session, never)
    assert (turn.session.no_offers, grades(turn)) == (True, [0])
    assert [c.kind for c in turn.commands if isinstance(c, ev.Note)].count("offer.refused") == 1
    assert said(turn)[0] == "utter_no_offers" and said(turn)[-1] == "utter_goodbye"
    assert turn.session.wait is Wait.OVER


@pytest.mark.parametrize(
    ("wish", "begun"),
    [
        (ev.DigitsDialed(at_ms=4, digits="0"), ""),
        (heard("let me talk to a person", intent="operator"), ""),
        (heard("i want to complain about two of you", intent="complaint"), "complaint"),
    ],
    ids=["0", "operator", "complaint"],
)
def test_whoever_wants_a_person_or_to_complain_at_the_grade_is_handed_over(wish: ev.Event, begun: str) -> None:
    turn = advance(ASSISTANT, at_the_survey(ASKING).session, wish)
    assert any(isinstance(command, ev.RequestHandoff) for command in turn.commands)
    assert [r["intent"] for r in turn.session.requests[1:]] == ([begun] if begun else [])
    assert turn.session.agent_requested is not bool(begun)
    assert grades(turn) == [0]


def test_the_grade_is_asked_once_more_for_who_did_not_hear_it_and_not_twice() -> None:
    again = advance(ASSISTANT, at_the_survey(ASKING).session, heard("pardon", intent="repeat"))
    assert (set(said(again)), grades(again)) == ({"offer.survey"}, [])
    assert set(said(advance(ASSISTANT, again.session, heard("pardon", intent="repeat")))) == {"utter_goodbye"}


def test_without_a_survey_the_goodbye_comes_at_once() -> None:
    turn = at_the_survey(DECISION)
    assert set(said(turn)) == {"utter_goodbye"}
    assert turn.session.wait is Wait.OVER


def test_who_hangs_up_on_the_survey_is_not_recorded_with_a_grade() -> None:
    turn = advance(ASSISTANT, at_the_survey(ASKING).session, ev.CallerHungUp(at_ms=5))
    assert grades(turn) == []
