"""Random events against the shipped assistant: the engine never falls over and never leaves the caller in silence."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from ivr.dialog.assistant import Assistant, load_assistant
from ivr.dialog.engine import advance, new_session
from ivr.dialog.services import told_ended
from ivr.model import dialog as ev
from ivr.model.call import Outcome
from ivr.model.hearing import Hypothesis, Recognition
from ivr.model.identity import Caller, Customer, Identity, Level
from ivr.model.offers import OfferAnswer, OfferDecision, OfferScript
from ivr.model.routing import TransferResult
from ivr.model.understanding import Entity, Intent, Understanding

FOLDER = Path(__file__).parents[3] / "dialogs" / "insurance"
REQUESTS = ("claim_status", "new_claim", "payment", "change_address", "policy_copy", "change_contact")
INTENTS = [
    *(*REQUESTS, "complaint", "operator", "repeat", "help", "goodbye", "no_offers", "affirm", "deny"),
    *("wrong_postcode", "wrong_street", "wrong_house", "wrong_flat"),
]
NUMBERS = ("204518", "12345678", "4711", "7", "000000")
TAKES_THE_TURN = (ev.UtteranceHeard, ev.UtteranceRejected, ev.SilenceElapsed, ev.DigitsDialed)


@cache
def insurance() -> Assistant:
    return load_assistant(FOLDER)


def utterance(intent: str, confidence: float, number: str, yes_no: str, margin: float | None) -> ev.UtteranceHeard:
    entities = [Entity(entity="digits", value=number, readings=(number,), start=0, end=1)] if number else []
    if yes_no:
        entities.append(Entity(entity="yes_no", value=yes_no, readings=(yes_no,), start=0, end=1))
    hypothesis = Hypothesis(text=f"{yes_no} {number}", confidence=confidence, engine="t", margin=margin)
    recognition = Recognition(
        hypothesis=hypothesis,
        language="en",
        speech_started_at_ms=0,
        speech_ended_at_ms=1,
        decided_at_ms=2,
        decode_ms=1,
        decodes=1,
    )
    meant = Intent(name=intent, confidence=confidence)
    meaning = Understanding(text=hypothesis.text, intent=meant, ranking=(meant,), entities=tuple(entities))
    return ev.UtteranceHeard(at_ms=0, recognition=recognition, understanding=meaning)


SCRIPT = OfferScript(ask="May I?", pitch="Cover.", confirm="Shall we?", accepted="Thanks.", declined="Fine.")
CUSTOMER = {"customer_id": "C1", "household": "H1"}
ANSWERS = (
    ("get_claim", "ok", {"claim": {"status": "paid", "amount": 10, "currency": "EUR", "paid_on": "2026-11-03"}}),
    ("get_claim", "ok", {"claim": {"status": "in_review"}}),
    ("get_claim", "ok", {"claim": {"status": "waiting_documents"}}),
    ("get_claim", "ok", {"claim": {"status": "lost"}}),
    ("get_claim", "ok", {"claim": None}),
    ("get_claim", "ok", {"claim": {"status": "paid"}}),
    ("get_claim", "not_found", {}),
    ("get_claim", "error", {}),
    ("get_claim", "timeout", {}),
    ("spoken_id", "ok", {"customer": CUSTOMER, "level": "L2"}),
    ("spoken_id", "ok", {"customer": CUSTOMER, "level": "L2"}),
    ("spoken_id", "ok", {"customer": CUSTOMER, "level": "L1"}),
    ("spoken_id", "refused", {}),
    ("spoken_id", "not_found", {}),
    ("spoken_id", "several", {}),
    ("spoken_id", "locked", {}),
    ("match_facts", "ok", {"customer": CUSTOMER, "level": "L2"}),
    ("match_facts", "several", {}),
    ("match_facts", "refused", {}),
    ("send_code", "ok", {}),
    ("send_code", "no_number", {}),
    ("check_code", "ok", {"customer": CUSTOMER, "level": "L3"}),
    ("check_code", "refused", {}),
    ("check_code", "expired", {}),
    ("check_pin", "ok", {"customer": CUSTOMER, "level": "L4"}),
    ("check_pin", "refused", {}),
    ("check_passphrase", "ok", {"customer": CUSTOMER, "level": "L4"}),
    ("check_passphrase", "refused", {}),
    ("get_contacts", "ok", {"contacts": {"email": True, "email_at": "example dot org"}}),
    ("get_contacts", "ok", {"contacts": {"email": False, "postcode": "18055", "town": "Rostock"}}),
    ("get_contacts", "error", {}),
    ("send_copy", "ok", {"copy": {"by": "post", "arrives_on": "2026-11-25"}}),
    ("send_copy", "ok", {"copy": {"by": "email", "arrives_on": None}}),
    ("send_copy", "not_found", {}),
    ("get_payments", "ok", {"dues": {"status": "due", "amount": 19.9, "currency": "EUR", "due_on": "2026-12-01"}}),
    ("get_payments", "ok", {"dues": {"status": "overdue", "amount": 19.9, "currency": "EUR"}}),
    ("get_payments", "ok", {"dues": {"status": "settled"}}),
    ("get_payments", "ok", {"dues": {"status": "lost"}}),
    ("get_payments", "not_found", {}),
    ("get_payments", "timeout", {}),
    ("send_pay_link", "ok", {"link": {"number_end": "01"}}),
    ("send_pay_link", "no_mobile", {}),
    ("promise_payment", "ok", {"promise": {"pay_on": "2026-11-24"}}),
    ("promise_payment", "refused", {}),
    ("find_area", "ok", {"area": {"town": "Rostock"}}),
    ("find_area", "not_found", {}),
    ("save_address", "ok", {}),
    ("save_address", "error", {}),
    ("recognise", "ok", {"customer": CUSTOMER, "level": "L1"}),
    ("recognise", "not_found", {}),
    ("recognise", "shared", {}),
)


def answer(service: str, outcome: str, values: dict[str, Any]) -> ev.ServiceEnded:
    return told_ended(insurance().services[service], 0, outcome, values)


EVENTS = some.one_of(
    some.builds(
        utterance,
        some.sampled_from(["", *INTENTS]),
        some.sampled_from([0.2, 0.5, 0.7, 0.95]),
        some.sampled_from(["", "", *NUMBERS]),
        some.sampled_from(["", "", "yes", "no"]),
        some.sampled_from([None, 0.5, 5.0]),
    ),
    some.builds(ev.DigitsDialed, at_ms=some.just(0), digits=some.sampled_from(["1", "2", "0", "*", "#", "", *NUMBERS])),
    some.sampled_from(
        [
            ev.SilenceElapsed(at_ms=0),
            ev.UtteranceRejected(at_ms=0, reason="noise"),
            ev.HearingLost(at_ms=0),
            ev.HearingRestored(at_ms=0),
            ev.PromptsEnded(at_ms=0),
            ev.CallerIdentified(at_ms=0, identity=Identity()),
            ev.CallerIdentified(
                at_ms=0, identity=Identity(level=Level.L1, customer=Customer(customer_id="C1", household="H1"))
            ),
            ev.HoldElapsed(at_ms=0, service="get_claim"),
            ev.OfferDecided(
                at_ms=0, decision=OfferDecision(opportunity_id="o", arm="none", speak=False, household="H1")
            ),
            ev.OfferDecided(
                at_ms=0,
                decision=OfferDecision(opportunity_id="o", arm="treat", speak=True, household="H1", script=SCRIPT),
            ),
        ]
    ),
    some.builds(ev.TransferEnded, at_ms=some.just(0), result=some.sampled_from(list(TransferResult))),
    some.sampled_from(ANSWERS).map(lambda a: answer(*a)),
)
START = ev.CallStarted(
    at_ms=0,
    call_id="c",
    caller=Caller(ani="+15550100", dnis="1", claimed=False),
    language="en",
    started_at="2026-11-20T09:00:00Z",
)


class Line:
    """What the caller experiences: is anything still to come?"""

    def __init__(self) -> None:
        self.session = new_session(insurance(), "en")
        self.waiting = ""
        self.hear: ev.Hear | None = None
        self.ended = False
        self.offered = 0
        self.steps: set[str] = set()
        self.recorded: list[ev.RecordOfferAnswer] = []

    def give(self, event: ev.Event) -> None:
        turn = advance(insurance(), self.session, event)
        assert turn == advance(insurance(), self.session, event), "the same event gave another turn"
        if self.ended:
            assert turn.commands == ()
            return
        self.session = turn.session
        if isinstance(event, TAKES_THE_TURN) and self.waiting == "caller":
            self.waiting = ""
        if self.answers(event):
            self.waiting = ""
        self.take(turn.commands)
        if isinstance(event, ev.CallerHungUp):
            self.check_hung_up(turn.commands)
        assert self.ended or self.waiting, f"silence after {event}"

    def answers(self, event: ev.Event) -> bool:
        if isinstance(event, ev.ServiceEnded):
            return self.waiting == event.service
        if isinstance(event, ev.TransferEnded):
            return self.waiting == "human" and event.result is not TransferResult.ANSWERED
        return isinstance(event, ev.OfferDecided) and self.waiting == "desk"

    def take(self, commands: tuple[ev.Command, ...]) -> None:
        spoken = False
        for command in commands:
            match command:
                case ev.Say():
                    assert command.prompts and all(p.text.strip() for p in command.prompts)
                    spoken = True
                case ev.Hear():
                    self.waiting, self.hear = "caller", command
                    assert command.speech or command.keys is not None, "neither ear nor keys"
                case ev.CallService():
                    self.waiting = command.service
                case ev.DecideOffer():
                    self.waiting, self.offered = "desk", self.offered + 1
                    assert command.facts.confirmed and command.facts.bot_disclosed
                case ev.RequestHandoff():
                    self.waiting = "human"
                case ev.RecordOfferAnswer():
                    self.recorded.append(command)
                    self.check_proof(command)
                case ev.EndCall():
                    assert spoken, "hung up without a goodbye"
                    self.ended = True
                case ev.Note(kind="dialog.step", data=data):
                    self.steps.add(data["step"])
                case _:
                    pass
        if self.ended:
            assert self.session.outcome is not Outcome.OPEN and self.session.disposition

    @staticmethod
    def check_proof(command: ev.RecordOfferAnswer) -> None:
        if command.answer is OfferAnswer.ACCEPTED:
            assert command.read_back == SCRIPT.confirm
            assert command.digits == "1" or command.confidence >= 0.9

    def check_hung_up(self, commands: tuple[ev.Command, ...]) -> None:
        assert all(isinstance(c, ev.Note | ev.RecordOfferAnswer) for c in commands)
        assert self.session.decision is None
        self.ended = True


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(some.lists(EVENTS, max_size=40), some.lists(EVENTS, max_size=2), some.booleans())
def test_after_every_event_the_caller_is_heard_served_or_told_goodbye(
    events: list[ev.Event], early: list[ev.Event], hang_up: bool
) -> None:
    line = Line()
    for event in early:
        line.session = advance(insurance(), line.session, event).session
    for event in (START, *events, *([ev.CallerHungUp(at_ms=0)] if hang_up else ())):
        line.give(event)


FITTING = {6: "204518", 8: "24112026", 5: "18055", 4: "4711", 15: "12025550177"}
SERVED = ("claim_status", "payment", "change_address", "policy_copy")


def proving(rng: random.Random, hear: ev.Hear) -> ev.Event | None:
    """What callers say who are asked who they are: mostly that, now and then that they do not know it or will not."""
    step = hear.step.removeprefix("identify/")
    if step == "by_pin" and rng.random() < 0.3:
        return utterance("passphrase", 0.95, "", "", None)
    if step == "policy_number" and rng.random() < 0.25:
        return utterance("dont_know", 0.95, "", "", None)
    if rng.random() < 0.07:
        return utterance(rng.choice(("dont_know", "wont_say", "no_code")), 0.95, "", "", None)
    if step in ("birth_date", "their_birth_date", "born"):
        return ev.DigitsDialed(at_ms=0, digits="05031979")
    if step in ("first_name", "full_name", "by_passphrase"):
        said = utterance("", 0.95, "anna berg of the river", "", None)
        name = Entity(entity="name", value="anna berg", readings=("anna berg",), start=1, end=10)
        return replace(said, understanding=replace(said.understanding, entities=(name,)))
    return None


def likely_event(rng: random.Random, line: Line) -> ev.Event:
    """Mostly what is waited for: a caller who plays along reaches the deep states."""
    if line.waiting == "human":
        return ev.TransferEnded(at_ms=0, result=rng.choice(list(TransferResult)))
    if line.waiting == "desk":
        decision = OfferDecision(opportunity_id="o", arm="treat", speak=True, household="H1", script=SCRIPT)
        return ev.OfferDecided(at_ms=0, decision=decision)
    if line.waiting != "caller":
        failing = 0.3 if insurance().services[line.waiting].identity else 0.5
        service, outcome, values = rng.choice(
            [a for a in ANSWERS if a[0] == line.waiting and (a[1] == "ok" or rng.random() < failing)]
        )
        return answer(service, outcome, values)
    if line.hear is not None and line.hear.step.startswith("identify/") and (proof := proving(rng, line.hear)):
        return proof
    if line.hear is not None and line.hear.step in ("main/menu", "main/anything_else") and rng.random() < 0.3:
        return utterance(rng.choice(SERVED), 0.95, "", "", None)
    if line.hear is not None and line.hear.step.endswith("/street") and rng.random() < 0.8:
        return utterance("", 0.95, "mill lane", "", None)
    if line.hear is not None and line.hear.step.startswith("overflow/way") and rng.random() < 0.8:
        return ev.DigitsDialed(at_ms=0, digits=rng.choice("123"))
    if line.hear is not None and line.hear.step.endswith("/part") and rng.random() < 0.8:
        return ev.DigitsDialed(at_ms=0, digits=rng.choice("1234"))
    if rng.random() < 0.6 and line.hear is not None and line.hear.keys is not None:
        most = line.hear.keys.max_digits
        return ev.DigitsDialed(at_ms=0, digits=FITTING[most] if most > 1 else rng.choice("1112"))
    return rng.choice(
        [
            ev.SilenceElapsed(at_ms=0),
            ev.HearingLost(at_ms=0),
            ev.HearingRestored(at_ms=0),
            ev.DigitsDialed(at_ms=0, digits=rng.choice(["0", "2", "9", "*", "3", "4"])),
            utterance(rng.choice(INTENTS), rng.choice([0.5, 0.95, 0.95]), "", rng.choice(["", "yes", "no"]), None),
        ]
    )


FULL = Caller(ani="+15550100", dnis="1", claimed=False, overflow_from="billing")  # from a contact center's queue
CALLERS = (
    Caller(ani="", dnis="1"),
    *[START.caller] * 12,
    replace(FULL, ways=("keep_place", "callback"), expected_wait={"en": "five to ten minutes"}),
    replace(FULL, ani="", ways=("keep_place", "callback")),
    replace(FULL, ways=("keep_place",)),
    replace(FULL, ways=()),
    *[replace(START.caller, returned=True, returned_intent=intent) for intent in REQUESTS],
)


@pytest.mark.slow
def test_a_caller_who_plays_along_reaches_every_step_and_every_answer_to_an_offer_and_never_silence() -> None:
    rng, seen, answers = random.Random(7), set(), set()
    for call in range(2600):
        line = Line()
        line.give(replace(START, caller=CALLERS[call % len(CALLERS)]))
        for _ in range(40):
            if line.ended:
                break
            if line.session.decision is not None and rng.random() < 0.1:
                line.give(ev.CallerHungUp(at_ms=0))
                break
            line.give(likely_event(rng, line))
            if line.waiting == "caller" and not line.ended and rng.random() < 0.8:
                line.give(ev.PromptsEnded(at_ms=0, interrupted=rng.random() < 0.3))
        if not line.ended and rng.random() < 0.5:
            line.give(ev.CallerHungUp(at_ms=0))
        seen |= line.steps
        answers |= {command.answer for command in line.recorded}
    every_step = {f"{flow.name}/{step}" for flow in insurance().flows.values() for step in flow.steps}
    assert every_step - seen == set()
    assert set(OfferAnswer) - answers == set()


def test_a_caller_who_never_says_anything_gets_a_goodbye_within_twenty_silences() -> None:
    line = Line()
    line.give(START)
    for _ in range(20):
        if line.waiting == "human":
            line.give(ev.TransferEnded(at_ms=0, result=TransferResult.NO_AGENT))
        elif not line.ended:
            line.give(ev.SilenceElapsed(at_ms=0))
    assert line.ended and line.session.outcome is Outcome.UNRESOLVED
