"""A call that stands at an offer: what is said there goes through the real understanding and the real engine."""

from __future__ import annotations

from dataclasses import dataclass, field

from ivr.dialog import steps as st
from ivr.dialog.assistant import Assistant
from ivr.dialog.engine import Session, Turn, advance
from ivr.dialog.listening import hear
from ivr.dialog.run import Run
from ivr.dialog.session import Frame, Wait
from ivr.model import dialog as ev
from ivr.model.hearing import Hypothesis, Recognition
from ivr.model.identity import Customer, Level
from ivr.model.offers import OfferAnswer, OfferDecision
from ivr.model.ports import NluEngine
from ivr.model.understanding import Understanding
from ivr.offers.catalogue import load_catalogue

PERMISSION, READ_BACK, SOLVED = "permission", "read_back", "solved"
_ENDS = {
    OfferAnswer.ACCEPTED: "accepted",
    OfferAnswer.DECLINED: "declined",
    OfferAnswer.NOT_PERMITTED: "declined",
    OfferAnswer.NEVER_AGAIN: "never",
    OfferAnswer.NO_ANSWER: "no_answer",
}
_SAID_AGAIN = {"offer.ask": "again", "offer.confirm": "again", "offer.pitch": "pitch"}


@dataclass(frozen=True)
class Place:
    """A shipped assistant and one of its flows that ends in an offer: the steps that offer, and ask if it helped."""

    assistant: Assistant
    engine: NluEngine
    flow: str
    offer: str
    solved: str
    understood: dict[tuple[object, ...], Understanding] = field(default_factory=dict)


def place(assistant: Assistant, engine: NluEngine, flow: str) -> Place:
    steps = assistant.flows[flow].steps.values()
    offer = next(step.id for step in steps if isinstance(step, st.OfferStep))
    solved = next(step.id for step in steps if isinstance(step, st.AskStep) and step.resolves)
    return Place(assistant, engine, flow, offer, solved)


def call_at(where: Place, moment: str, language: str) -> Turn:
    """A call of a known customer at this moment of the offer, or before it, at "did that help?"."""
    assistant = where.assistant
    step, result = (where.solved, "open") if moment == SOLVED else (where.offer, "resolved")
    session = Session(
        language=language,
        wait=Wait.OFFER_DESK,
        stack=(Frame(flow=assistant.start, step="anything_else"), Frame(flow=where.flow, step=step, request=0)),
        requests=({"intent": assistant.flows[where.flow].request, "result": result},),
        level=Level.L2,
        customer=Customer(customer_id="C", household="H"),
        turns=3,
    )
    if moment == SOLVED:
        run = Run(assistant, session)
        hear(run, assistant.flows[where.flow].steps[step], ev.BargeIn())
        return Turn(session=run.session, commands=run.commands_made())
    script = next(iter(load_catalogue(assistant.offers_file).products.values())).scripts[language]
    decision = OfferDecision(opportunity_id="o", arm="treat", speak=True, household="H", product="p", script=script)
    turn = _heard_out(where, advance(assistant, session, ev.OfferDecided(at_ms=1, decision=decision)))
    if moment == READ_BACK:
        turn = _heard_out(where, advance(assistant, turn.session, ev.DigitsDialed(at_ms=3, digits="1")))
    return turn


def _heard_out(where: Place, turn: Turn) -> Turn:
    """What was said was heard to its end."""
    session = advance(where.assistant, turn.session, ev.PromptsEnded(at_ms=2)).session
    return Turn(session=session, commands=turn.commands)


async def say(where: Place, turn: Turn, text: str, confidence: float = 0.95) -> Turn:
    """The caller says this."""
    asked = next(command for command in reversed(turn.commands) if isinstance(command, ev.Hear))
    language, known = turn.session.language, where.understood
    key = (text, language, asked.intents, asked.slot_types)
    if key not in known:  # the same words at the next moment of an offer
        known[key] = await where.engine.parse(
            text,
            language=language,
            expected=asked.intents or None,
            slot_types=asked.slot_types,
            slot_context=asked.slot_context,
        )
    value = next((p.value for p in asked.expectation.phrases if p.text.lower() == text.lower()), None)
    times = dict.fromkeys(("speech_started_at_ms", "speech_ended_at_ms", "decided_at_ms", "decode_ms", "decodes"), 1)
    recognition = Recognition(
        hypothesis=Hypothesis(text=text.lower(), confidence=confidence, engine="test", value=value),
        language=language,
        **times,
    )
    event = ev.UtteranceHeard(at_ms=5, recognition=recognition, understanding=known[key])
    return advance(where.assistant, turn.session, event)


def outcome(before: Turn, turn: Turn) -> str:
    """What came of it: accepted, declined or never (and "> request", "> person", "> bye" where that follows at once);
    again and pitch: the question, the whole offer is said once more."""
    session = turn.session
    ends = [_ENDS[c.answer] for c in turn.commands if isinstance(c, ev.RecordOfferAnswer)]
    begun = [request["intent"] for request in session.requests[len(before.session.requests) :]]
    if session.agent_requested:
        begun = ["person"]
    elif session.wait is Wait.OVER:
        begun = ["bye"]
    if ends or begun:
        return " > ".join((*ends, *begun))
    said = [p.name for c in turn.commands if isinstance(c, ev.Say) for p in c.prompts]
    return next((_SAID_AGAIN[name] for name in said if name in _SAID_AGAIN), "nothing")
