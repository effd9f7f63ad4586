"""What is written into the journal about each dialog event. A table; sensitive turns are hidden here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ivr.call.journal import Journal
from ivr.dialog.engine import Session
from ivr.log import MASK
from ivr.model import dialog as say

Noted = tuple[str, dict[str, Any]]


def note_event(
    journal: Journal, event: say.Event, session: Session, *, hidden: bool, number_lookup: str | None
) -> None:
    """Note an event the dialog has taken. hidden: it answered a sensitive question. number_lookup: the service whose
    evidence is the calling number."""
    noting = _NOTINGS.get(type(event))
    if noting is not None:
        kind, data = noting(event, hidden)
        journal.note(kind, **data)
    if isinstance(event, say.ServiceEnded | say.CallerIdentified):
        if event.identity is not None:
            evidence = event.identity.evidence
        else:
            evidence = ("ani",) if event.service == number_lookup else (event.service,)
        _note_level(journal, session, evidence)


def _heard(event: say.UtteranceHeard, hidden: bool) -> Noted:
    recognition, intent = event.recognition, event.understanding.intent
    hypothesis = recognition.hypothesis
    return "turn.heard", {
        "text": MASK if hidden else hypothesis.text,
        "confidence": round(hypothesis.confidence, 3),
        "margin": hypothesis.margin,
        "intent": intent.name,
        "intent_confidence": round(intent.confidence, 3),
        "engine": hypothesis.engine,
        "decode_ms": recognition.decode_ms,
        "endpoint_ms": recognition.decided_at_ms - recognition.speech_ended_at_ms,
        "understanding_ms": event.at_ms - recognition.decided_at_ms,
    }


def _keys(event: say.DigitsDialed, hidden: bool) -> Noted:
    return "turn.keys", {"digits": MASK if hidden else event.digits}


def _rejected(event: say.UtteranceRejected, _hidden: bool) -> Noted:
    return "turn.rejected", {"reason": event.reason}


def _service(event: say.ServiceEnded, _hidden: bool) -> Noted:
    return "service.ended", {"service": event.service, "outcome": event.outcome, "error": event.error}


def _transfer(event: say.TransferEnded, _hidden: bool) -> Noted:
    return "transfer.ended", {"result": event.result.value, "agent": event.agent}


_NOTINGS: dict[type, Callable[[Any, bool], Noted]] = {
    say.UtteranceHeard: _heard,
    say.DigitsDialed: _keys,
    say.UtteranceRejected: _rejected,
    say.ServiceEnded: _service,
    say.TransferEnded: _transfer,
    say.SilenceElapsed: lambda _event, _hidden: ("turn.silence", {}),
    say.HoldElapsed: lambda event, _hidden: ("service.held", {"service": event.service}),
    say.HearingLost: lambda _event, _hidden: ("hearing.lost", {}),
    say.HearingRestored: lambda _event, _hidden: ("hearing.restored", {}),
    say.CallerHungUp: lambda _event, _hidden: ("caller.hung_up", {}),
}


def _note_level(journal: Journal, session: Session, evidence: tuple[str, ...]) -> None:
    """Note the identity when it changed, with the evidence that changed it."""
    known = next((entry.data for entry in reversed(journal.entries) if entry.kind == "identity.level"), None)
    before = (known["level"], known["customer_id"]) if known else ("L0", "")
    customer = session.customer
    now = (session.level.name, customer.customer_id if customer else "")
    if now != before:
        journal.note(
            "identity.level",
            level=now[0],
            customer_id=now[1],
            household=customer.household if customer else "",
            evidence=list(evidence),
        )
