"""An offer in mid-air: what is asked once more, what is answered once, what is taken up instead."""

from __future__ import annotations

import pytest

from ivr.dialog.engine import Session, Turn, advance
from ivr.dialog.session import Phase
from ivr.model import dialog as ev
from ivr.model.hearing import Hypothesis, Recognition
from ivr.model.offers import OfferAnswer
from ivr.model.understanding import Entity, Intent, Understanding
from ivr.nlu.spoken import find
from tests.unit.dialog.test_offer_consent import ASKING, ASSISTANT, SCRIPT, at_the_offer, at_the_read_back

HEARD_OUT = ev.PromptsEnded(at_ms=9)


def heard(text: str, intent: str = "", *entities: Entity) -> ev.UtteranceHeard:
    times = dict.fromkeys(("speech_started_at_ms", "speech_ended_at_ms", "decided_at_ms", "decode_ms", "decodes"), 1)
    reply = find("offer_reply", text, "en")
    return ev.UtteranceHeard(
        at_ms=9,
        recognition=Recognition(
            hypothesis=Hypothesis(text=text, confidence=0.95, engine="test"), language="en", **times
        ),
        understanding=Understanding(
            text=text,
            intent=Intent(name=intent, confidence=0.95 if intent else 0.0),
            entities=(*((reply,) if reply else ()), *entities),
        ),
    )


def after(session: Session, *events: ev.Event) -> Turn:
    turn = Turn(session=session, commands=())
    for event in events:
        turn = advance(ASSISTANT, turn.session, event)
    return turn


def said(turn: Turn) -> list[str]:
    return [prompt.text for command in turn.commands if isinstance(command, ev.Say) for prompt in command.prompts]


def answers(turn: Turn) -> list[OfferAnswer]:
    return [command.answer for command in turn.commands if isinstance(command, ev.RecordOfferAnswer)]


def named(turn: Turn) -> list[str]:
    return [prompt.name for command in turn.commands if isinstance(command, ev.Say) for prompt in command.prompts]


def test_a_half_hearted_yes_is_read_back_to_once_more_and_then_takes_a_plain_one() -> None:
    again = after(at_the_read_back(), HEARD_OUT, heard("okay"))
    assert (said(again), answers(again)) == ([SCRIPT.confirm], [])
    assert answers(after(again.session, HEARD_OUT, heard("yes"))) == [OfferAnswer.ACCEPTED]
    assert answers(after(again.session, HEARD_OUT, ev.DigitsDialed(at_ms=9, digits="1"))) == [OfferAnswer.ACCEPTED]
    doubtful = after(again.session, HEARD_OUT, heard("okay"))
    assert (answers(doubtful), named(doubtful)[0]) == ([OfferAnswer.DECLINED], "utter_offer_unclear")


@pytest.mark.parametrize(
    ("question", "answer"),
    [("how much is it", [SCRIPT.confirm]), ("what does it cover", [SCRIPT.pitch, SCRIPT.confirm])],
)
def test_a_question_at_the_read_back_is_answered_once(question: str, answer: list[str]) -> None:
    asked = after(at_the_read_back(), HEARD_OUT, heard(question))
    assert (said(asked), answers(asked)) == (answer, [])
    assert answers(after(asked.session, HEARD_OUT, heard("yes please"))) == [OfferAnswer.ACCEPTED]
    assert answers(after(asked.session, HEARD_OUT, heard(question))) == [OfferAnswer.DECLINED]


@pytest.mark.parametrize(
    "interest", ["yes", "okay", "sure what is it", "how much does it cost", "i'd like to know more"]
)
def test_interest_is_permission(interest: str) -> None:
    assert said(after(at_the_offer(), heard(interest))) == [SCRIPT.pitch, SCRIPT.confirm]


@pytest.mark.parametrize("interest", ["okay", "what is it", "yes how much is it"])
def test_interest_is_no_consent_to_advertising_which_is_asked_for_once_more(interest: str) -> None:
    again = after(at_the_offer(ASKING), HEARD_OUT, heard(interest))
    assert (said(again), answers(again)) == ([SCRIPT.ask], [])
    over = after(again.session, HEARD_OUT, heard(interest))
    assert answers(over) == [OfferAnswer.NOT_PERMITTED]
    assert SCRIPT.pitch not in said(over)


def test_a_request_in_mid_offer_declines_it_and_is_taken_up_with_its_words() -> None:
    number = Entity(entity="digits", value="77341", readings=("77341",), start=10, end=15)
    turn = after(at_the_read_back(), HEARD_OUT, heard("my policy 77341 i want to pay it", "payment", number))
    session = turn.session
    assert answers(turn) == [OfferAnswer.DECLINED]
    assert "offer.declined" not in named(turn)
    assert session.requests[-1] == {"intent": "payment", "result": "open"}
    assert session.words == "my policy 77341 i want to pay it"
    assert [value.readings for value in session.volunteered] == [("77341",)]


def test_a_complaint_in_mid_offer_is_handed_to_a_person_and_is_no_answer_to_the_offer() -> None:
    turn = after(at_the_offer(), heard("i'd like to make a complaint", "complaint"))
    assert answers(turn) == [OfferAnswer.NOT_PERMITTED]
    [handoff] = [command for command in turn.commands if isinstance(command, ev.RequestHandoff)]
    assert handoff.request.data["in_caller_words"] == "i'd like to make a complaint"
    assert set(named(turn)) == {"utter_transfer_complaint"}


@pytest.mark.parametrize("text", ["yes i lost my job", "okay but i'm in hospital", "yes this is ridiculous"])
def test_who_sounds_upset_or_in_distress_has_not_said_yes(text: str) -> None:
    assert answers(after(at_the_read_back(), HEARD_OUT, heard(text))) == [OfferAnswer.DECLINED]
    assert answers(after(at_the_offer(), heard(text))) == [OfferAnswer.NOT_PERMITTED]


def test_after_a_request_taken_up_the_dialog_goes_on_where_the_offer_was_reached_from() -> None:
    turn = after(at_the_read_back(), HEARD_OUT, heard("i want to pay", "payment"))
    flows = [frame.flow for frame in turn.session.stack]
    assert flows[0] == "main" and "payment" in flows
    assert turn.session.phase is not Phase.OFFER_CONFIRM
