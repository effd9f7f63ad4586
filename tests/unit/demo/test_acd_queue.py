"""The queue of the demo's contact center: places are made of priority and arrival, and kept."""

from __future__ import annotations

from ivr.demo.acd_queue import AcdQueue, Contact, ContactState


def queue_of(*places: tuple[str, int, int]) -> AcdQueue:
    queue = AcdQueue("billing", agents=0, handling_ms=1000, max_wait_ms=5000)
    for name, arrived_ms, priority in places:
        queue.join(Contact(contact_id=name, arrived_ms=arrived_ms, priority=priority))
    return queue


def test_the_line_goes_by_priority_then_arrival_and_who_is_away_keeps_the_place() -> None:
    queue = queue_of(("late", 300, 0), ("early", 100, 0), ("urgent", 200, 5))
    queue.contacts["early"].state = ContactState.AWAY
    assert [c.contact_id for c in queue.line()] == ["urgent", "early", "late"]
    assert [queue.position(name) for name in ("urgent", "early", "late", "nobody")] == [1, 2, 3, 0]


def test_who_waited_too_long_overflows_once() -> None:
    queue = queue_of(("early", 100, 0), ("late", 3000, 0))
    assert [c.contact_id for c in queue.overflowing(5200)] == ["early"]
    queue.contacts["early"].overflowed = True
    assert list(queue.overflowing(5200)) == []


def test_people_take_who_is_there_and_pass_over_who_is_away_until_they_are_back() -> None:
    queue = queue_of(("away", 100, 0), ("next", 200, 0), ("last", 300, 0))
    queue.contacts["away"].state = ContactState.AWAY
    queue.agents = 1
    begun, _ = queue.serve(1000)
    assert [c.contact_id for c in begun] == ["next"]
    queue.contacts["away"].state = ContactState.WAITING
    begun, done = queue.serve(2000)
    assert ([c.contact_id for c in begun], [c.contact_id for c in done]) == (["away"], ["next"])
    queue.serve(3000)
    assert queue.taken == ["next", "away", "last"]
