"""Who may come in, and what other sites cannot do."""

from __future__ import annotations

import time
from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request

from ivr.model.accounts import Right
from ivr.storage.store import Store
from ivr.web.accounts import SESSION_S, Accounts, SignInError, session_of
from ivr.web.desk import Desk
from ivr.web.guard import Guard
from ivr.web.live import LiveHub
from ivr.web.rights import ROUTES, wanted

READY = {"json": {"state": "ready"}}


async def test_every_route_of_the_app_stands_in_the_table_of_rights(serve: Any) -> None:
    router = (await serve()).app.router
    routes = {(r.method, r.resource.canonical) for r in router.routes() if r.method != "HEAD" and r.resource}
    missing = routes - set(ROUTES)
    assert not missing, f"say in ivr/web/rights.py who may use {missing}; until then only admins may"
    assert wanted("GET", "/not/in/the/table") is Right.ADMIN


async def test_without_a_token_this_machine_is_served(serve: Any) -> None:
    client = await serve()
    assert (await client.get("/api/agents")).status == 200


async def test_without_a_token_a_foreign_host_name_is_refused(serve: Any) -> None:
    client = await serve()
    answer = await client.get("/api/agents", headers={"Host": "evil.example:80"})
    assert answer.status == 403


async def test_with_a_token_strangers_see_nothing_but_health_and_login(serve: Any) -> None:
    client = await serve(token="open sesame")
    for path in ("/api/calls", "/metrics", "/api/openapi.json", "/agent/a17/events", "/calls/events"):
        answer = await client.get(path)
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    page = await client.get("/agent/a17?x=1", allow_redirects=False)
    assert (page.status, page.headers["Location"]) == (303, "/login?next=%2Fagent%2Fa17%3Fx%3D1")
    assert (await client.post("/api/agents/a17/state", **READY)).status == 401
    assert (await client.get("/healthz")).status == 200
    assert (await client.get("/login")).status == 200


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer ", "Basic open", "open sesame", "Bearer \udcff"])
async def test_a_wrong_bearer_token_is_refused(serve: Any, header: str) -> None:
    client = await serve(token="open sesame")
    assert (await client.get("/api/calls", headers={"Authorization": header})).status == 401


async def test_the_bearer_token_opens_the_api(serve: Any) -> None:
    client = await serve(token="open sesame")
    assert (await client.get("/api/calls", headers={"Authorization": "Bearer open sesame"})).status == 200


async def test_login_leaves_a_strict_cookie_that_is_not_the_token(serve: Any) -> None:
    client = await serve(token="open sesame")
    wrong = await client.post("/login", data={"token": "guess"})
    assert wrong.status == 403
    assert "Set-Cookie" not in wrong.headers
    right = await client.post("/login", data={"token": "open sesame", "next": "/calls"}, allow_redirects=False)
    assert (right.status, right.headers["Location"]) == (303, "/calls")
    cookie = right.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "sesame" not in cookie
    assert (await client.get("/api/calls")).status == 200


@pytest.mark.parametrize("following", ["//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nX: y"])
async def test_login_leads_to_no_other_site(serve: Any, following: str) -> None:
    client = await serve(token="t")
    answer = await client.post("/login", data={"token": "t", "next": following}, allow_redirects=False)
    assert answer.headers["Location"] == "/agent"


async def test_a_session_ends_and_cannot_be_prolonged_or_made_up(serve: Any, store: Store) -> None:
    client = await serve(token="t")
    long_ago = Accounts(store, "t", now=lambda: time.time() - SESSION_S)
    other_house = Accounts(store, "another token")
    old = await long_ago.show_token("t", "127.0.0.1", "")
    good = await Accounts(store, "t").show_token("t", "127.0.0.1", "")
    for value in (old, good[:-1], f"{good}x", session_of(good), "garbage", ".", "x" * 5000):
        answer = await client.get("/api/calls", cookies={"ivr_session": value})
        assert answer.status == 401
    with pytest.raises(SignInError):
        await other_house.show_token("t", "127.0.0.1", "")
    assert (await client.get("/api/calls", cookies={"ivr_session": good})).status == 200
    assert SESSION_S <= 24 * 3600


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
async def test_requests_forged_by_other_sites_change_nothing(serve: Any, book: Any, headers: dict[str, str]) -> None:
    client = await serve()
    before = book.states()
    for path in ("/api/agents/a17/state", "/login", "/logout", "/agent/a17/shown/P", "/api/callbacks/B/done"):
        assert (await client.post(path, headers=headers, **READY)).status == 403
    assert book.states() == before


async def test_requests_of_our_own_pages_pass(serve: Any) -> None:
    client = await serve()
    origin = str(client.make_url("/")).rstrip("/")
    answer = await client.post(
        "/api/agents/a17/state", headers={"Origin": origin, "Sec-Fetch-Site": "same-origin"}, **READY
    )
    assert answer.status == 200


@pytest.mark.parametrize("path", ["/agent", "/calls", "/api/calls", "/static/agent.js", "/nowhere", "/api/calls/none"])
async def test_every_answer_carries_a_strict_policy(serve: Any, path: str) -> None:
    client = await serve()
    answer = await client.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_only_this_machine_itself_counts_as_this_machine(serve: Any) -> None:
    client = await serve()
    for passed_on in ("192.0.2.7", "127.0.0.1"):  # a proxy here speaks for somebody who may be anywhere
        answer = await client.get("/api/agents", headers={"X-Forwarded-For": passed_on})
        assert answer.status == 403


async def test_the_loopback_rule_looks_at_the_peer(store: Store, hub: LiveHub, book: Any) -> None:
    desk = Desk(
        store=store,
        hub=hub,
        agent_states=book.states,
        set_agent_state=book.set_state,
        health=dict,
        metrics=lambda: b"",
    )
    guard = Guard(desk, Accounts(store, ""))
    near = make_mocked_request("GET", "/api/agents", headers={"Host": "localhost"})
    far = near.clone(remote="192.0.2.7")
    assert await guard.visitor(near.clone(remote="127.0.0.1")) is not None
    assert await guard.visitor(far) is None
