"""Values, texts, services and secrets of a dialog."""

from __future__ import annotations

import re
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.dialog import tongues
from ivr.dialog.assistant import load_assistant
from ivr.dialog.conversation import play
from ivr.dialog.corrections import corrected
from ivr.dialog.engine import advance, new_session
from ivr.dialog.script import load
from ivr.dialog.services import OutcomeSpec, ServiceSpec, customer_of, interpret, request_of
from ivr.dialog.slots import Slot
from ivr.dialog.warmup import static_prompts
from ivr.model import dialog as ev
from ivr.model.errors import ServiceError
from ivr.model.hearing import ExpectationKind
from ivr.model.identity import Caller, Customer, Identity, Level
from ivr.model.understanding import Intent, Understanding

FOLDER = Path(__file__).parents[3] / "dialogs" / "insurance"
ASSISTANT = load_assistant(FOLDER)
KNOWN = Identity(level=Level.L1, customer=Customer(customer_id="C1", household="H1"))
LOOKUP = ev.ServiceEnded(at_ms=0, service="recognise", outcome="ok", identity=KNOWN)
CLAIM = Slot(name="claim", type="digits", min_length=6, max_length=6)


def started(*, claimed: bool = False, ani: str = "+15550100") -> ev.CallStarted:
    caller = Caller(ani=ani, dnis="1", claimed=claimed)
    return ev.CallStarted(at_ms=0, call_id="c", caller=caller, language="en", started_at="2026-11-20T09:00:00Z")


def run(*events: ev.Event) -> tuple[list[ev.Command], ...]:
    session, turns = new_session(ASSISTANT, "en"), []
    for event in events:
        turn = advance(ASSISTANT, session, event)
        session = turn.session
        turns.append([c for c in turn.commands if not isinstance(c, ev.Note)])
    return tuple(turns)


def keys(digits: str) -> ev.DigitsDialed:
    return ev.DigitsDialed(at_ms=0, digits=digits)


@pytest.mark.parametrize(
    ("said", "value"),
    [("204518", "204518"), ("18", "204518"), ("2", "204572"), ("204578", "204578"), ("9999999", None), ("", None)],
)
def test_a_partial_correction_changes_as_little_as_it_can(said: str, value: str | None) -> None:
    assert corrected(CLAIM, "204578", said) == value


@pytest.mark.parametrize(
    ("formatter", "value", "extra", "words"),
    [
        ("digits", "204518", "", "two zero four, five one eight"),
        ("digits", "12345678", "", "one two three four, five six seven eight"),
        ("digits", "4711", "", "four seven one one"),
        ("money", 1250.5, "EUR", "one thousand two hundred and fifty euros and fifty cents"),
        ("money", 1, "GBP", "one pound"),
        ("money", "0.29", "USD", "zero dollars and twenty-nine cents"),
        ("date", "2026-11-03", "2026-11-20", "the third of November"),
        ("date", "2025-02-01", "2026-11-20", "the first of February twenty twenty-five"),
    ],
)
def test_values_are_read_as_people_say_them(formatter: str, value: object, extra: str, words: str) -> None:
    assert tongues.TONGUES["en"].formatters[formatter](value, extra) == words


def test_sentences_are_cut_where_they_end_and_nowhere_else() -> None:
    text = "Good news. Mr. Smith paid 1.50 on {a.b|date}. No. Did that help? Claim no. {x|digits} it is."
    assert tongues.sentences(text, "en") == (
        "Good news.",
        "Mr. Smith paid 1.50 on {a.b|date}.",
        "No.",
        "Did that help?",
        "Claim no. {x|digits} it is.",
    )


def test_only_the_sentence_with_values_is_not_ready_before_the_call() -> None:
    ready = {prompt.text for prompt in static_prompts(ASSISTANT)}
    claim = {"status": "paid", "amount": 10, "currency": "EUR", "paid_on": "2026-11-03"}
    found = ev.ServiceEnded(at_ms=0, service="get_claim", outcome="ok", values={"claim": claim})
    turns = run(started(), LOOKUP, keys("1"), keys("204518"), found)
    said = [p.text for turn in turns for c in turn if isinstance(c, ev.Say) for p in c.prompts]
    assert [text for text in said if text not in ready] == ["We paid ten euros on the third of November."]


def test_a_service_request_is_filled_and_encoded() -> None:
    spec = ASSISTANT.services["get_contacts"]
    wanted = request_of(spec, {"customer_id": "C1", "language": "+e"}, {"CRM_URL": "http://crm:1/api"})
    assert (wanted.method, wanted.url) == ("GET", "http://crm:1/api/customers/C1/contacts?language=%2Be")
    claim = ASSISTANT.services["get_claim"]
    assert request_of(claim, {"number": "../x"}, {"CRM_URL": "http://crm"}).url == "http://crm/claims/..%2Fx"
    with pytest.raises(ServiceError, match="CRM_URL"):
        request_of(spec, {"customer_id": "1"}, {})


