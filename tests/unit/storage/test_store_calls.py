"""Records and event logs."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

import pytest

from ivr.model.call import Callback, CallRecord, LogEntry, Outcome
from ivr.model.dealings import Dealings
from ivr.model.errors import StorageError
from ivr.storage.store import Store
from tests.unit.storage.conftest import NOW


def record(call_id: str, **changes: object) -> CallRecord:
    values: dict[str, object] = {
        "call_id": call_id,
        "sip_call_id": f"{call_id}@phone",
        "ani": "+4915112345678",
        "dnis": "100",
        "assistant": "insurance",
        "language": "en",
        "started_at": "2026-11-21T09:59:00.000Z",
    }
    return CallRecord(**{**values, **changes})  # type: ignore[arg-type]


def entry(call_id: str, seq: int, kind: str = "turn.said", **data: object) -> LogEntry:
    at = f"2026-11-21T09:59:{seq % 60:02d}.000Z"
    return LogEntry(call_id=call_id, seq=seq, at=at, at_ms=seq * 20, kind=kind, data=data)


async def test_a_record_comes_back_as_it_was_saved(store: Store) -> None:
    full = record(
        "01A",
        answered_at="2026-11-21T09:59:01.000Z",
        ended_at="2026-11-21T10:00:00.000Z",
        ended_by="caller",
        level="L2",
        customer_id="C1",
        household="H1",
        requests=({"intent": "claim_status", "result": "resolved"},),
        outcome=Outcome.RESOLVED,
        turns=4,
        timings={"answer_ms": 12.5},
        recording="01A.wav",
    )
    await store.save_record(record("01A"))
    await store.save_record(full)
    assert await store.call("01A") == full
    assert await store.call("nobody") is None


async def test_calls_are_listed_newest_first_page_by_page(store: Store) -> None:
    for call_id in ("01A", "01B", "01C"):
        await store.save_record(record(call_id))
    newest = await store.calls(2)
    assert [r.call_id for r in newest] == ["01C", "01B"]
    assert [r.call_id for r in await store.calls(2, before=newest[-1].call_id)] == ["01A"]


async def test_events_keep_their_order_and_their_words(store: Store) -> None:
    for seq in (1, 2, 3):
        store.append(entry("01A", seq, text=f"слово {seq}"))
    store.append(entry("01B", 1))
    kept = await store.events("01A")
    assert [(e.seq, e.data["text"]) for e in kept] == [(1, "слово 1"), (2, "слово 2"), (3, "слово 3")]
    assert kept[0] == entry("01A", 1, text="слово 1")


async def test_the_same_sequence_number_twice_is_refused_and_the_rest_is_kept(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    for seq in (1, 2, 2, 3):
        store.append(entry("01A", seq))
    assert [e.seq for e in await store.events("01A")] == [1, 2, 3]
    assert store.rejected == 1
    assert "storage.entry_rejected" in caplog.text


async def test_a_full_queue_drops_chatter_but_never_control_entries_in_silence(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    store = await Store.open(url, capacity=10)
    with caplog.at_level(logging.ERROR):
        for seq in range(1, 16):
            store.append(entry("01A", seq))  # five too many
        for seq in range(16, 26):
            store.append(entry("01A", seq, "offer.answered"))  # ten, all within the reserve
        store.append(entry("01A", 26, "callback.promised", number="+49"))  # beyond every reserve
    assert store.dropped == 6
    lost = [r for r in caplog.records if r.message == "storage.control_entry_not_stored"]
    assert [r.fields["data"] for r in lost] == [{"number": "+49"}]  # type: ignore[attr-defined]
    assert [e.seq for e in await store.events("01A")] == [*range(1, 11), *range(16, 26)]
    await store.close()


@pytest.mark.alone
async def test_ten_calls_of_fifty_events_a_second_do_not_lag(store: Store) -> None:
    seconds, waits, began = 10, [], time.perf_counter()
    for seq in range(1, 50 * seconds + 1):
        for call in range(10):
            before = time.perf_counter()
            store.append(entry(f"call{call}", seq, text="what was said in about as many words as people use"))
            waits.append(time.perf_counter() - before)
    await store.flush()
    assert time.perf_counter() - began < seconds / 2
    # One append in a thousand may meet a machine that is busy with something else; none may wait for the disk.
    assert sorted(waits)[len(waits) * 999 // 1000] < 0.005
    assert len(await store.events("call7")) == 50 * seconds


async def test_closing_stores_what_was_still_queued(url: str) -> None:
    store = await Store.open(url)
    store.append(entry("01A", 1))
    await store.close()
    again = await Store.open(url)
    assert len(await again.events("01A")) == 1
    await again.close()


async def test_open_calls_are_those_that_never_ended(store: Store) -> None:
    await store.save_record(record("01A", ended_at="2026-11-21T10:00:00.000Z", outcome=Outcome.RESOLVED))
    await store.save_record(record("01B"))
    assert [r.call_id for r in await store.open_calls()] == ["01B"]


async def test_the_last_call_of_a_number_is_found_while_it_is_recent(store: Store, clock) -> None:
    await store.save_record(record("01A", ended_at="2026-11-21T10:00:00.000Z", outcome=Outcome.LOST))
    clock.wind(60)
    found = await store.last_call("+4915112345678", 60)
    assert found is not None
    assert found.outcome is Outcome.LOST
    clock.wind(1)
    assert await store.last_call("+4915112345678", 60) is None
    assert await store.last_call("+4900000000", 3600) is None
    assert await store.last_call("+4915112345678", 3600, besides="01A") is None


async def test_withheld_numbers_have_no_last_call(store: Store) -> None:
    await store.save_record(record("01A", ani=""))
    assert await store.last_call("", 3600) is None


async def test_a_call_that_never_ended_is_as_recent_as_its_last_event(store: Store) -> None:
    await store.save_record(record("01A", started_at="2026-11-21T09:00:00.000Z"))
    assert await store.last_call("+4915112345678", 120) is None
    store.append(entry("01A", 30))
    await store.flush()
    assert await store.last_call("+4915112345678", 120) is not None


async def test_calls_with_the_same_intent_are_counted_once_each(store: Store) -> None:
    asked = {"intent": "claim_status", "result": "failed"}
    await store.save_record(record("01A", household="H1", requests=(asked, asked)))
    await store.save_record(record("01A", household="H1", requests=(asked, asked)))
    await store.save_record(record("01B", household="H1", requests=(asked,), started_at="2026-11-20T00:00:00.000Z"))
    await store.save_record(record("01C", household="H2", requests=(asked,)))

    async def calls(household: str, since: str, besides: str = "") -> int:
        intents = ["claim_status"]
        return (await store.remembered(household, [], intents, since, besides=besides, surveyed_since=since)).calls

    assert await calls("H1", "2026-11-14T10:00:00Z") == 2
    assert await calls("H1", "2026-11-21T00:00:00Z") == 1
    assert await calls("H1", "2026-11-14T10:00:00Z", besides="01A") == 1
    assert await calls("", "2026-11-14T10:00:00Z") == 0


async def test_a_record_without_a_readable_start_is_refused(store: Store) -> None:
    with pytest.raises(StorageError, match="yesterday"):
        await store.save_record(record("01A", started_at="yesterday"))


async def test_who_took_the_latest_call_of_a_customer_is_known_for_a_while(store: Store) -> None:
    ago = {"01A": 3, "01B": 2, "01C": 1, "01D": 0}
    agents = {"01A": ("ann", "C1"), "01B": ("bob", "C1"), "01C": ("cid", "C2"), "01D": ("", "C1")}
    for call_id, days in ago.items():
        at = (NOW - timedelta(days=days, minutes=5)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        agent, customer = agents[call_id]
        await store.save_record(record(call_id, started_at=at, agent=agent, customer_id=customer))
    number = record("01A").ani
    assert await store.last_agent(number, "C1", 90) == "bob"
    assert await store.last_agent(number, "", 90) == "cid", "whoever calls from there"
    assert await store.last_agent(number, "C3", 90) == ""
    assert await store.last_agent(number, "C1", 1) == ""  # two days ago
    assert await store.last_agent("+499", "C1", 90) == "bob", "from another telephone, too"
    assert await store.last_agent("", "C1", 90) == "bob", "or from a number that was withheld"
    assert await store.last_agent("", "", 90) == ""


async def test_what_a_customer_had_with_us_is_three_contacts_and_what_is_still_owed(store: Store) -> None:
    asked = tuple({"intent": intent, "result": "failed"} for intent in ("claim_status", "new_claim"))
    started = {
        f"01{letter}": f"2026-11-{day:02d}T09:00:00.000Z"
        for letter, day in zip("ABCDE", (9, 12, 10, 11, 13), strict=True)
    }
    for call_id, at in started.items():
        await store.save_record(record(call_id, started_at=at, customer_id="C1", requests=asked, agent="ann"))
    await store.save_record(record("01F", customer_id="C2"))
    for name, customer, day in (("late", "C1", 25), ("soon", "C1", 24), ("kept", "C1", 23), ("other", "C2", 23)):
        deadline = f"2026-11-{day}T10:00:00Z"
        await store.promise(
            Callback(
                callback_id=name,
                call_id=f"call of {name}",
                number="+49151",
                customer_id=customer,
                reason=f"{name} claim",
                promised_at="2026-11-21T10:00:00Z",
                deadline=deadline,
            )
        )
    await store.finish_callback("kept", "ann")
    found = await store.dealings("C1", 3, besides="01E")
    assert [(each.call_id, each.at) for each in found.contacts] == [(n, started[n]) for n in ("01B", "01D", "01C")]
    newest = found.contacts[0]
    assert (newest.intents, newest.outcome, newest.agent) == (("claim_status", "new_claim"), Outcome.OPEN, "ann")
    assert [(each.call_id, each.reason) for each in found.promises] == [
        ("call of soon", "soon claim"),
        ("call of late", "late claim"),
    ]
    assert await store.dealings("", 3) == Dealings()
