"""The record is a fold over the journal, and the journal lets no secret through."""

from __future__ import annotations

import pytest

from ivr.call.journal import Journal
from ivr.call.record import fold, percentile
from ivr.model.call import LogEntry, Outcome


def journal() -> Journal:
    book = Journal("01CALL", ())
    book.note("call.arrived", sip_call_id="abc", ani="+12025550101", dnis="claims", assistant="demo", language="en")
    return book


def test_a_call_without_arrival_has_no_record() -> None:
    with pytest.raises(ValueError, match=r"call\.arrived"):
        fold([])


def test_the_record_gathers_what_happened() -> None:
    book = journal()
    book.note("call.answered", answer_ms=31, codec="PCMU")
    book.note("call.greeted", greeting_ms=40)
    book.note("identity.level", level="L1", customer_id="C1", household="H1", evidence=["find_customer"])
    book.note("dialog.request", intent="claim_status", result="open")
    for latency in (300, 500, 400):
        book.note("turn.heard", text="x", confidence=0.9)
        book.note("turn.answered", latency_ms=latency)
    book.note("turn.barged_in", reaction_ms=120)
    book.note("dialog.request", intent="claim_status", result="resolved")
    book.note("call.ended", by="caller", outcome="resolved", disposition="solved")
    record = fold(book.entries)
    assert record.outcome is Outcome.RESOLVED
    assert record.requests == ({"intent": "claim_status", "result": "resolved"},)
    assert (record.level, record.customer_id, record.household) == ("L1", "C1", "H1")
    assert (record.turns, record.barge_ins) == (3, 1)
    assert record.timings == {"answer_ms": 31, "greeting_ms": 40, "turn_p50_ms": 400, "turn_p95_ms": 500}
    assert record.ended_by == "caller"


def test_two_requests_of_one_kind_are_two() -> None:
    book = journal()
    for result in ("open", "resolved", "open", "failed"):
        book.note("dialog.request", intent="claim_status", result=result)
    assert [request["result"] for request in fold(book.entries).requests] == ["resolved", "failed"]


def test_an_informed_caller_may_yet_say_whether_it_helped() -> None:
    book = journal()
    for result in ("open", "informed", "failed", "open", "informed", "open"):
        book.note("dialog.request", intent="claim_status", result=result)
    assert [request["result"] for request in fold(book.entries).requests] == ["failed", "informed", "open"]


def test_entries_are_numbered_from_one_and_reach_every_sink_in_order() -> None:
    seen: list[LogEntry] = []
    book = Journal("01CALL", (seen.append,))
    for _ in range(3):
        book.note("turn.silence")
    assert [entry.seq for entry in seen] == [1, 2, 3]
    assert seen == book.entries


def test_a_secret_is_masked_wherever_it_stands_and_however_it_is_spaced() -> None:
    book = journal()
    book.keep_secret(frozenset({"4821"}))
    entry = book.note("x", text="my pin is 4 8-2 1", deep={"list": ["4821", "other"]}, number=7)
    assert "4821" not in str(entry.data)
    assert "4 8-2 1" not in str(entry.data)
    assert entry.data["deep"]["list"][1] == "other"


@pytest.mark.parametrize(
    ("values", "percent", "expected"), [([1], 95, 1), ([1, 2, 3, 4], 50, 2), (list(range(1, 21)), 95, 19)]
)
def test_percentiles_are_nearest_rank(values: list[int], percent: int, expected: int) -> None:
    assert percentile(values, percent) == expected
