"""The agent page in a real browser."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Browser, Page, expect

from ivr.call.opportunities import Opportunities
from ivr.model.call import LogEntry
from ivr.model.identity import Customer, Level
from ivr.model.ids import monotonic_ms
from ivr.model.routing import AgentAct, AgentState, WhisperAnswer
from tests.unit.offers.cases import OPEN_GATE

pytestmark = pytest.mark.browser
EVIL = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">\"'&"


# Texts whose contrast to what is behind them is below 4.5 (WCAG 2.2, 1.4.3); disabled controls are exempt.
CONTRAST = """() => {
  const part = c => { c /= 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const behind = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] === 1) return c; } return [255, 255, 255]; };
  return [...document.querySelectorAll('body *')].filter(e => e.checkVisibility() && !e.closest(':disabled, .hidden')
    && [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())).map(e => {
      const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))];
      const what = `${e.tagName}.${e.className} ${e.textContent.trim().slice(0, 30)}`;
      return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), what];
    }).filter(([ratio]) => ratio < 4.5);
}"""


async def until(true: Callable[[], bool]) -> None:
    """Wait for what the browser sends by itself."""
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - nobody here is told
            await asyncio.sleep(0.02)


async def cut(page: Page) -> list[str]:
    """Cards that do not show everything without scrolling; the transcript may."""
    found = await page.evaluate(
        """() => [document.documentElement, ...document.querySelectorAll('.card:not(.transcript)')]
        .filter(e => e.scrollHeight > e.clientHeight + 1 || e.scrollWidth > e.clientWidth + 1)
        .map(e => `${e.className || e.tagName} ${e.scrollHeight} > ${e.clientHeight}`)"""
    )
    return list(found)


async def open_page(page: Page, floor: Any, agent: str = "a17") -> None:
    await page.goto(f"{floor.url}/agent/{agent}")
    await expect(page.locator("#connection")).to_have_text("Live")


async def test_the_pop_appears_before_the_phone_may_ring_and_is_confirmed(
    page: Page, floor: Any, call: str, packet: dict[str, Any], album: Path
) -> None:
    await open_page(page, floor)
    await page.screenshot(path=album / "agent-waiting-1280.png")
    floor.states["a17"] = AgentState.RESERVED
    floor.hub.publish("agent:a17", "state", {"state": "reserved", "since_ms": 0})
    assert floor.hub.publish("agent:a17", "pop", {"pop_id": "P1", "call_id": call, "packet": packet}) == 1
    assert await floor.hub.confirm_shown("P1", 1.0)
    for text in ("Maria Petrova", "letters go to the old place", "Tariff service did not answer", "read it back"):
        await expect(page.locator("#screen").get_by_text(text)).to_be_in_viewport()
    await expect(page.locator(".badge")).to_have_text("L2 · Matched by facts")
    await expect(page.locator(".warnings li")).to_have_count(2)
    await expect(page.locator("#state .word")).to_have_text("Call coming")
    await expect(page.locator(".offer")).to_contain_text("Not now: vulnerable customer.")
    await expect(page.locator("#lines li")).to_have_count(5)
    floor.hub.publish("agent:a17", "transcript", {"seq": 10, "who": "caller", "text": "Thank you", "at": ""})
    floor.hub.publish("agent:a17", "transcript", {"seq": 10, "who": "caller", "text": "Thank you", "at": ""})
    await expect(page.locator("#lines li").last).to_have_text("CallerThank you")
    await expect(page.locator("#lines li")).to_have_count(6)
    await page.screenshot(path=album / "agent-call-1280.png")


async def test_everything_is_on_one_screen_without_scrolling(
    page: Page, floor: Any, call: str, packet: dict[str, Any]
) -> None:
    await open_page(page, floor)
    floor.hub.publish("agent:a17", "pop", {"pop_id": "P1", "call_id": call, "packet": packet})
    assert await floor.hub.confirm_shown("P1", 1.0)
    assert await cut(page) == []
    for card in await page.locator(".card").all():
        await expect(card).to_be_in_viewport(ratio=1)


async def read_along(http: aiohttp.ClientSession, url: str, seen: list[str]) -> None:
    """One more open page, without the browser: notes every transcript event it gets."""
    async with http.get(url) as stream:
        async for raw in stream.content:
            if raw.startswith(b"event: transcript"):
                seen.append(url)


@pytest.mark.alone
async def test_an_event_is_in_the_page_within_200_ms_with_fifty_pages_open(
    page: Page, floor: Any, call: str, packet: dict[str, Any]
) -> None:
    await open_page(page, floor)
    floor.hub.publish("agent:a17", "pop", {"pop_id": "P1", "call_id": call, "packet": packet})
    await expect(page.locator("#lines li")).to_have_count(5)
    await page.evaluate(
        """() => { window.seen = {}; new MutationObserver(records => { for (const r of records)
        for (const n of r.addedNodes) window.seen[n.textContent] = Date.now(); })
        .observe(document.getElementById('lines'), {childList: true}); }"""
    )
    sent: dict[str, float] = {}
    others: list[str] = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http, asyncio.TaskGroup() as tasks:
        url = f"{floor.url}/agent/a17/events"
        reading = [tasks.create_task(read_along(http, url, others)) for _ in range(49)]
        await until(lambda: floor.hub.pages("agent:a17") == 50)
        for number in range(40):
            text = f"line {number}"
            sent[f"Caller{text}"] = time.time() * 1000
            floor.hub.publish("agent:a17", "transcript", {"seq": 100 + number, "who": "caller", "text": text, "at": ""})
            await asyncio.sleep(0.05)
        await expect(page.locator("#lines li")).to_have_count(45)
        await until(lambda: len(others) == 49 * 40)
        for task in reading:
            task.cancel()
    seen = await page.evaluate("window.seen")
    delays = sorted(seen[text] - at for text, at in sent.items())
    assert len(delays) == 40
    assert delays[37] <= 200, f"p50 {delays[19]:.0f} ms, p95 {delays[37]:.0f} ms, worst {delays[-1]:.0f} ms"


async def test_a_reload_brings_the_screen_back_and_ready_puts_it_away(
    page: Page, floor: Any, call: str, packet: dict[str, Any]
) -> None:
    await open_page(page, floor)
    floor.states["a17"] = AgentState.TALKING
    floor.hub.publish("agent:a17", "pop", {"pop_id": "P1", "call_id": call, "packet": packet})
    await page.reload()
    await expect(page.get_by_role("heading", name="Maria Petrova")).to_be_visible()
    floor.hub.publish("agent:a17", "ended", {})
    await expect(page.get_by_text("Call ended")).to_be_visible()
    await page.get_by_role("button", name="Ready", exact=True).click()
    await expect(page.get_by_text("Waiting for a call")).to_be_visible()
    await page.reload()
    await expect(page.locator("#connection")).to_have_text("Live")
    await expect(page.get_by_text("Waiting for a call")).to_be_visible()
    await expect(page.get_by_text("Maria Petrova")).to_have_count(0)


async def test_ready_and_not_ready_are_said_by_colour_and_by_word(page: Page, floor: Any) -> None:
    await open_page(page, floor)
    state, word = page.locator("#state"), page.locator("#state .word")
    await expect(word).to_have_text("Not ready")
    red = await state.evaluate("e => getComputedStyle(e).backgroundColor")
    await page.get_by_role("button", name="Ready", exact=True).click()
    await expect(word).to_have_text("Ready")
    assert floor.states["a17"] is AgentState.AVAILABLE
    assert floor.states["a18"] is AgentState.NOT_READY
    assert await state.evaluate("e => getComputedStyle(e).backgroundColor") != red
    await expect(page.get_by_role("button", name="Ready", exact=True)).to_have_attribute("aria-pressed", "true")
    await page.get_by_role("button", name="Not ready").click()
    await expect(word).to_have_text("Not ready")


async def test_a_callback_done_leaves_the_list_of_every_agent(
    browser: Browser, page: Page, floor: Any, call: str
) -> None:
    colleague = await browser.new_page()
    await open_page(colleague, floor, "a18")
    await open_page(page, floor)
    await expect(colleague.locator("#callbacks li")).to_have_count(2)
    await page.get_by_role("button", name="Done: call back +4930999888").click()
    await expect(page.locator("#callbacks li")).to_have_count(1)
    await expect(colleague.locator("#callbacks li")).to_have_count(1)
    assert [c.done_by for c in await floor.store.callbacks("done")] == ["a17"]


async def test_nothing_a_caller_says_runs_as_a_script(
    page: Page, floor: Any, call: str, packet: dict[str, Any]
) -> None:
    packet["customer"]["name"] = packet["need"]["in_caller_words"] = packet["summary"] = EVIL
    packet["need"]["slots"] = {EVIL: EVIL}
    floor.store.append(
        LogEntry(call_id=call, seq=50, at="2026-11-21T10:00:00Z", at_ms=9, kind="turn.heard", data={"text": EVIL})
    )
    await open_page(page, floor)
    floor.hub.publish("agent:a17", "pop", {"pop_id": "P1", "call_id": call, "packet": packet})
    floor.hub.publish("agent:a17", "transcript", {"seq": 51, "who": "caller", "text": EVIL, "at": ""})
    await expect(page.locator("#lines li")).to_have_count(7)
    await expect(page.locator("#lines li span").last).to_have_text(EVIL)
    await expect(page.locator("blockquote").first).to_have_text(EVIL)
    floor.states["a17"] = AgentState.TALKING
    for path in ("/agent/a17", f"/calls/{call}"):
        await page.goto(f"{floor.url}{path}")
        await expect(page.get_by_text("<script>").first).to_be_visible()
        assert await page.locator("img[src=x], #main script").count() == 0
        assert "owned" not in (await page.title()).replace(EVIL, "")


async def test_without_scripts_the_agent_still_works(
    browser: Browser, floor: Any, call: str, packet: dict[str, Any]
) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    floor.states["a17"] = AgentState.TALKING
    floor.hub.publish("agent:a17", "pop", {"pop_id": "P1", "call_id": call, "packet": packet})
    await page.goto(f"{floor.url}/agent/a17")
    await expect(page.get_by_role("heading", name="Maria Petrova")).to_be_visible()
    await page.get_by_role("button", name="Not ready").click()
    await expect(page).to_have_url(f"{floor.url}/agent/a17")
    assert floor.states["a17"] is AgentState.NOT_READY
    await page.get_by_role("button", name="Done: call back +4930999888").click()
    await expect(page.locator("#callbacks li")).to_have_count(1)
    await context.close()


async def test_the_page_reconnects_after_the_stream_breaks(
    page: Page, floor: Any, call: str, packet: dict[str, Any]
) -> None:
    await open_page(page, floor)
    floor.hub.close()
    await expect(page.locator("#connection")).to_have_text("Reconnecting…")
    await expect(page.locator("#connection")).to_have_text("Live")
    floor.hub.publish("agent:a17", "pop", {"pop_id": "P1", "call_id": call, "packet": packet})
    assert await floor.hub.confirm_shown("P1", 1.0)


async def test_every_field_and_button_has_a_name_and_text_is_readable(
    page: Page, floor: Any, call: str, packet: dict[str, Any]
) -> None:
    await open_page(page, floor)
    floor.hub.publish("agent:a17", "pop", {"pop_id": "P1", "call_id": call, "packet": packet})
    assert await floor.hub.confirm_shown("P1", 1.0)
    faint = await page.evaluate(CONTRAST)
    assert faint == []
    for button in await page.get_by_role("button").all():
        assert (await button.inner_text()).strip()
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "skip"
    await page.keyboard.press("Tab")
    assert await page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


# Texts whose contrast against their background is below 4.5 : 1 (WCAG 2.2, 1.4.3).
CONTRAST = """() => {
  const channels = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = (c) => { const [r, g, b] = c.slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126*r + 0.7152*g + 0.0722*b; };
  const behind = (e) => { for (; e; e = e.parentElement) { const c = channels(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
  const bad = [];
  for (const e of document.querySelectorAll('body *')) {
    if (!e.checkVisibility() || e.closest('.hidden, .skip')) continue;
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
    const [a, b] = [light(channels(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) bad.push(`${e.tagName}.${e.className}: ${ratio.toFixed(2)}`);
  }
  return bad; }"""


async def drawn(floor: Any, call: str) -> None:
    """The real decision of a live call whose agent solved the request."""
    customer = Customer(customer_id="C1", household="H2", lines=("dacha",), profile={"age": 46})
    facts = replace(OPEN_GATE, customer=customer, level=Level.L2, now=datetime.now(UTC), suspended=None)
    decision = await Opportunities(floor.offers, floor.store).decide(facts, opportunity_id="O1", call_id=call)
    assert decision.speak


async def note_care(page: Page, floor: Any, album: Path) -> None:
    """By keyboard: the strip says it at once, nothing is cut off, and there is no way back on the page."""
    await page.keyboard.press("Alt+KeyC")
    await page.screenshot(path=album / "agent-care-1280.png")
    await page.get_by_role("button", name="Somebody else seems to decide").click()
    await expect(page.locator(".warnings li").first).to_have_text("Vulnerable customer: take time, sell nothing")
    await expect(page.locator("#warnings")).to_contain_text("Noted by a17")
    await expect(page.locator("#caring")).to_have_count(0)
    assert [mark.why for mark in await floor.store.care_marks("C1")] == ["pressed"]
    assert await cut(page) == []
    assert await page.evaluate(CONTRAST) == []
    await page.screenshot(path=album / "agent-cared-for-1280.png")


async def test_the_offer_is_grey_until_solved_and_what_is_noted_is_stored(
    page: Page, floor: Any, call: str, packet: dict[str, Any], album: Path
) -> None:
    packet["customer"]["id"], packet["customer"]["vulnerable"], packet["offer"] = "C1", False, {}
    await open_page(page, floor)
    floor.states["a17"] = AgentState.TALKING
    floor.hub.publish("agent:a17", "state", {"state": "talking", "since_ms": 0})
    before = await page.locator("#wrap").bounding_box()
    await expect(page.get_by_role("button", name="Request solved")).to_be_disabled()
    floor.hub.publish("agent:a17", "pop", {"pop_id": "P1", "call_id": call, "packet": packet})
    await expect(page.locator("#offer")).to_have_class("card offer off")
    await expect(page.locator("#offer")).to_contain_text("Not now: first solve the request.")
    assert await page.locator("#wrap").bounding_box() == before  # nothing jumps when the pop comes
    await page.screenshot(path=album / "agent-talking-1280.png")
    await drawn(floor, call)
    await page.keyboard.press("3")
    await expect(page.locator("#offer")).to_have_class("card offer open")
    await expect(page.locator("#offer blockquote")).to_contain_text("three euros ninety")
    assert await cut(page) == []
    await page.screenshot(path=album / "agent-offer-1280.png")
    assert await page.evaluate(CONTRAST) == []
    await page.keyboard.press("5")  # accepted, and nothing was told
    await expect(page.locator("#notice")).to_have_text("Tick what you have told first.")
    for box in await page.locator("#offer").get_by_role("checkbox").all():
        await box.check()
    await page.keyboard.press("5")
    await expect(page.locator("#offer")).to_contain_text("Answered: Accepted")
    [stored] = await floor.store.opportunities_of(call_id=call)
    assert stored.answer == "accepted"
    await page.get_by_role("button", name="Had to ask again").click()
    await expect(page.locator("#saved")).to_have_text("Saved")
    await page.get_by_placeholder("Note").fill("address stored by hand 123")  # digits are text where one writes
    await page.get_by_role("button", name="Save and ready").click()
    await expect(page.locator("#notice")).to_have_text("Choose how it ended.")
    await expect(page.locator("#code")).to_be_focused()
    await page.screenshot(path=album / "agent-wrap-1280.png")
    await note_care(page, floor, album)
    await page.reload()  # what was stored is there again
    await expect(page.get_by_role("button", name="Had to ask again")).to_have_attribute("aria-pressed", "true")
    await expect(page.locator("#offer")).to_contain_text("Answered: Accepted")
    await page.locator("#code").select_option("solved")
    await page.get_by_placeholder("Note").fill("address stored by hand")
    await page.get_by_placeholder("Note").press("Alt+Enter")
    await expect(page.locator("#state .word")).to_have_text("Ready")
    await expect(page.get_by_role("button", name="Request solved")).to_be_disabled()
    kept = await floor.store.wrap_up(call, "a17")
    assert (kept.code, kept.note, kept.solved, kept.asked_again) == ("solved", "address stored by hand", True, True)
    await page.goto(f"{floor.url}/calls")
    await expect(page.locator("#calls tbody tr").filter(has_text="asked again")).to_have_count(1)
    await page.screenshot(path=album / "calls-noted-1280.png")


async def test_a_call_is_taken_returned_and_passed_on_from_the_page(
    page: Page, floor: Any, call: str, packet: dict[str, Any], album: Path
) -> None:
    await open_page(page, floor)
    floor.states["a17"] = AgentState.RESERVED
    floor.hub.publish("agent:a17", "state", {"state": "reserved", "since_ms": 0})
    floor.hub.publish("agent:a17", "pop", {"pop_id": "P1", "call_id": call, "packet": packet})
    await expect(page.get_by_role("button", name="Take")).to_be_visible()
    await page.screenshot(path=album / "agent-ringing-1280.png")
    await page.keyboard.press("1")
    await page.get_by_role("button", name="Give back").click()
    floor.states["a17"] = AgentState.TALKING
    floor.hub.publish("agent:a17", "state", {"state": "talking", "since_ms": 0})
    await expect(page.get_by_role("button", name="Take")).to_be_hidden()
    await page.keyboard.press("0")
    await page.get_by_label("To whom").select_option("agent:a18")
    await page.get_by_label("What they should know").fill("tariff 2")
    await page.screenshot(path=album / "agent-passing-1280.png")
    await page.get_by_role("button", name="Pass on", exact=True).click()
    await until(lambda: len(floor.posted) == 3)
    assert floor.posted == [
        (call, AgentAct(agent_id="a17", answer=WhisperAnswer.TAKE)),
        (call, AgentAct(agent_id="a17", answer=WhisperAnswer.RETURN)),
        (call, AgentAct(agent_id="a17", queue="claims", to="a18", why="tariff 2")),
    ]
    floor.hub.publish("agent:a17", "passing", {"what": "kept", "to": "a18", "result": "no_answer"})
    await expect(page.locator("#passed")).to_have_text("Nobody took it: the caller is still with you.")


async def test_a_note_not_saved_is_saved_when_the_wrap_up_ends(
    page: Page, floor: Any, call: str, packet: dict[str, Any]
) -> None:
    await open_page(page, floor)
    floor.states["a17"] = AgentState.WRAP_UP
    floor.hub.publish("agent:a17", "state", {"state": "wrap_up", "since_ms": 0, "reason": "", "left_ms": 30_000})
    floor.hub.publish("agent:a17", "pop", {"pop_id": "P1", "call_id": call, "packet": packet})
    await expect(page.locator("#state .for")).to_have_text(re.compile("−0:(29|30)"))
    await page.get_by_placeholder("Note").fill("half a thought")
    floor.states["a17"] = AgentState.AVAILABLE
    floor.hub.publish("agent:a17", "state", {"state": "available", "since_ms": 0, "reason": "", "left_ms": 0})
    await expect(page.get_by_text("Waiting for a call")).to_be_visible()
    await expect(page.locator("#saved")).to_have_text("Saved when the wrap-up ended")
    assert (await floor.store.wrap_up(call, "a17")).note == "half a thought"


async def test_the_house_knows_when_the_last_tab_is_closed(browser: Browser, page: Page, floor: Any) -> None:
    def there(later_ms: int = 0) -> bool:
        return bool(floor.attendance.is_there("a17", monotonic_ms() + later_ms))

    await open_page(page, floor)
    second = await browser.new_page()
    await open_page(second, floor)
    await until(lambda: there(10_000))
    await second.close(run_before_unload=True)
    await asyncio.sleep(0.3)
    assert there(10_000)  # the first is open
    await page.goto(f"{floor.url}/calls")
    await until(lambda: not there(5500))  # it took leave: in a moment it counts as gone
    assert there()


async def test_not_ready_has_reasons_and_colours_are_readable_in_the_dark(
    page: Page, floor: Any, call: str, packet: dict[str, Any], album: Path
) -> None:
    await page.emulate_media(color_scheme="dark")
    await open_page(page, floor)
    await page.keyboard.press("Alt+KeyP")
    await page.screenshot(path=album / "agent-reasons-dark-1280.png")
    await page.get_by_role("button", name="Meal").click()
    await expect(page.locator("#state .because")).to_have_text("Meal")
    floor.hub.publish("agent:a17", "pop", {"pop_id": "P1", "call_id": call, "packet": packet})
    await expect(page.locator("#lines li")).to_have_count(5)
    await page.screenshot(path=album / "agent-call-dark-1280.png")
    assert await page.evaluate(CONTRAST) == []
    await page.emulate_media(color_scheme="light")
    assert await page.evaluate(CONTRAST) == []
    await page.set_viewport_size({"width": 380, "height": 800})
    assert await page.evaluate("document.documentElement.scrollWidth") <= 380
    await page.screenshot(path=album / "agent-call-380.png", full_page=True)
