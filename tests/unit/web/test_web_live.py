"""The hub between calls and open pages."""

from __future__ import annotations

import asyncio

from ivr.web.live import LiveHub, LivePage


async def drain(page: LivePage) -> list[tuple[str, object]]:
    got = []
    while (event := await page.next(0)) is not None:
        got.append((event.event, event.data.get("n")))
    return got


async def test_an_event_reaches_the_pages_of_its_topic_only() -> None:
    hub = LiveHub()
    with hub.subscribe("agent:a") as one, hub.subscribe("agent:a") as two, hub.subscribe("agent:b") as other:
        assert hub.publish("agent:a", "state", {"n": 1}) == 2
        assert await drain(one) == await drain(two) == [("state", 1)]
        assert await drain(other) == []
    assert hub.publish("agent:a", "state", {}) == 0


async def test_a_full_queue_loses_old_transcript_lines_before_the_pop() -> None:
    hub = LiveHub(queue=3)
    with hub.subscribe("agent:a") as page:
        hub.publish("agent:a", "pop", {"pop_id": "p", "n": 0})
        for n in range(1, 5):
            hub.publish("agent:a", "transcript", {"n": n})
        assert await drain(page) == [("pop", 0), ("transcript", 3), ("transcript", 4)]
    assert hub.dropped == 2


async def test_a_page_that_opens_late_gets_the_present_screen_marked_as_replayed() -> None:
    hub = LiveHub()
    hub.publish("agent:a", "pop", {"pop_id": "old"})
    hub.publish("agent:a", "pop", {"pop_id": "p"})
    hub.publish("agent:a", "transcript", {"n": 1})
    with hub.subscribe("agent:a") as page:
        first = await page.next(0)
        assert first is not None
        assert (first.event, first.data["pop_id"], first.replayed) == ("pop", "p", True)
        assert await drain(page) == [("transcript", 1)]
    hub.publish("agent:a", "clear", {})
    with hub.subscribe("agent:a") as page:
        assert await drain(page) == []


async def test_a_long_conversation_keeps_the_pop_and_the_newest_lines() -> None:
    hub = LiveHub()
    hub.publish("agent:a", "pop", {"pop_id": "p"})
    for n in range(1000):
        hub.publish("agent:a", "transcript", {"n": n})
    with hub.subscribe("agent:a") as page:
        got = await drain(page)
    assert got[0] == ("pop", None)
    assert got[-1] == ("transcript", 999)
    assert len(got) == 128


async def test_waiting_for_a_pop_ends_when_a_page_shows_it() -> None:
    hub = LiveHub()
    with hub.subscribe("agent:a"):
        hub.publish("agent:a", "pop", {"pop_id": "p"})
        waiting = asyncio.create_task(hub.confirm_shown("p", 5))
        await asyncio.sleep(0)
        assert not hub.shown("agent:b", "p")  # somebody else's page
        assert hub.shown("agent:a", "p")
        assert await waiting
        assert await hub.confirm_shown("p", 0)  # asked after the fact


async def test_waiting_for_a_pop_ends_at_the_timeout() -> None:
    hub = LiveHub()
    with hub.subscribe("agent:a"):
        hub.publish("agent:a", "pop", {"pop_id": "p"})
        assert not await hub.confirm_shown("p", 0.01)


async def test_without_an_open_page_nobody_waits() -> None:
    hub = LiveHub()
    hub.publish("agent:a", "pop", {"pop_id": "p"})
    async with asyncio.timeout(1):
        assert not await hub.confirm_shown("p", 60)
    assert not await hub.confirm_shown("unknown", 60)
    assert not hub.shown("agent:a", "unknown")


async def test_closing_ends_every_stream() -> None:
    hub = LiveHub()
    with hub.subscribe("agent:a") as page:
        waiting = asyncio.create_task(page.next(60))
        await asyncio.sleep(0)
        hub.close()
        assert await waiting is None
        assert page.closed


async def test_a_free_agent_is_not_shown_the_last_call_again() -> None:
    hub = LiveHub()
    hub.publish("agent:a", "pop", {"pop_id": "p"})
    hub.publish("agent:a", "state", {"state": "wrap_up"})
    assert hub.screen("agent:a") is not None
    hub.publish("agent:a", "state", {"state": "available"})
    assert hub.screen("agent:a") is None