def test_an_answer_becomes_an_outcome_with_values() -> None:
    spec = ASSISTANT.services["get_claim"]
    assert interpret(spec, 200, {"status": "paid"}) == ("ok", {"claim": {"status": "paid"}})
    assert interpret(spec, 404, None) == ("not_found", {})
    assert interpret(spec, 500, None) == ("error", {})
    assert customer_of({"name": "nobody"}) is None


def test_a_number_that_was_only_claimed_proves_nothing_unless_the_designer_says_so() -> None:
    own = OutcomeSpec(name="ok", when="status == 200", slots={"customer": "body"}, identifies=Level.L1)
    spec = ServiceSpec(name="find_customer", method="GET", url="http://crm", timeout_ms=1000, outcomes=(own,))
    whole = replace(ASSISTANT, services={"find_customer": spec}, identify_service="find_customer")
    lookup = ev.ServiceEnded(at_ms=0, service="find_customer", outcome="ok", values={"customer": {"customer_id": "C1"}})
    for believe, level in ((False, Level.L0), (True, Level.L1)):
        assistant = replace(whole, believe_claimed=believe)
        session = advance(assistant, new_session(assistant, "en"), started(claimed=True)).session
        assert advance(assistant, session, lookup).session.level is level
    for caller, level in (
        (Caller(ani="+15550100", dnis="1", claimed=True, verification="passed", attest="A"), Level.L1),
        (Caller(ani="+15550100", dnis="1", claimed=True, verification="passed", attest="B"), Level.L0),
        (Caller(ani="+15550100", dnis="1", claimed=False, verification="failed"), Level.L0),
    ):
        assistant = replace(whole, believe_claimed=False)
        session = advance(assistant, new_session(assistant, "en"), replace(started(), caller=caller)).session
        assert advance(assistant, session, lookup).session.level is level


def test_digits_are_expected_with_their_length_and_keys() -> None:
    hear = run(started(), LOOKUP, keys("1"))[-1][-1]
    assert isinstance(hear, ev.Hear) and hear.keys is not None
    assert (hear.step, hear.expectation.kind) == ("claim_status/claim_number", ExpectationKind.DIGITS)
    assert (hear.expectation.min_length, hear.expectation.max_length, hear.keys.max_digits) == (6, 6, 6)
    assert "operator" in hear.intents and hear.slot_types == ("digits",) and not hear.sensitive


def test_a_caller_recognised_while_being_asked_who_it_is_is_asked_no_further() -> None:
    away = ev.ServiceEnded(at_ms=0, service="recognise", outcome="timeout")
    hear = run(started(), keys("1"), away, LOOKUP)[-1][-1]
    assert isinstance(hear, ev.Hear) and hear.step == "claim_status/claim_number"


def test_what_proves_who_calls_is_hidden_everywhere_but_in_the_service_call() -> None:
    session = advance(ASSISTANT, new_session(ASSISTANT, "en"), started()).session
    seen: list[ev.Command] = []
    away = ev.ServiceEnded(at_ms=0, service="recognise", outcome="not_found")
    for event in (keys("1"), away, keys("12345678"), keys("47"), keys("05031979")):
        turn = advance(ASSISTANT, session, event)
        session = turn.session
        seen += turn.commands
    questions = [c for c in seen if isinstance(c, ev.Hear) and c.step == "identify/birth_date"]
    assert questions and all(h.sensitive for h in questions)
    assert {"05031979", "1979-03-05"} <= session.sensitive_values
    assert [c.service for c in seen if "1979-03-05" in repr(c) and isinstance(c, ev.CallService)] == ["spoken_id"]
    assert not [c for c in seen if re.search("1979|05031979", repr(c)) and not isinstance(c, ev.CallService)]
    refused = ev.ServiceEnded(at_ms=0, service="spoken_id", outcome="error")
    turn = advance(ASSISTANT, session, refused)
    assert "birth_date" not in turn.session.slots and "1979" not in repr(turn.commands)


async def test_a_conversation_that_goes_otherwise_says_where(tmp_path: Path) -> None:
    (tmp_path / "t.yml").write_text(
        textwrap.dedent(
            """
            version: "1"
            tests:
            - name: wrong
              turns:
              - bot: utter_goodbye
              - dtmf: "2"
                expect: {step: main/menu}
              - handoff: claims
            """
        ),
        "utf-8",
    )

    async def parse(text: str, **_: object) -> Understanding:
        return Understanding(text="", intent=Intent(name="", confidence=0.0))

    report = await play(ASSISTANT, load(tmp_path / "t.yml", tmp_path)[0], parse)
    assert [p.split(":")[0] for p in report.problems] == ["line 6", "line 7", "line 9"]
