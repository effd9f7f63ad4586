"""A yes to an offer counts only after product and price were heard to the end; a yes that is consent to advertising as
well only after the whole question, and the pitch only once it is on record."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.dialog.assistant import load_assistant
from ivr.dialog.engine import Session, Turn, advance, new_session
from ivr.dialog.session import Phase
from ivr.model import dialog as ev
from ivr.model.consent import ConsentKept, KeepConsent
from ivr.model.hearing import Hypothesis, Recognition
from ivr.model.identity import Caller, Customer, Identity, Level
from ivr.model.offers import OfferAnswer, OfferDecision, OfferScript
from ivr.model.understanding import Intent, Understanding

ASSISTANT = load_assistant(Path(__file__).parents[3] / "dialogs/insurance")
SCRIPT = OfferScript(ask="May I?", pitch="Cover.", confirm="For three euros?", accepted="Thanks.", declined="Fine.")
DECISION = OfferDecision(opportunity_id="o", arm="treat", speak=True, household="H1", script=SCRIPT)


def at_the_offer(decision: OfferDecision = DECISION) -> Session:
    """The question for permission has been put, and nobody knows yet whether it was heard to its end."""
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
        ev.OfferDecided(at_ms=6, decision=decision),
    ):
        session = advance(ASSISTANT, session, event).session
    assert session.phase is Phase.OFFER_PERMISSION
    return session


def at_the_read_back() -> Session:
    session = at_the_offer()
    for event in (ev.PromptsEnded(at_ms=7), ev.DigitsDialed(at_ms=8, digits="1")):
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


# ---- permission that is consent to advertising ----------------------------------------------------------------------

ASKING = replace(DECISION, asks_consent=True)
KEY_ONE = ev.DigitsDialed(at_ms=9, digits="1")
HEARD_OUT = ev.PromptsEnded(at_ms=8)


def said(words: str, value: str, confidence: float) -> ev.UtteranceHeard:
    hypothesis = Hypothesis(text=words, confidence=confidence, value=value, engine="test")
    times = dict.fromkeys(("speech_started_at_ms", "speech_ended_at_ms", "decided_at_ms", "decode_ms", "decodes"), 1)
    recognition = Recognition(hypothesis=hypothesis, language="en", **times)
    return ev.UtteranceHeard(
        at_ms=9,
        recognition=recognition,
        understanding=Understanding(text=words, intent=Intent(name="", confidence=0.0)),
    )


def after(*events: ev.Event) -> Turn:
    turn = Turn(session=at_the_offer(ASKING), commands=())
    for event in events:
        turn = advance(ASSISTANT, turn.session, event)
    return turn


def spoken(turn: Turn) -> list[str]:
    return [prompt.text for command in turn.commands if isinstance(command, ev.Say) for prompt in command.prompts]


@pytest.mark.parametrize(
    ("yes", "proof"),
    [(KEY_ONE, ("dtmf", "", 0.0, "1")), (said("yes please", "yes", 0.9), ("speech", "yes please", 0.9, ""))],
)
def test_consent_is_kept_with_its_proof_and_the_pitch_waits_until_it_is(
    yes: ev.Event, proof: tuple[object, ...]
) -> None:
    turn = after(HEARD_OUT, yes)
    [kept] = [command for command in turn.commands if isinstance(command, KeepConsent)]
    assert (kept.method, kept.heard, kept.confidence, kept.digits) == proof
    assert (kept.words, spoken(turn)) == (SCRIPT.ask, [])
    for early in (KEY_ONE, HEARD_OUT, ev.SilenceElapsed(at_ms=9), ev.OfferDecided(at_ms=9, decision=ASKING)):
        assert spoken(advance(ASSISTANT, turn.session, early)) == []
    assert spoken(advance(ASSISTANT, turn.session, ConsentKept(at_ms=10, stored=True))) == ["Cover.", SCRIPT.confirm]
    lost = advance(ASSISTANT, turn.session, ConsentKept(at_ms=10, stored=False))
    assert (answers(lost), spoken(lost)[0]) == ([OfferAnswer.NOT_PERMITTED], SCRIPT.declined)
    gone = advance(ASSISTANT, turn.session, ev.CallerHungUp(at_ms=10))
    assert answers(gone) == [OfferAnswer.HUNG_UP]


def test_a_yes_into_the_question_is_asked_again_to_its_end() -> None:
    turn = after(ev.PromptsEnded(at_ms=8, interrupted=True), KEY_ONE)
    assert spoken(turn) == [SCRIPT.ask]
    assert [c.barge_in for c in turn.commands if isinstance(c, ev.Say)] == [ev.BargeIn(speech=False, dtmf=False)]
    turn = advance(ASSISTANT, advance(ASSISTANT, turn.session, HEARD_OUT).session, KEY_ONE)
    assert any(isinstance(command, KeepConsent) for command in turn.commands)


@pytest.mark.parametrize(
    ("no", "answer"),
    [
        (said("yes", "yes", 0.89), OfferAnswer.NOT_PERMITTED),
        (said("no", "no", 0.97), OfferAnswer.NOT_PERMITTED),
        (said("what was that", "", 0.97), OfferAnswer.NOT_PERMITTED),
        (ev.DigitsDialed(at_ms=9, digits="2"), OfferAnswer.NOT_PERMITTED),
        (ev.SilenceElapsed(at_ms=9), OfferAnswer.NO_ANSWER),
    ],
)
def test_anything_else_is_no_consent_and_ends_the_offer(no: ev.Event, answer: OfferAnswer) -> None:
    turn = after(HEARD_OUT, no)
    assert answers(turn) == [answer]
    assert not any(isinstance(command, KeepConsent) for command in turn.commands)
    assert SCRIPT.pitch not in spoken(turn)


def test_whatever_callers_and_stores_do_no_pitch_comes_before_a_consent_on_record() -> None:
    rng, pitched, begun = random.Random(20261122), 0, at_the_offer(ASKING)
    for _ in range(600):
        session, on_record = begun, False
        for _ in range(8):
            yes = said("yes", "yes", rng.choice((0.5, 0.89, 0.9, 0.97)))
            event: ev.Event = rng.choice(
                (
                    *(ev.PromptsEnded(at_ms=9, interrupted=rng.random() < 0.3),) * 3,
                    ev.DigitsDialed(at_ms=9, digits=rng.choice("1111290*")),
                    rng.choice((yes, yes, yes, said("no", "no", 0.95))),
                    *(ConsentKept(at_ms=9, stored=rng.random() < 0.7),) * 2,
                    ev.OfferDecided(at_ms=9, decision=ASKING),
                )
            )
            waits = session.phase is Phase.OFFER_CONSENT
            turn = advance(ASSISTANT, session, event)
            on_record = on_record or (waits and isinstance(event, ConsentKept) and event.stored)
            assert on_record or not {SCRIPT.pitch, SCRIPT.confirm}.intersection(spoken(turn))
            pitched += SCRIPT.pitch in spoken(turn)
            session = turn.session
            if session.phase not in (Phase.OFFER_PERMISSION, Phase.OFFER_CONSENT, Phase.OFFER_CONFIRM):
                break
    assert pitched > 50, "too few are asked for this to mean anything"
