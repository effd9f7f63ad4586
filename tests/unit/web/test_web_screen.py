"""What of a context packet an agent may see."""

from __future__ import annotations

import pytest

from ivr.model.call import LogEntry
from ivr.web.screen import line_of, screen_of


def pop(**packet: object) -> dict[str, object]:
    return {"pop_id": "P", "call_id": "C", "packet": packet}


@pytest.mark.parametrize(("level", "name"), [("L0", ""), ("L1", ""), ("", ""), ("L2", "Anna"), ("HUMAN", "Anna")])
def test_the_name_is_shown_only_from_level_two_on(level: str, name: str) -> None:
    assert screen_of(pop(customer={"name": "Anna", "level": level})).name == name


@pytest.mark.parametrize(
    ("language", "line"),
    [("en", "claim status, new claim · transferred · Elena"), ("ru", "claim status, new claim · переведён · Elena")],
)
def test_a_contact_is_told_in_one_line_of_the_language_of_the_page(language: str, line: str) -> None:
    told = {"at": "2026-11-12T09:30:00Z", "why": "claim_status, new_claim", "ended": "transferred", "by": "Elena"}
    screen = screen_of(pop(customer={"contacts": [told, {"at": "t"}, "x"]}), language)
    assert screen.contacts == ((told["at"], line), ("t", ""), ("", ""))


def test_the_holdout_gets_no_hint_at_all() -> None:
    offer = {"hint": "dacha_furniture", "why": "owns dacha", "script": "…", "arm": "holdout", "allowed": True}
    screen = screen_of(pop(offer=offer))
    assert (screen.offer, screen.offer_why, screen.offer_blocked, screen.offer_waits) == ("", "", "", False)


def test_a_hint_not_allowed_says_why() -> None:
    offer = {"hint": "dacha_furniture", "arm": "treat", "allowed": False, "blocked_by": "g.wait"}
    assert screen_of(pop(offer=offer)).offer_blocked == "the customer waited long"
    assert screen_of(pop(offer={"hint": "car"})).offer_blocked == "first solve the request"


def test_warnings_come_from_fields_and_flags() -> None:
    screen = screen_of(pop(customer={"vulnerable": True, "no_offers": False, "flags": ["complaint"]}))
    assert screen.warnings == ("Vulnerable customer: take time, sell nothing", "Complaint open")


def test_a_failed_request_suggests_finishing_it() -> None:
    screen = screen_of(pop(need={"intent": "policy_change", "status": "failed", "why": "tariff timeout"}))
    assert screen.next_step == "Finish “policy change” by hand and confirm it."
    assert screen_of(pop(next_step="Ask for the receipt")).next_step == "Ask for the receipt"


@pytest.mark.parametrize(
    "packet", [None, "text", {}, {"customer": 5, "need": [], "offer": "x"}, {"need": {"slots": 1}}]
)
def test_a_broken_packet_gives_a_thin_screen(packet: object) -> None:
    screen = screen_of({"pop_id": "P", "call_id": "C", "packet": packet})
    assert screen.level == "L0"
    assert screen.words == ""


def test_log_entries_become_transcript_lines() -> None:
    def entry(kind: str, **data: object) -> LogEntry:
        return LogEntry(call_id="C", seq=3, at="t", at_ms=1, kind=kind, data=data)

    assert line_of(entry("turn.said", text="Hello")) == {"seq": 3, "who": "bot", "text": "Hello", "at": "t"}
    assert line_of(entry("turn.keys", digits="•••")) == {"seq": 3, "who": "caller", "text": "⌨ •••", "at": "t"}
    assert line_of(entry("dialog.step", step="a")) is None
    assert line_of(entry("turn.heard")) is None
