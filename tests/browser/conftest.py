"""A real browser on a real server over a real store. Screenshots go to build/screenshots."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Browser, Page, async_playwright

from ivr.model.call import Callback, CallRecord, LogEntry, Outcome
from ivr.model.routing import Agent, AgentState
from ivr.offers.catalogue import load_catalogue
from ivr.offers.desk import OfferDesk
from ivr.storage.store import Store
from ivr.web.app import make_app
from ivr.web.attendance import Attendance
from ivr.web.desk import AgentDetail, Desk
from ivr.web.live import LiveHub

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
]
AT = "2026-11-21T10:00:00.000Z"


@dataclass
class Floor:
    """The running site and what a test may turn: agents' states, the hub, the store, who is there. posted: what calls
    were asked for, each (call_id, message)."""

    url: str
    store: Store
    hub: LiveHub
    states: dict[str, AgentState]
    attendance: Attendance
    posted: list[tuple[str, object]]
    offers: OfferDesk


@pytest.fixture
async def floor(database_url: str, repo_root: Path) -> AsyncIterator[Floor]:
    offers = OfferDesk(load_catalogue(repo_root / "dialogs/insurance/offers.yml"), "salt", 0.0)
    posted: list[tuple[str, object]] = []

    def post_to_call(call_id: str, message: object) -> bool:
        posted.append((call_id, message))
        return True

    store, hub = await Store.open(database_url), LiveHub()
    agents = {
        a: Agent(agent_id=a, name=n, sip_uri=f"sip:{a}@pbx", queues=("claims",))
        for a, n in (("a17", "Anna Weiss"), ("a18", "Igor Petrov"))
    }
    states = dict.fromkeys(agents, AgentState.NOT_READY)
    reasons: dict[str, str] = {}

    async def set_state(agent_id: str, wanted: str, reason: str) -> None:
        states[agent_id] = AgentState.AVAILABLE if wanted == "ready" else AgentState.NOT_READY
        reasons[agent_id] = reason

    desk = Desk(
        store=store,
        hub=hub,
        agent_states=lambda: [(agent, states[a], 0) for a, agent in agents.items()],
        set_agent_state=set_state,
        agent_detail=lambda agent_id: AgentDetail(reason=reasons.get(agent_id, "")),
        health=lambda: {"ready": True},
        metrics=lambda: b"",
        assistant="Insurance",
        offers=lambda: offers,
        post_to_call=post_to_call,
        queues=lambda: {"claims": "claims", "service": "customer service"},
    )
    runner = web.AppRunner(make_app(desk), shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield Floor(url=url, store=store, hub=hub, states=states, attendance=desk.attendance, posted=posted, offers=offers)
    await runner.cleanup()
    await store.close()


@pytest.fixture
async def browser(needs: Callable[[str], str]) -> AsyncIterator[Browser]:
    async with async_playwright() as play:
        launched = await play.chromium.launch(executable_path=needs("chromium"), args=QUIET)
        yield launched
        await launched.close()


@pytest.fixture
async def page(browser: Browser, floor: Floor) -> AsyncIterator[Page]:
    """A page that fails the test when it asks anybody but our server, or when a script errs."""
    opened = await browser.new_page(viewport={"width": 1280, "height": 720})
    strangers: list[str] = []
    errors: list[str] = []
    opened.on("request", lambda r: strangers.append(r.url) if not r.url.startswith(floor.url) else None)
    opened.on("pageerror", lambda e: errors.append(str(e)))
    opened.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    yield opened
    assert strangers == []
    assert errors == []
    await opened.close()


@pytest.fixture
def album(repo_root: Path) -> Path:
    folder = repo_root / "build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def packet() -> dict[str, Any]:
    """A full context packet, schema context/1."""
    return {
        "v": 1,
        "call": {"ani": "+4915112345678", "lang": "en", "started": AT, "bot_s": 94},
        "customer": {
            "name": "Maria Petrova",
            "level": "L2",
            "how": ["ani", "dob", "policy_no"],
            "no_offers": False,
            "complaint": True,
            "vulnerable": True,
            "owns": ["dacha_insurance", "travel_insurance"],
            "contacts": [
                {"at": "2026-11-12T09:30:00Z", "why": "claim_status", "ended": "informed", "by": ""},
                {"at": "2026-10-02T15:10:00Z", "why": "travel_renewal", "ended": "transferred", "by": "Elena"},
                {"at": "2026-08-20T11:00:00Z", "why": "new_claim", "ended": "abandoned", "by": ""},
            ],
        },
        "need": {
            "intent": "policy_address_change",
            "slots": {"policy": "D-77", "new_city": "Tver"},
            "in_caller_words": "I want to change the address of my dacha, we moved and the letters go to the old place",
            "status": "failed",
            "why": "Tariff service did not answer in time",
            "tried": ["Policy D-77 found", "Address update tried twice, no answer"],
        },
        "summary": "Identified by date of birth and policy number; new address taken down but not stored.",
        "next_step": "Store the new address by hand and read it back.",
        "offer": {
            "hint": "dacha_furniture",
            "why": "owns dacha insurance for 2 years",
            "arm": "treat",
            "allowed": False,
            "blocked_by": "g.resolved",
        },
    }


@pytest.fixture
async def call(floor: Floor) -> str:
    """A call in the store with a short conversation."""
    said = [
        ("call.arrived", {"ani": "+4915112345678", "dnis": "100"}),
        ("turn.said", {"text": "Welcome to Meridian Insurance. I am an automated assistant. How can I help?"}),
        ("turn.heard", {"text": "I want to change the address of my dacha", "confidence": 0.93}),
        ("identity.level", {"level": "L2", "evidence": ["ani", "dob", "policy_no"]}),
        ("turn.said", {"text": "Of course. Which city is the new address in?"}),
        ("turn.heard", {"text": "Tver", "confidence": 0.88}),
        ("service.ended", {"service": "update_address", "outcome": "timeout"}),
        ("handoff.requested", {"queue": "claims", "reason": "service timeout"}),
        ("turn.said", {"text": "I could not store it. I will connect you with a colleague who can."}),
    ]
    for seq, (kind, data) in enumerate(said, 1):
        floor.store.append(LogEntry(call_id="01CALL", seq=seq, at=AT, at_ms=seq * 1730, kind=kind, data=data))
    for call_id, outcome, result in (
        ("01CALL", Outcome.TRANSFERRED, "failed"),
        ("01B", Outcome.RESOLVED, "resolved"),
        ("01A", Outcome.ABANDONED, "open"),
    ):
        await floor.store.save_record(
            CallRecord(
                call_id=call_id,
                sip_call_id="s",
                ani="+4915112345678",
                dnis="100",
                assistant="insurance",
                language="en",
                started_at=AT,
                ended_at=AT,
                level="L2",
                customer_id="C1042",
                requests=({"intent": "policy_address_change", "result": result},),
                outcome=outcome,
                agent="a17" if outcome is Outcome.TRANSFERRED else "",
                turns=4,
                timings={"answer_ms": 21, "turn_p50_ms": 540},
            )
        )
    for number, reason in (("+4915112345678", "Claim 4711: documents missing"), ("+4930999888", "Wants a quote")):
        await floor.store.promise(
            Callback(
                callback_id=f"B{number[-2:]}",
                call_id=call_id,
                number=number,
                customer_id="",
                reason=reason,
                promised_at=AT,
                deadline="2026-11-21T16:00:00.000Z",
            )
        )
    return "01CALL"
