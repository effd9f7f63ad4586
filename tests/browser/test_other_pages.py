"""The other pages, and all of them on a phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from ivr.model.call import CallRecord

pytestmark = pytest.mark.browser

# What axe would call critical: controls without a name, ids twice, pictures without words, no language or title.
NAMELESS = """() => {
  const words = e => (e.getAttribute('aria-label') || [...(e.labels || [])].map(l => l.textContent).join(' ')
    || e.textContent || e.title || e.alt || '').trim();
  const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
  const named = 'input:not([type=hidden]), select, textarea, button, a[href], summary, iframe, section, nav';
  return [
    ...[...document.querySelectorAll(named)].filter(e => e.checkVisibility() && !words(e)
      && !e.getAttribute('aria-labelledby')).map(e => `no name: ${e.outerHTML.slice(0, 80)}`),
    ...ids.filter((id, at) => ids.indexOf(id) !== at).map(id => `twice: ${id}`),
    ...[...document.querySelectorAll('img:not([alt])')].map(e => `no alt: ${e.src}`),
    ...[...document.querySelectorAll('[aria-labelledby]')].filter(e => !document.getElementById(
      e.getAttribute('aria-labelledby'))).map(e => `label missing: ${e.className}`),
    ...(document.documentElement.lang && document.title && document.querySelector('main') ? [] : ['no language']),
  ];
}"""


async def test_an_operator_finds_a_call_and_its_ordered_log(page: Page, floor: Any, call: str, album: Path) -> None:
    await page.goto(f"{floor.url}/calls")
    await page.screenshot(path=album / "calls-1280.png")
    await page.locator("#calls tbody tr").filter(has_text="transferred").get_by_role("link").click()
    kinds = await page.locator(".log tbody code").all_inner_texts()
    assert kinds[0] == "call.arrived"
    assert kinds[-2:] == ["handoff.requested", "turn.said"]
    await page.screenshot(path=album / "call-1280.png")


async def test_the_table_of_calls_is_fresh_without_a_reload(page: Page, floor: Any, call: str) -> None:
    await page.goto(f"{floor.url}/calls")
    await expect(page.locator("#calls tbody tr")).to_have_count(3)
    old = await floor.store.call(call)
    values = {name: getattr(old, name) for name in ("sip_call_id", "ani", "dnis", "assistant", "language")}
    await floor.store.save_record(CallRecord(call_id="01D", started_at=old.started_at, **values))
    while not floor.hub.publish("calls", "call", {"call_id": "01D"}):
        await page.wait_for_timeout(20)
    await expect(page.locator("#calls tbody tr")).to_have_count(4)


async def test_an_agent_is_chosen(page: Page, floor: Any, album: Path) -> None:
    await page.goto(floor.url)
    await page.screenshot(path=album / "agents-1280.png")
    await page.get_by_role("link", name="Anna Weiss").click()
    await expect(page).to_have_url(f"{floor.url}/agent/a17")


async def test_all_pages_fit_a_phone(page: Page, floor: Any, call: str, packet: dict[str, Any], album: Path) -> None:
    await page.set_viewport_size({"width": 390, "height": 844})
    for name, path in (("agents", "/agent"), ("calls", "/calls"), ("call", f"/calls/{call}"), ("agent", "/agent/a17")):
        await page.goto(f"{floor.url}{path}")
        if name == "agent":
            await expect(page.locator("#connection")).to_have_text("Live")
            floor.hub.publish("agent:a17", "pop", {"pop_id": "P1", "call_id": call, "packet": packet})
            assert await floor.hub.confirm_shown("P1", 1.0)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390
        assert await page.evaluate(NAMELESS) == []
        await page.screenshot(path=album / f"{name}-390.png", full_page=True)
