"""A hundred thousand random events against every shipped assistant: no crash, no silence, no dead end."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ivr.dialog.assistant import Assistant, load_assistant
from ivr.dialog.engine import advance, new_session
from ivr.dialog.session import Phase, Wait
from ivr.model import dialog as ev
from ivr.model.call import Outcome
from ivr.model.consent import ConsentKept
from ivr.model.hearing import Hypothesis, Recognition
from ivr.model.identity import Caller
from ivr.model.offers import OfferDecision, OfferScript
from ivr.model.routing import TransferResult
from ivr.model.understanding import NO_CONTEXT, Entity, Intent, Understanding

FOLDERS = sorted(path.parent for path in (Path(__file__).parents[3] / "dialogs").glob("*/dialog.yml"))
EVENTS = 100_000
SCRIPT = OfferScript(ask="May I?", pitch="Cover.", confirm="Shall we?", accepted="Thanks.", declined="Fine.")
NAMED = frozenset({"resolved", "informed", "unresolved", "abandoned", "transferred", "callback"})
WORDS = (
    *(
        "some words that were said",
        "no, seven two",
        "sorry, yes",
        "not the flat, the car",
        "wait, I meant",
        "the last two",
    ),
    *("the policy number is one two three", "my pin is four seven one one", "no", "yes", ""),
    *("нет, семь два", "извините, номер полиса", "ой, да", "не квартира, а машина", "последние две", "нет", "да"),
)
THINGS: tuple[Any, ...] = (None, "", "x", 0, -1, 12.5, True, [], {}, {"status": "paid", "amount": "a lot"}, [{"a": 1}])


@cache
def assistant_of(folder: Path) -> Assistant:
    return load_assistant(folder)


class Call:
    """One call, driven by what it waits for."""

    def __init__(self, assistant: Assistant, rng: random.Random) -> None:
        self.assistant, self.rng = assistant, rng
        self.session = new_session(assistant, rng.choice(assistant.languages))
        self.hear: ev.Hear | None = None
        self.events = 0
        number = rng.choice(["+15550100", ""])
        caller = Caller(ani=number, dnis="1", claimed=rng.random() < 0.5)
        self.give(
            ev.CallStarted(
                at_ms=0,
                call_id="c",
                caller=caller,
                language=self.session.language,
                started_at="2026-11-20T09:00:00Z",
                cut_off=rng.random() < 0.1,
            )
        )

    @property
    def over(self) -> bool:
        return self.session.wait is Wait.OVER

    def give(self, event: ev.Event) -> None:
        before = self.session
        turn = advance(self.assistant, before, event)
        self.session, self.events = turn.session, self.events + 1
        if self.events % 50 == 0:
            assert turn == advance(self.assistant, before, event), "the same event gave another turn"
        asked = [c for c in turn.commands if isinstance(c, ev.Hear)]
        self.hear = asked[-1] if asked else self.hear
        wait = self.session.wait
        assert wait not in (Wait.RUNNING, Wait.START), f"nothing is waited for after {event}"
        if wait is Wait.OVER and before.wait is not Wait.OVER:
            assert self.session.outcome is not Outcome.OPEN and self.session.disposition
            assert self.session.outcome.value in NAMED
            if not isinstance(event, ev.CallerHungUp):
                assert any(isinstance(c, ev.Say) for c in turn.commands), f"no goodbye after {event}"
        if wait is Wait.CALLER and before.wait is not Wait.CALLER:
            assert asked and (asked[-1].speech or asked[-1].keys), f"the caller is not heard after {event}"

    def awaited(self) -> ev.Event:
        """An answer of whoever is waited for."""
        rng, session = self.rng, self.session
        if session.wait is Wait.SERVICE:
            spec = self.assistant.services[session.service]
            outcome = rng.choice(sorted(spec.outcome_names))
            slots = next((o.slots for o in spec.outcomes if o.name == outcome), {})
            values = {name: rng.choice(THINGS) for name in slots}
            if "customer" in values and rng.random() < 0.8:
                values["customer"] = {"customer_id": "C1", "household": "H1", "name": "Anna"}
            return ev.ServiceEnded(at_ms=0, service=session.service, outcome=outcome, values=values)
        if session.phase is Phase.OFFER_CONSENT:
            return ConsentKept(at_ms=0, stored=rng.random() < 0.7)
        if session.wait is Wait.OFFER_DESK:
            speak, asks = rng.random() < 0.7, rng.random() < 0.5
            decision = OfferDecision(
                opportunity_id="o", arm="treat", speak=speak, household="H", script=SCRIPT, asks_consent=asks
            )
            return ev.OfferDecided(at_ms=0, decision=decision)
        if session.wait is Wait.HUMAN:
            failures = [result for result in TransferResult if result is not TransferResult.ANSWERED]
            return ev.TransferEnded(at_ms=0, result=rng.choice(failures))
        return self.answered()

    def answered(self) -> ev.Event:
        """Something a caller does: mostly sense, sometimes nonsense."""
        rng, hear = self.rng, self.hear
        kind = rng.random()
        if kind < 0.08:
            return ev.SilenceElapsed(at_ms=0)
        if kind < 0.14:
            return ev.UtteranceRejected(at_ms=0, reason="noise")
        if kind < 0.40:
            most = hear.keys.max_digits if hear is not None and hear.keys else 1
            length = most if rng.random() < 0.8 else rng.randint(0, most)
            return ev.DigitsDialed(at_ms=0, digits="".join(rng.choice("0123456789*#") for _ in range(length)))
        return self.said()

    def said(self) -> ev.UtteranceHeard:
        rng, hear = self.rng, self.hear
        names = [*(hear.intents if hear else ()), rng.choice(self.assistant.intents or ("",)), ""]
        intent = Intent(name=rng.choice(names), confidence=rng.choice([0.2, 0.5, 0.95, 0.95]))
        entities = []
        for slot_type in hear.slot_types if hear else ():
            readings = self.readings(slot_type)
            if rng.random() < 0.7:
                start = 0 if rng.random() < 0.8 else 20
                scores = (0.9, rng.choice([0.5, 0.85]))[: len(readings)] if slot_type == "name" else ()
                end = start + 9
                found = Entity(
                    entity=slot_type, value=readings[0], readings=readings, start=start, end=end, scores=scores
                )
                entities.append(found)
        phrases = hear.expectation.phrases if hear else ()
        hypothesis = Hypothesis(
            text=rng.choice(WORDS),
            confidence=rng.choice([0.1, 0.5, 0.95]),
            engine="test",
            value=rng.choice([None, *(p.value for p in phrases)]),
            margin=rng.choice([None, 0.5, 5.0]),
        )
        recognition = Recognition(
            hypothesis=hypothesis,
            language=self.session.language,
            speech_started_at_ms=0,
            speech_ended_at_ms=1,
            decided_at_ms=1,
            decode_ms=0,
            decodes=1,
        )
        understanding = Understanding(text=hypothesis.text, intent=intent, entities=tuple(entities))
        return ev.UtteranceHeard(at_ms=0, recognition=recognition, understanding=understanding)

    def readings(self, slot_type: str) -> tuple[str, ...]:
        """What the words of a value of this type may mean: fitting, nearly fitting, or nonsense; one way or two."""
        rng, context = self.rng, self.hear.slot_context if self.hear else NO_CONTEXT
        digits = "".join(rng.choice("0123456789") for _ in range(rng.choice([1, 2, 4, 6, 8, 16])))
        likely = {
            "yes_no": ("yes", "no"),
            "date": ("1982-03-05", "2026-11-25", "2026-12-05"),
            "time": ("15:30", "03:30"),
            "money": ("1250 EUR", "12.50 EUR"),
            "phone": ("+442079460123", "+15550100"),
            "choice": tuple(value for _, value in context.choices),
            "name": context.candidates,
        }.get(slot_type) or (digits,)
        found = (rng.choice(likely), rng.choice(likely), digits)
        return tuple(dict.fromkeys(found[: rng.choice([1, 1, 1, 2, 3])]))

    def unexpected(self) -> ev.Event:
        """An event nobody waits for, as they come when processes die or answer late."""
        service = self.rng.choice([*self.assistant.services, "none"])
        return self.rng.choice(
            [
                ev.HearingLost(at_ms=0),
                ev.HearingRestored(at_ms=0),
                ev.PromptsEnded(at_ms=0),
                ev.PromptsEnded(at_ms=0, interrupted=True),
                ev.HoldElapsed(at_ms=0, service=self.session.service),
                ev.ServiceEnded(at_ms=0, service=service, outcome="ok", values={}),
                ev.TransferEnded(at_ms=0, result=TransferResult.BUSY),
                ev.DigitsDialed(at_ms=0, digits="1"),
                self.said(),
            ]
        )


def drive(assistants: list[Assistant], events: int, rng: random.Random) -> tuple[set[str], int]:
    """Calls with these assistants until so many events were given: (how they ended, how many came to a correction)."""
    given, outcomes, corrected = 0, set(), 0
    while given < events:
        call = Call(rng.choice(assistants), rng)
        for _ in range(rng.randint(5, 60)):
            if call.over:
                break
            call.give(call.unexpected() if rng.random() < 0.15 else call.awaited())
        if rng.random() < 0.2:
            call.give(ev.CallerHungUp(at_ms=0))
        # From wherever it stands, a caller who only keeps silent is led to an end.
        for _ in range(60):
            if call.over:
                break
            call.give(ev.SilenceElapsed(at_ms=0) if call.session.wait is Wait.CALLER else call.awaited())
        assert call.over, f"no end from {call.session.stack}"
        given += call.events
        outcomes.add(call.session.outcome.value)
        corrected += any(key.startswith("correct ") for key in call.session.retried)
    return outcomes, corrected


@pytest.mark.slow
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_no_event_in_any_state_crashes_silences_or_strands_a_caller(folder: Path) -> None:
    outcomes, corrected = drive([assistant_of(folder)], EVENTS // len(FOLDERS) + 1, random.Random(folder.name))
    assert {"unresolved", "abandoned"} <= outcomes <= NAMED
    assert corrected, "no call came to a correction"


@pytest.mark.slow
def test_nor_does_any_with_slots_of_every_type(every_type: Assistant) -> None:
    starts = [replace(every_type, start=flow) for flow in every_type.flows]
    outcomes, corrected = drive(starts, 20_000, random.Random("every type"))
    assert {"unresolved", "abandoned"} <= outcomes <= NAMED
    assert corrected > 50, "hardly a call came to a correction"
