"""The context packet: what a human is given with a call, schema context/1 (domain.md 3.1), never above 8 kB.

Built from state alone: slots, outcomes, levels; no language model, no guess. The name is written only from level 2 on;
the holdout's offer is not written at all, because an agent who sees it sells it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ivr.log import mask
from ivr.model.identity import Identity, Level
from ivr.model.offers import OfferAnswer, OfferDecision
from ivr.routing.briefing import STATUSES, WHISPER_MAX_MS, summary, whisper

MAX_BYTES = 8192
NAME_FROM = Level.L2
HIDDEN = "•••"
CONTACT = ("at", "why", "ended", "by")
"""Of an earlier contact: when, what about (intents), how it ended, and with which person, "" for the bot."""

_LONG_NUMBER = re.compile(r"(?:\d[ .\-]?){12,18}\d")  # a card number, whoever failed to mask it; no E.164 is this long
_ULID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffContext:
    """Everything known of a call when a human is asked for; frozen at that moment.

    context_id: the ULID peers are given as token. Times: UTC ISO 8601; bot_s: seconds with the bot. intent, slots,
    caller_words, status ("resolved" | "informed" | "failed" | "open"), why and tried tell of the open request;
    requests are the ones served before, each {"intent", "result"}. reason: why a human. required: skill -> least.
    offer_answer: set when the offer was made already; no_offers: they were refused for good. contacts:
    newest first, each told by CONTACT. secrets: values of sensitive slots, masked wherever words may stand.
    """

    context_id: str
    call_id: str
    sip_call_id: str
    ani: str
    dnis: str
    language: str
    started_at: str
    bot_s: int
    identity: Identity
    queue: str
    reason: str
    expires_at: str
    intent: str = ""
    slots: Mapping[str, str] = field(default_factory=dict)
    caller_words: str = ""
    status: str = "open"
    why: str = ""
    tried: tuple[str, ...] = ()
    requests: tuple[Mapping[str, str], ...] = ()
    required: Mapping[str, int] = field(default_factory=dict)
    preferred_agent: str = ""
    ani_attest: str = ""
    diverted_from: str = ""
    arrived_at: str = ""
    priority: int = 0
    overflow_from: str = ""
    return_to: str = ""
    offer: OfferDecision | None = None
    offer_answer: OfferAnswer | None = None
    offer_why: str = ""
    no_offers: bool = False
    promise: str = ""
    next_step: str = ""
    transcript_url: str = ""
    contacts: tuple[Mapping[str, str], ...] = ()
    secrets: frozenset[str] = frozenset()


def build_packet(context: HandoffContext, whisper_max_ms: int = WHISPER_MAX_MS) -> dict[str, Any]:
    """The packet as JSON-able data: valid against context/1 and at most MAX_BYTES as UTF-8 JSON. whisper_max_ms: how
    long the words for the agent's ear take at most.

    Raises ValueError when context_id is no ULID or status is none of STATUSES.
    """
    if not _ULID.fullmatch(context.context_id) or context.status not in STATUSES:
        raise ValueError(f"no packet from id {context.context_id!r} and status {context.status!r}")
    context = _without_secrets(context)
    named = context.identity.level >= NAME_FROM and context.identity.customer is not None
    name = _text(context.identity.customer.name, 80) if named and context.identity.customer else ""
    need = _need(context)
    level = context.identity.level
    packet: dict[str, Any] = {
        "v": 1,
        "id": context.context_id,
        "call": _call(context),
        "customer": _customer(context, name),
        "need": need,
        "requests": [{key: _text(r.get(key, ""), 64) for key in ("intent", "result")} for r in context.requests[-10:]],
        "skills": {
            "required": {
                _ascii(skill, 32): min(5, max(0, least)) for skill, least in list(context.required.items())[:12]
            },
            "preferred": {"agent": _ascii(context.preferred_agent, 32)},
        },
        "queue": {
            "asked": _ascii(context.queue, 32),
            "reason": _text(context.reason, 100),
            "arrived": _ascii(context.arrived_at or context.started_at, 40),
            "priority": context.priority,
            "overflow_from": _ascii(context.overflow_from, 64),
            "return_to": _ascii(context.return_to, 128),
        },
        "offer": _offer(context),
        "summary": summary(name, level, need, _text(context.reason, 100)),
        "whisper": whisper(
            name, level, need, _text(context.reason, 100), language=context.language, max_ms=whisper_max_ms
        ),
        "promise": _text(context.promise, 100),
        "next_step": _text(context.next_step, 100),
        "transcript_url": _ascii(context.transcript_url, 200),
        "expires": _ascii(context.expires_at, 40),
    }
    return _trimmed(packet)


def packet_bytes(packet: Mapping[str, Any]) -> int:
    """How many bytes the packet takes as compact UTF-8 JSON."""
    return len(json.dumps(packet, ensure_ascii=False, separators=(",", ":")).encode())


def _without_secrets(context: HandoffContext) -> HandoffContext:
    """Masked before anything is cut, so that no half of a secret is left. Ids, numbers, times and levels stay."""

    def masked(text: object) -> str:
        return mask(str(text), context.secrets)

    def every(items: tuple[Mapping[str, str], ...]) -> tuple[Mapping[str, str], ...]:
        return tuple({key: masked(value) for key, value in item.items()} for item in items)

    return replace(
        context,
        slots={masked(name): masked(value) for name, value in context.slots.items()},
        caller_words=masked(context.caller_words),
        why=masked(context.why),
        reason=masked(context.reason),
        tried=tuple(masked(step) for step in context.tried),
        requests=every(context.requests),
        contacts=every(context.contacts),
        offer_why=masked(context.offer_why),
        promise=masked(context.promise),
        next_step=masked(context.next_step),
    )


def _call(context: HandoffContext) -> dict[str, Any]:
    return {
        "call_id": _ascii(context.call_id, 64),
        "sip_call_id": _ascii(context.sip_call_id, 128),
        "ani": _ascii(context.ani, 32),
        "ani_attest": _ascii(context.ani_attest, 8),
        "dnis": _ascii(context.dnis, 64),
        "diverted_from": _ascii(context.diverted_from, 128),
        "lang": _ascii(context.language, 16),
        "started": _ascii(context.started_at, 40),
        "bot_s": max(0, context.bot_s),
    }


def _customer(context: HandoffContext, name: str) -> dict[str, Any]:
    customer = context.identity.customer
    flags = customer.flags if customer else ()
    return {
        "id": _ascii(customer.customer_id, 64) if customer else "",
        "name": name,
        "level": context.identity.level.name,
        "how": [_ascii(how, 32) for how in context.identity.evidence[:8]],
        "segment": _text(customer.profile.get("segment", ""), 32) if customer else "",
        "lines": [_text(line, 32) for line in customer.lines[:12]] if customer else [],
        "owns": [_text(product, 32) for product in customer.owns[:12]] if customer else [],
        "flags": [_text(flag, 32) for flag in flags[:12]],
        "vulnerable": "vulnerable" in flags,
        "no_offers": _refused(context),
        "contacts": [{key: _text(c.get(key, ""), 100) for key in CONTACT} for c in context.contacts[:3]],
    }


def _refused(context: HandoffContext) -> bool:
    customer = context.identity.customer
    flagged = customer is not None and "no_offers" in customer.flags
    return flagged or context.no_offers or context.offer_answer is OfferAnswer.NEVER_AGAIN


def _need(context: HandoffContext) -> dict[str, Any]:
    return {
        "intent": _ascii(context.intent, 64),
        "slots": {_ascii(name, 32): _text(value, 100) for name, value in list(context.slots.items())[:20]},
        "in_caller_words": _text(context.caller_words, 300),
        "status": context.status,
        "why": _text(context.why, 120),
        "tried": [_text(step, 100) for step in context.tried[-8:]],
    }


def _offer(context: HandoffContext) -> dict[str, Any]:
    decision = context.offer
    nothing = {"hint": "", "why": "", "script": "", "arm": "none", "allowed": False}
    if context.offer_answer is not None:
        return {**nothing, "blocked_by": "g.cap"}
    if _refused(context):
        return {**nothing, "blocked_by": "g.optout"}
    if decision is None or not decision.speak:
        return {**nothing, "blocked_by": "no offer on this call"}
    script = f"{decision.script.ask} {decision.script.pitch} {decision.script.confirm}" if decision.script else ""
    return {
        "hint": _ascii(decision.product, 32),
        "why": _text(context.offer_why, 100),
        "script": _text(script, 600),
        "arm": decision.arm,
        "allowed": False,
        "blocked_by": "g.resolved",
    }


# ---- size: what is dropped first is least missed by somebody who is about to speak with the caller ------------------


def _drop_request(packet: dict[str, Any]) -> bool:
    return _dropped(packet["requests"], 0)


def _drop_contact(packet: dict[str, Any]) -> bool:
    return _dropped(packet["customer"]["contacts"], -1)


def _drop_script(packet: dict[str, Any]) -> bool:
    had, packet["offer"]["script"] = packet["offer"]["script"], ""
    return bool(had)


def _drop_tried(packet: dict[str, Any]) -> bool:
    return _dropped(packet["need"]["tried"], 0)


def _drop_slot(packet: dict[str, Any]) -> bool:
    slots = packet["need"]["slots"]
    return bool(slots) and bool(slots.popitem())


def _drop_possession(packet: dict[str, Any]) -> bool:
    customer = packet["customer"]
    return any(_dropped(customer[part], -1) for part in ("owns", "lines", "flags"))


def _drop_words(packet: dict[str, Any]) -> bool:
    had, packet["need"]["in_caller_words"] = packet["need"]["in_caller_words"], ""
    return bool(had)


TRIMMING: tuple[Callable[[dict[str, Any]], bool], ...] = (
    _drop_request,
    _drop_contact,
    _drop_script,
    _drop_tried,
    _drop_slot,
    _drop_possession,
    _drop_words,
)
"""Each takes one thing away and says whether there was one; the next begins when nothing is left."""


def _dropped(items: list[Any], index: int) -> bool:
    return bool(items) and items.pop(index) is not None


def _trimmed(packet: dict[str, Any]) -> dict[str, Any]:
    for drop in TRIMMING:
        while packet_bytes(packet) > MAX_BYTES and drop(packet):
            pass
    return packet


def _text(value: object, limit: int) -> str:
    """One line of at most so many characters, without anything like a card number."""
    text = _LONG_NUMBER.sub(HIDDEN, _CONTROL.sub(" ", str(value)).strip())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _ascii(value: str, limit: int) -> str:
    """An identifier, address or time: other characters than visible ASCII become "_"."""
    return re.sub(r"[^\x21-\x7e]", "_", value)[:limit]
