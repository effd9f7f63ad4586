"""Signing in and out in a real browser, and what an account does not see."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from ivr.identity.secrets import hash_secret
from ivr.model.accounts import Account, Role
from ivr.model.routing import AgentState

pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery"


async def sign_in(page: Page, password: str) -> None:
    await page.get_by_label("Имя").fill("anna")
    await page.get_by_label("Пароль").fill(password)
    await page.keyboard.press("Enter")


async def test_an_agent_signs_in_works_and_signs_out(
    browser: Browser, floor: Any, call: str, packet: dict[str, Any], album: Path
) -> None:
    hashed = hash_secret(PASSWORD, invented=True)
    await floor.store.add_account(
        Account(name="anna", role=Role.AGENT, hashed=hashed, created_at="2026-11-21T10:00:00Z", agent_id="a17")
    )
    context = await browser.new_context(viewport={"width": 1280, "height": 720}, locale="ru-RU", color_scheme="dark")
    page = await context.new_page()
    await page.goto(floor.url)
    await expect(page).to_have_url(f"{floor.url}/login?next=%2F")
    await sign_in(page, "not this one")
    await expect(page.get_by_role("alert")).to_have_text("Неверное имя или пароль.")
    await page.screenshot(path=album / "login-dark-1280.png")
    await sign_in(page, PASSWORD)
    await expect(page).to_have_url(f"{floor.url}/agent/a17")
    await expect(page.locator("#connection")).to_have_text("На связи")
    await page.keyboard.press("Alt+KeyR")
    await expect(page.locator("#state .word")).to_have_text("Готов")
    assert floor.states["a17"] is AgentState.AVAILABLE
    floor.hub.publish("agent:a17", "pop", {"pop_id": "P1", "call_id": call, "packet": packet})
    assert await floor.hub.confirm_shown("P1", 1.0)
    await expect(page.locator(".badge")).to_have_text("L2 · Данные совпали")
    await page.screenshot(path=album / "agent-call-ru-dark-1280.png")
    header = await page.locator("header.top").bounding_box()
    assert header is not None
    assert header["height"] < 60  # one line, in the longer language as well
    await floor.store.end_sessions(account="anna")
    await page.keyboard.press("Alt+KeyN")
    await expect(page.locator("#notice")).to_contain_text("Войдите снова в другой вкладке")
    other = await context.new_page()
    await other.goto(floor.url)
    await sign_in(other, PASSWORD)
    await expect(other).to_have_url(f"{floor.url}/agent/a17")
    await other.close()
    await page.keyboard.press("Alt+KeyN")  # the page stayed as it was, and goes on
    await expect(page.locator("#state .word")).to_have_text("Не готов")
    await page.goto(f"{floor.url}/calls")
    await expect(page.locator("#calls tbody tr")).to_have_count(1)  # the agent's own
    await expect(page.locator("#calls .pill")).to_have_text("переведён")
    refused = await page.goto(f"{floor.url}/effects")
    assert refused is not None
    assert refused.status == 403
    await expect(page.get_by_role("heading")).to_have_text("Недоступно для вашей учётной записи")
    await page.goto(f"{floor.url}/agent/a17")
    await page.get_by_role("button", name="Выйти").click()
    await expect(page).to_have_url(f"{floor.url}/login")
    await page.goto(f"{floor.url}/agent/a17")
    await expect(page.get_by_role("heading")).to_have_text("Войти")
    assert await floor.store.sessions() == []
    await context.close()
