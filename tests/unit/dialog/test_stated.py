"""What the offer was like: asked after the goodbye, of those it was decided for, and never in the way."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from ivr.dialog.engine import Session, Turn, advance
from ivr.dialog.session import Phase, Wait
from ivr.model import dialog as ev
from ivr.model.call import Outcome
from ivr.model.hearing import Hypothesis, Recognition
from ivr.model.offers import Stated, StatedQuestion
from ivr.model.understanding import Intent, Understanding
from tests.unit.dialog.test_offer_consent import ASSISTANT, DECISION
from tests.unit.dialog.test_survey import GHOST, decided, said

QUESTION = StatedQuestion(ask="How was our offer?", thanks="Thank you.", never_after=("complaint",))
ASKING = replace(DECISION, stated=QUESTION)
GOODBYE = ev.DigitsDialed(at_ms=3, digits="2")


def at_the_goodbye(session: Session) -> Turn:
    return advance(ASSISTANT, session, GOODBYE)


def asked(language: str = "en") -> Turn:
    session = replace(at_the_goodbye(decided(ASKING)).session, language=language)
    return advance(ASSISTANT, session, ev.PromptsEnded(at_ms=4))


def words(text: str, intent: str = "", confidence: float = 0.0) -> ev.UtteranceHeard:
    times = dict.fromkeys(("speech_started_at_ms", "speech_ended_at_ms", "decided_at_ms", "decode_ms", "decodes"), 1)
    hypothesis = Hypothesis(text=text, confidence=0.9, engine="test")
    recognition = Recognition(hypothesis=hypothesis, language="en", **times)
    understanding = Understanding(text=text, intent=Intent(name=intent, confidence=confidence))
    return ev.UtteranceHeard(at_ms=5, recognition=recognition, understanding=understanding)


def recorded(turn: Turn) -> list[tuple[str, int]]:
    return [(c.outcome, c.grade) for c in turn.commands if isinstance(c, ev.RecordSurvey)]


def ends(turn: Turn) -> bool:
    return turn.session.wait is Wait.OVER and any(isinstance(command, ev.EndCall) for command in turn.commands)


def test_the_goodbye_is_the_same_and_out_before_anything_is_asked() -> None:
    plain, closing = at_the_goodbye(decided(DECISION)), at_the_goodbye(decided(ASKING))
    assert set(said(plain)) == set(said(closing)) == {"utter_goodbye"}
    assert ends(plain) and not ends(closing)
    assert not any(isinstance(command, ev.Hear) for command in closing.commands), "nobody can talk into it"
    assert advance(ASSISTANT, closing.session, ev.DigitsDialed(at_ms=4, digits="1")).commands == ()
    turn = asked()
    assert said(turn) == ["offer.stated"]
    (hear,) = [command for command in turn.commands if isinstance(command, ev.Hear)]
    assert (hear.keys is not None and hear.keys.max_digits, hear.speech, hear.noinput_ms) == (1, True, 4000)
    assert {phrase.value for phrase in hear.expectation.phrases} == {"1", "2", "3"}


@pytest.mark.parametrize(
    ("answer", "grade"),
    [
        (ev.DigitsDialed(at_ms=5, digits="1"), Stated.USEFUL),
        (ev.DigitsDialed(at_ms=5, digits="3"), Stated.ANNOYING),
        (ev.DigitsDialed(at_ms=5, digits="7"), 0),
        (words("it was quite useful"), Stated.USEFUL),
        (words("well i didn't mind it really"), Stated.DID_NOT_MIND),
        (words("number three"), Stated.ANNOYING),
        (words("it was not really useful"), 0),
        (words("it wasn't annoying"), 0),
        (words("useful but annoying"), 0),
        (words("the first one i guess"), 0),
        (words("what"), 0),
        (ev.SilenceElapsed(at_ms=5), 0),
        (ev.UtteranceRejected(at_ms=5, reason="noise"), 0),
        (ev.HearingLost(at_ms=5), 0),
    ],
)
def test_an_answer_is_thanked_for_and_whatever_is_none_ends_the_call(answer: ev.Event, grade: int) -> None:
    turn = advance(ASSISTANT, asked().session, answer)
    assert recorded(turn) == [("stated", int(grade))]
    assert said(turn) == (["offer.thanks"] if grade else [])
    assert ends(turn)
    assert turn.session.outcome is Outcome.RESOLVED


@pytest.mark.parametrize(
    ("text", "grade"),
    [
        ("было полезно", Stated.USEFUL),
        ("мне не помешало", Stated.DID_NOT_MIND),
        ("помешало", Stated.ANNOYING),
        ("три", Stated.ANNOYING),
        ("не очень полезно", 0),
    ],
)
def test_russian_words_are_answers_too(text: str, grade: int) -> None:
    assert recorded(advance(ASSISTANT, asked("ru").session, words(text))) == [("stated", int(grade))]


def test_nobody_is_asked_who_heard_none_wants_none_or_complained() -> None:
    ghost = replace(GHOST, survey="", stated=QUESTION)
    never = advance(ASSISTANT, replace(decided(ASKING), no_offers=True), GOODBYE)
    complaint = ({"intent": "claim_status", "result": "resolved"}, {"intent": "complaint", "result": "informed"})
    complained = at_the_goodbye(replace(decided(ASKING), requests=complaint))
    for turn in (at_the_goodbye(decided(ghost)), never, complained):
        assert ends(turn)
        assert recorded(turn) == []


def test_whoever_cuts_the_goodbye_short_or_hangs_up_in_it_is_not_asked() -> None:
    closing = at_the_goodbye(decided(ASKING)).session
    cut = advance(ASSISTANT, closing, ev.PromptsEnded(at_ms=4, interrupted=True))
    gone = advance(ASSISTANT, closing, ev.CallerHungUp(at_ms=4))
    assert (recorded(cut), said(cut), ends(cut)) == ([], [], True)
    assert (recorded(gone), gone.session.wait, gone.session.outcome) == ([], Wait.OVER, Outcome.RESOLVED)


def test_hanging_up_on_the_question_is_no_answer_and_no_abandoned_call() -> None:
    gone = advance(ASSISTANT, asked().session, ev.CallerHungUp(at_ms=5))
    assert recorded(gone) == [("stated", 0)]
    assert (gone.session.outcome, gone.session.disposition) == (Outcome.RESOLVED, "goodbye")


def test_no_offers_is_taken_here_too_and_a_person_is_still_to_be_had() -> None:
    for answer in (words("no more offers", "no_offers", 0.9), ev.DigitsDialed(at_ms=5, digits="9")):
        turn = advance(ASSISTANT, asked().session, answer)
        assert turn.session.no_offers and set(said(turn)) == {"utter_no_offers"}
        assert recorded(turn) == [("stated", 0)] and ends(turn)
    turn = advance(ASSISTANT, asked().session, words("annoying", "no_offers", 0.9))
    assert not turn.session.no_offers, "one of the words that were offered is no more than that"
    for person in (words("let me talk to somebody", "operator", 0.9), ev.DigitsDialed(at_ms=5, digits="0")):
        turn = advance(ASSISTANT, asked().session, person)
        assert turn.session.agent_requested and not ends(turn)
        assert (turn.session.phase, turn.session.stated) == (Phase.MAIN, None), "and the question is not asked again"


def test_whatever_happens_after_the_goodbye_it_is_asked_once_and_the_call_ends() -> None:
    rng, ways = random.Random(20261122), set()
    events: tuple[ev.Event, ...] = (
        *(ev.PromptsEnded(at_ms=9, interrupted=interrupted) for interrupted in (False, False, False, True)),
        *(ev.DigitsDialed(at_ms=9, digits=digit) for digit in "1239*8"),
        *(words(text, intent, 0.9) for text, intent in (("useful", ""), ("no offers", "no_offers"), ("help", "help"))),
        ev.HearingLost(at_ms=9),
        ev.HearingRestored(at_ms=9),
        ev.HoldElapsed(at_ms=9, service=""),
        ev.SilenceElapsed(at_ms=9),
        ev.CallerHungUp(at_ms=9),
    )
    closing = at_the_goodbye(decided(ASKING))
    for _ in range(300):
        turns = [closing]
        for event in (*rng.choices(events, k=6), ev.PromptsEnded(at_ms=9), ev.SilenceElapsed(at_ms=9)):
            turns.append(advance(ASSISTANT, turns[-1].session, event))
        asked_times = sum(said(turn).count("offer.stated") for turn in turns)
        answers = [answer for turn in turns for answer in recorded(turn)]
        assert len(answers) == asked_times <= 1
        assert not any("utter_goodbye" in said(turn) for turn in turns[1:]), "that was said"
        assert turns[-1].session.wait is Wait.OVER
        assert turns[-1].session.outcome is Outcome.RESOLVED
        ways.add((asked_times, *answers))
    assert len(ways) == 5, "not asked; no answer; each of the three"
