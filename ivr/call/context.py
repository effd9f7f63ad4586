"""The context a human is given, gathered from one call's state and journal, secrets masked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ivr.call.dealings import contacts, promises
from ivr.call.handoff_terms import Packet
from ivr.call.line import Line
from ivr.call.record import fold
from ivr.model.dealings import Dealings
from ivr.model.identity import Identity
from ivr.model.ids import monotonic_ms, new_id
from ivr.model.offers import OfferAnswer
from ivr.model.routing import Agent, HandoffRequest
from ivr.routing.briefing import accepted_step, accepted_words
from ivr.routing.key_code import key_code
from ivr.routing.packet import HandoffContext, build_packet
from ivr.routing.plan import RoutingPlan
from ivr.storage.store import Store

CONTEXT_KEPT = timedelta(hours=4)
MOST_TRIED = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of the caller from before. no_offers: refused, in this call or an earlier."""

    no_offers: bool
    dealings: Dealings


def packet_for(
    line: Line, plan: RoutingPlan, request: HandoffRequest, agent: Agent | None, known: Known, *, token: str = ""
) -> Packet:
    """What this agent is told about this call, now; None: whoever takes it in the queue it goes back to. token: the one
    peers know already, "" for a new one."""
    journal, session = line.journal, line.session()
    record, token, now = fold(journal.entries), token or new_id(), datetime.now(UTC)
    current = session.requests[-1] if session.requests else {"intent": "", "result": "open"}
    accepted = request.data.get("accepted")
    answers = [e.data["answer"] for e in journal.entries if e.kind == "offer.answered"]
    context = HandoffContext(
        context_id=token,
        call_id=line.call_id,
        sip_call_id=record.sip_call_id,
        ani=line.caller.ani,
        ani_attest=line.caller.attest,
        dnis=line.caller.dnis,
        diverted_from=line.caller.diverted_from,
        language=session.language,
        started_at=record.started_at,
        bot_s=round((now - datetime.fromisoformat(record.started_at)).total_seconds()),
        identity=_identity(line, needs_care=known.dealings.needs_care),
        queue=request.queue,
        reason=accepted_words(accepted, session.language) if accepted else request.reason,
        required=dict(request.required),
        preferred_agent=agent.agent_id if agent else "",
        arrived_at=line.overflow.arrived_at(monotonic_ms()) if line.overflow else "",
        priority=line.caller.priority,
        overflow_from=line.caller.overflow_from,
        return_to=line.caller.return_to,
        expires_at=(now + CONTEXT_KEPT).isoformat(timespec="seconds"),
        intent=current["intent"],
        status=current["result"],
        slots={name: str(journal.masked(str(value))) for name, value in _slots(request).items()},
        caller_words=str(journal.masked(_last_words(line) or session.words)),
        why=_why(line) if current["result"] == "failed" else "",
        tried=_tried(line),
        promise=promises(journal, known.dealings),
        contacts=contacts(journal, known.dealings, plan),
        requests=session.requests[:-1],
        offer=session.decision,
        next_step=accepted_step(accepted) if accepted else "",
        no_offers=known.no_offers,
        offer_answer=OfferAnswer(answers[-1]) if answers else None,
        transcript_url=f"/calls/{line.call_id}",
        secrets=session.sensitive_values,
    )
    packet = build_packet(context, plan.whisper_max_ms)
    return Packet(token=token, context=packet, whisper=str(packet["whisper"]))


async def keep_context(line: Line, store: Store, packet: Packet) -> None:
    """Store what a human is given, for as long as it may be asked for: by its token, or the eight digits made of it.
    Raises StorageError."""
    expires = (datetime.now(UTC) + CONTEXT_KEPT).isoformat()
    await store.save_context(packet.token, line.call_id, packet.context, expires, code=key_code(packet.token))


def _identity(line: Line, *, needs_care: bool) -> Identity:
    """Who calls, and how that is known. needs_care: noted in an earlier call, and told as the customer's own system
    tells it."""
    session = line.session()
    customer = session.customer
    if customer is not None and needs_care:
        customer = replace(customer, flags=tuple(dict.fromkeys((*customer.flags, "vulnerable"))))
    level = next((e.data for e in reversed(line.journal.entries) if e.kind == "identity.level"), None)
    return Identity(level=session.level, customer=customer, evidence=_how(line, level["evidence"]) if level else ())


def _how(line: Line, evidence: Sequence[str]) -> tuple[str, ...]:
    """Kinds of the evidence a level names: what an agent can read; ids are for the log."""
    kinds = {e.data["evidence"]: str(e.data["what"]) for e in line.journal.entries if e.kind == "identity.evidence"}
    return tuple(dict.fromkeys(kinds.get(each, each) for each in evidence))


def _slots(request: HandoffRequest) -> Mapping[str, Any]:
    """The values the dialog gives along; the rest of its data is read from the call itself."""
    slots = request.data.get("slots", {})
    return slots if isinstance(slots, Mapping) else {}


def _last_words(line: Line) -> str:
    """What the caller said last that carried an intent: the reason in the caller's own words."""
    heard = [e.data for e in line.journal.entries if e.kind == "turn.heard"]
    return next((str(data["text"]) for data in reversed(heard) if data["intent"]), "")


def _why(line: Line) -> str:
    """What of the bot's own doing failed last."""
    ended = [e.data for e in line.journal.entries if e.kind == "service.ended" and e.data["outcome"] != "ok"]
    return f"{ended[-1]['service']}: {ended[-1]['error'] or ended[-1]['outcome']}" if ended else ""


def _tried(line: Line) -> tuple[str, ...]:
    """What the bot did for the caller, oldest first."""
    done = [
        f"{entry.data['service']}: {entry.data['outcome']}"
        for entry in line.journal.entries
        if entry.kind == "service.ended"
    ]
    return tuple(done[-MOST_TRIED:])
