"""What an agent sees of a call: a context packet (schema context/1) read into the cards of the agent page.

Owns what may be shown: the name only from level 2 on, no offer hint to the holdout. Tolerates missing parts: a thin
packet gives a thin screen, never an error. Refuses to know HTML.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ivr.model.call import LogEntry
from ivr.model.objections import CareMark
from ivr.web.call_words import CALL_WORDS
from ivr.web.screen_words import ENGLISH, SCREEN_WORDS, ScreenWords

NAMED = ("L2", "L3", "L4", "HUMAN")
CLOSED = ("g.optout", "g.cap")
MARKS = {"turn.rejected": "rejected", "turn.silence": "silence"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """The cards of the agent page. name is "" when it must not be shown; offer is "" when none is known yet, or none
    may be shown; offer_blocked says why it may not be made; offer_waits: only for the request to be solved.
    vulnerable: the customer needs care; care: the mark that says so, None where the customer's own system does."""

    pop_id: str
    call_id: str
    customer_id: str
    name: str
    number: str
    level: str
    level_text: str
    how: tuple[str, ...]
    warnings: tuple[str, ...]
    words: str
    intent: str
    slots: tuple[tuple[str, str], ...]
    summary: str
    status: str
    status_text: str
    why: str
    tried: tuple[str, ...]
    next_step: str
    owns: tuple[str, ...]
    contacts: tuple[tuple[str, str], ...]
    promise: str
    offer: str
    offer_why: str
    offer_blocked: str
    offer_waits: bool
    no_offers: bool
    vulnerable: bool
    care: CareMark | None = None

    @property
    def is_known(self) -> bool:
        """Is a customer identified as surely as the page needs to show who it is?"""
        return bool(self.customer_id) and self.level in NAMED


def screen_of(pop: Mapping[str, Any], language: str = "en") -> Screen:
    """The screen of a pop: {"pop_id", "call_id", "packet": context/1}. Beyond context/1 the packet may carry
    next_step, and in customer: owns, lines, flags and contacts [{"at", "why", "ended", "by"}]."""
    words = SCREEN_WORDS.get(language, ENGLISH)
    packet = _map(pop.get("packet"))
    customer, need = _map(packet.get("customer")), _map(packet.get("need"))
    level = _text(customer.get("level")) or "L0"
    status = _text(need.get("status"))
    return Screen(
        pop_id=_text(pop.get("pop_id")),
        call_id=_text(pop.get("call_id")),
        customer_id=_text(customer.get("id")),
        name=_text(customer.get("name")) if level in NAMED else "",
        number=_text(_map(packet.get("call")).get("ani")),
        level=level,
        level_text=words.levels.get(level, level),
        how=tuple(words.evidence.get(how, _plain(how)) for how in _texts(customer.get("how"))),
        warnings=_warnings(customer, words),
        words=_text(need.get("in_caller_words")),
        intent=_plain(_text(need.get("intent"))),
        slots=tuple((_plain(str(name)), _text(value)) for name, value in _map(need.get("slots")).items()),
        summary=_text(packet.get("summary")),
        status=status,
        status_text=words.statuses.get(status, _plain(status)),
        why=_text(need.get("why")),
        tried=_texts(need.get("tried")),
        next_step=_text(packet.get("next_step")) or _next_step(need, words),
        owns=tuple(_plain(item) for item in (_texts(customer.get("owns")) or _texts(customer.get("lines")))),
        contacts=_contacts(customer.get("contacts"), CALL_WORDS.get(language, CALL_WORDS["en"])),
        promise=_text(packet.get("promise")),
        vulnerable="vulnerable" in _flags(customer, words),
        **_offer(_map(packet.get("offer")), customer, words),
    )


def with_care(screen: Screen, mark: CareMark | None, language: str = "en") -> Screen:
    """The same where somebody has noted that the customer needs care."""
    if mark is None:
        return screen
    words = SCREEN_WORDS.get(language, ENGLISH)
    warnings = dict.fromkeys((words.warnings["vulnerable"], *screen.warnings))
    return replace(screen, vulnerable=True, care=mark, warnings=tuple(warnings))


def line_of(entry: LogEntry) -> dict[str, Any] | None:
    """A log entry as a line of the live transcript: {"seq", "who": "bot" | "caller", "text", "at"}; None for others.

    mark: "rejected" | "silence" where nothing was said that could be written down; pages have their own words for it.
    """
    texts = {
        "turn.said": ("bot", _text(entry.data.get("text"))),
        "turn.heard": ("caller", _text(entry.data.get("text"))),
        "turn.keys": ("caller", f"⌨ {_text(entry.data.get('digits'))}"),
        "turn.rejected": ("caller", "(not understood)"),
        "turn.silence": ("caller", "(silence)"),
    }
    who, text = texts.get(entry.kind, ("", ""))
    mark = {"mark": MARKS[entry.kind]} if entry.kind in MARKS else {}
    return {"seq": entry.seq, "who": who, "text": text, "at": entry.at, **mark} if text else None


def _offer(offer: Mapping[str, Any], customer: Mapping[str, Any], words: ScreenWords) -> dict[str, Any]:
    """Before the request is solved, the holdout, callers for whom nothing was drawn yet, and those for whom nothing
    will be, look alike: an agent must not treat them differently."""
    hint = "" if offer.get("arm") == "holdout" else _text(offer.get("hint"))
    blocked = (_text(offer.get("blocked_by")) or "g.resolved") if hint else "g.resolved"
    unwanted = customer.get("no_offers") is True or offer.get("blocked_by") in CLOSED
    waits = blocked == "g.resolved" and not unwanted and bool(hint or customer.get("id"))
    return {
        "offer": _plain(hint),
        "offer_why": _text(offer.get("why")) if hint else "",
        "offer_blocked": words.blocked.get(blocked, blocked) if hint or waits else "",
        "offer_waits": waits,
        "no_offers": customer.get("no_offers") is True,
    }


def _warnings(customer: Mapping[str, Any], words: ScreenWords) -> tuple[str, ...]:
    flags = _flags(customer, words)
    return tuple(text for name, text in words.warnings.items() if name in flags)


def _flags(customer: Mapping[str, Any], words: ScreenWords) -> frozenset[str]:
    told = (name for name in words.warnings if customer.get(name) is True)
    return frozenset((*_texts(customer.get("flags")), *told))


def _next_step(need: Mapping[str, Any], words: ScreenWords) -> str:
    """What the state of the request suggests, when the dialog suggests nothing itself."""
    intent = _plain(_text(need.get("intent")))
    match _text(need.get("status")):
        case "failed":
            return words.next_failed.format(intent=intent) if intent else words.next_failed_unnamed
        case "resolved" | "informed":
            return words.next_served
        case _:
            return words.next_open.format(intent=intent) if intent else words.next_open_unnamed


def _contacts(value: object, words: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """When, and in one line why, how it ended and with whom."""
    items = [_map(item) for item in value] if isinstance(value, list | tuple) else []
    return tuple((_text(item.get("at")), _contact(item, words)) for item in items)[:3]


def _contact(item: Mapping[str, Any], words: Mapping[str, str]) -> str:
    why, ended = _plain(_text(item.get("why"))), _text(item.get("ended"))
    parts = (why, words.get(ended, ended), _text(item.get("by")))
    return " · ".join(filter(None, parts))


def _map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,) if value else ()
    return tuple(str(item) for item in value) if isinstance(value, list | tuple) else ()


def _plain(name: str) -> str:
    """An identifier as words: "claim_status" -> "claim status"."""
    return name.replace("_", " ").replace("/", " / ")
