"""What the ear is in doubt about reaches the comparing of facts in all its readings, and nothing else does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ivr.dialog.assistant import Assistant, load_assistant
from ivr.dialog.engine import advance, new_session
from ivr.dialog.session import Frame, Session, Wait
from ivr.dialog.steps import CollectStep
from ivr.model import dialog as ev
from ivr.model.hearing import Hypothesis, Recognition
from ivr.model.identity import Level
from ivr.model.understanding import Entity, Intent, Understanding


@pytest.fixture(scope="module")
def insurance(repo_root: Path) -> Assistant:
    return load_assistant(repo_root / "dialogs" / "insurance")


def asked(insurance: Assistant, slot: str, **known: str) -> Session:
    """A call in which identification has come to the question for this slot."""
    steps = insurance.flows["identify"].steps
    step = next(name for name, s in steps.items() if isinstance(s, CollectStep) and s.slot == slot)
    frames = (Frame(flow="policy_copy", step=""), Frame(flow="identify", step=step, needs=Level.L2))
    session = replace(new_session(insurance, "en"), wait=Wait.CALLER, stack=frames, slots=known, turns=1)
    return replace(session, started_at="2026-11-22T09:00:00Z")


def said(kind: str, *readings: str) -> ev.UtteranceHeard:
    text = "what was said"
    recognition = Recognition(
        hypothesis=Hypothesis(text=text, confidence=0.95, engine="test"),
        language="en",
        speech_started_at_ms=0,
        speech_ended_at_ms=1,
        decided_at_ms=2,
        decode_ms=1,
        decodes=1,
    )
    entity = Entity(entity=kind, value=readings[0], readings=readings, start=0, end=len(text))
    meaning = Understanding(text=text, intent=Intent(name="", confidence=0.0), entities=(entity,))
    return ev.UtteranceHeard(at_ms=3, recognition=recognition, understanding=meaning)


def services(turn) -> list[tuple[str, dict]]:
    return [(c.service, dict(c.args)) for c in turn.commands if isinstance(c, ev.CallService)]


def test_a_day_that_may_be_two_is_compared_as_both(insurance: Assistant) -> None:
    session = asked(insurance, "birth_date", policy_number="33104417")
    turn = advance(insurance, session, said("date", "1979-03-05", "1979-03-15"))
    facts = {"policy_number": "33104417", "birth_date": ["1979-03-05", "1979-03-15"]}
    assert services(turn) == [("spoken_id", facts)]
    assert {"1979-03-05", "1979-03-15"} <= turn.session.sensitive_values


def test_a_day_said_again_forgets_what_else_the_first_one_may_have_been(insurance: Assistant) -> None:
    session = asked(insurance, "birth_date", policy_number="33104417")
    turn = advance(insurance, session, said("date", "1979-03-05", "1979-03-15"))
    refused = ev.ServiceEnded(at_ms=9, service="spoken_id", outcome="refused", values={})
    again = advance(insurance, turn.session, refused)
    assert "birth_date" not in again.session.slots and again.session.heard_as == {}


def test_a_secret_is_what_was_heard_and_nothing_else(insurance: Assistant) -> None:
    session = replace(asked(insurance, "pin"), level=Level.L3)
    turn = advance(insurance, session, said("digits", "4821", "4827"))
    assert services(turn) == [("check_pin", {"pin": "4821"})]
