"""Asking for a human, with what the human is to know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ivr.dialog.run import Run
from ivr.dialog.session import Wait
from ivr.log import mask
from ivr.model.dialog import RequestHandoff
from ivr.model.routing import HandoffRequest


def hand_over(
    run: Run,
    queue: str,
    reason: str,
    *,
    slots: tuple[str, ...] = (),
    required: Mapping[str, int] | None = None,
    more: Mapping[str, Any] | None = None,
) -> None:
    """Wait for somebody of this queue. slots: values given along, secrets never; more: what else the request says."""
    session = run.session
    told = {n: session.slots[n] for n in slots if n in session.slots and not run.assistant.slots[n].sensitive}
    data = {
        "intent": session.requests[-1]["intent"] if session.requests else "",
        "requests": [dict(request) for request in session.requests],
        "slots": told,
        "level": session.level.name,
        "customer_id": session.customer.customer_id if session.customer else "",
        "in_caller_words": mask(session.words, session.sensitive_values),
        "no_offers": session.no_offers,
        **(more or {}),
    }
    run.emit(RequestHandoff(request=HandoffRequest(queue=queue, reason=reason, required=required or {}, data=data)))
    run.change(wait=Wait.HUMAN, handoff_reason="")
