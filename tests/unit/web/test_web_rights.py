"""Accounts, what each role sees, and what is noted of it."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ivr.identity.secrets import hash_secret
from ivr.model.accounts import Account, ApiToken, Right, Role
from ivr.model.call import CallRecord
from ivr.model.routing import AgentState
from ivr.storage.store import Store
from ivr.web.accounts import IDLE_S, Accounts, token_hash
from ivr.web.live import LiveHub
from ivr.web.rights import KNOWN, OPEN, ROLES, ROUTES

pytestmark = pytest.mark.slow  # each has a house with people of its own
AT = "2026-11-21T10:00:00.000Z"
PASSWORD = "correct horse battery"
READY = {"json": {"state": "ready"}}
SignIn = Callable[..., Awaitable[Any]]


def routes_of(client: Any) -> set[tuple[str, str]]:
    return {
        (route.method, route.resource.canonical)
        for route in client.app.router.routes()
        if route.method != "HEAD" and route.resource is not None
    }


async def somebody(store: Store, name: str, role: Role, agent_id: str = "") -> None:
    hashed = hash_secret(PASSWORD, invented=True)
    await store.add_account(Account(name=name, role=role, hashed=hashed, created_at=AT, agent_id=agent_id))


@pytest.fixture
async def sign_in(serve: Any, store: Store) -> SignIn:
    """sign_in(role, agent_id) is a client of a house with that account, signed in; .csrf is its mark."""

    async def begin(role: Role, agent_id: str = "", **desk: Any) -> Any:
        await somebody(store, role.value, role, agent_id)
        client = await serve(**desk)
        answer = await client.post("/login", data={"name": role.value, "password": PASSWORD}, allow_redirects=False)
        assert answer.status == 303
        page = await (await client.get("/nowhere")).text()
        client.csrf = {"X-Csrf-Token": re.findall(r'name="csrf" content="(\w+)"', page)[0]}
        return client

    return begin


@pytest.fixture
def house(hub: LiveHub, book: Any) -> tuple[LiveHub, Any]:
    """What pages show, and the agents."""
    return hub, book


async def a_call(store: Store, call_id: str, agent: str = "") -> None:
    values = {"sip_call_id": "s", "ani": "+491", "dnis": "", "assistant": "", "language": "en", "started_at": AT}
    await store.save_record(CallRecord(call_id=call_id, agent=agent, **values))


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_sees_what_the_table_says_and_nothing_else(sign_in: SignIn, role: Role) -> None:
    client = await sign_in(role)
    for method, path in sorted(routes_of(client)):
        want = ROUTES[method, path]
        if method != "GET" or want in (OPEN, KNOWN) or path.endswith("/events"):
            continue
        answer = await client.get(re.sub(r"{\w+}", "none", path), allow_redirects=False)
        allowed = want in ROLES[role] or role is Role.ADMIN
        own = role is Role.AGENT and ("{agent_id}" in path or "{call_id}" in path)
        assert (answer.status == 403) is (not allowed or own), f"{role} {path}: {answer.status}"


@pytest.mark.parametrize(("role", "status"), [(Role.AGENT, 200), (Role.SUPERVISOR, 403)])
async def test_that_a_customer_needs_care_is_noted_at_the_own_desk_alone(
    sign_in: SignIn, store: Store, house: tuple[LiveHub, Any], role: Role, status: int
) -> None:
    (hub, book), client = house, await sign_in(role, "a17" if role is Role.AGENT else "")
    customer = {"id": "C1", "name": "Anna", "level": "L2"}
    hub.publish("agent:a17", "pop", {"pop_id": "P", "call_id": "01A", "packet": {"customer": customer}})
    book.put("a17", AgentState.TALKING)
    page = await (await client.get("/agent/a17")).text()
    assert ('id="caring"' in page) is (status == 200), "who watches cannot note it"
    wish = {"agent_id": "a17", "why": "time"}
    assert (await client.post("/api/calls/01A/care", json=wish, headers=client.csrf)).status == status
    assert [mark.by for mark in await store.care_marks("C1")] == (["a17"] if status == 200 else [])


async def test_with_an_account_in_the_house_this_machine_must_sign_in_too(serve: Any, store: Store) -> None:
    client = await serve()
    assert (await client.get("/api/agents")).status == 200
    await somebody(store, "anna", Role.ADMIN)
    later = await serve()
    assert (await later.get("/api/agents")).status == 401
    assert (await later.get("/agent", allow_redirects=False)).headers["Location"] == "/login?next=%2Fagent"
    assert (await later.get("/healthz")).status == 200


async def test_a_wrong_name_and_a_wrong_password_are_told_alike_and_then_slowed_down(serve: Any, store: Store) -> None:
    await somebody(store, "anna", Role.ADMIN)
    client = await serve()
    wrong = {"name": "anna", "password": "guess"}
    first = await client.post("/login", data=wrong)
    assert first.status == 403
    assert "Name or password is wrong" in await first.text()
    statuses = [(await client.post("/login", data=wrong)).status for _ in range(3)]
    assert statuses == [403, 403, 429]
    slowed = await client.post("/login", data={"name": "ANNA ", "password": PASSWORD})
    assert slowed.status == 429  # not even the right one is looked at now
    assert int(slowed.headers["Retry-After"]) >= 1
    await store.forget_failures(["pair:anna@127.0.0.1"])
    right = await client.post("/login", data={"name": "ANNA ", "password": PASSWORD}, allow_redirects=False)
    assert right.status == 303
    assert (await client.post("/login", data=wrong)).status == 403  # the count began anew


async def test_a_password_guessed_at_elsewhere_keeps_nobody_out(store: Store) -> None:
    tries = {"account:anna": (20, 10_000)}
    elsewhere = [await store.reserve_try({**tries, f"pair:anna@{n}": (3, 300_000)}, kept_ms=60_000) for n in range(20)]
    assert elsewhere == [0] * 20
    assert 0 < await store.reserve_try({**tries, "pair:anna@home": (3, 300_000)}, kept_ms=60_000) <= 10_000


async def test_changes_need_the_mark_of_the_session(sign_in: SignIn, book: Any) -> None:
    client = await sign_in(Role.AGENT, "a17")
    assert (await client.post("/api/agents/a17/state", **READY)).status == 403
    assert (await client.post("/api/agents/a17/state", headers={"X-Csrf-Token": "0" * 64}, **READY)).status == 403
    assert book.rows["a17"][1] is AgentState.NOT_READY
    assert (await client.post("/api/agents/a17/state", headers=client.csrf, **READY)).status == 200
    form = {"reason": "break", "csrf": client.csrf["X-Csrf-Token"]}
    answer = await client.post("/api/agents/a17/state", data=form, allow_redirects=False)
    assert (answer.status, book.reasons["a17"]) == (303, "break")


async def test_an_agent_has_one_desk_and_its_own_calls(sign_in: SignIn, store: Store, hub: LiveHub) -> None:
    client = await sign_in(Role.AGENT, "a17")
    for call_id, agent in (("01A", "a17"), ("01B", "a18"), ("01C", "")):
        await a_call(store, call_id, agent)
    assert (await client.get("/agent", allow_redirects=False)).headers["Location"] == "/agent/a17"
    assert (await client.get("/agent/a17")).status == 200
    for path in ("/agent/a18", "/agent/a18/events", "/calls/01B", "/api/calls/01C", "/api/calls/01A/recording"):
        assert (await client.get(path)).status == 403
    assert (await client.post("/api/agents/a18/state", headers=client.csrf, **READY)).status == 403
    listed = await (await client.get("/api/calls")).json()
    assert [call["call_id"] for call in listed["calls"]] == ["01A"]
    agents = await (await client.get("/api/agents")).json()
    assert [agent["agent_id"] for agent in agents["agents"]] == ["a17"]
    assert (await client.get("/calls/01A")).status == 200
    hub.publish("agent:a17", "pop", {"pop_id": "P", "call_id": "01C", "packet": {}})
    assert (await client.get("/api/calls/01C")).status == 200  # it is on the screen


async def test_whoever_watches_a_desk_neither_sits_there_nor_confirms(
    sign_in: SignIn, hub: LiveHub, store: Store
) -> None:
    client = await sign_in(Role.SUPERVISOR)
    hub.publish("agent:a17", "pop", {"pop_id": "P", "call_id": "01A", "packet": {}})
    async with client.get("/agent/a17/events"):
        assert hub.pages("agent:a17") == 0
    for path in ("/agent/a17/shown/P", "/agent/a17/beat"):
        assert (await client.post(path, json={"page": "x"}, headers=client.csrf)).status == 403
    agents = await (await client.get("/api/agents")).json()
    assert [agent["here"] for agent in agents["agents"]] == [False, False]


async def test_signing_out_a_new_password_and_the_console_end_sessions(sign_in: SignIn, store: Store) -> None:
    client = await sign_in(Role.ADMIN)
    cookie = {"ivr_session": client.session.cookie_jar.filter_cookies(client.make_url("/"))["ivr_session"].value}
    assert (await client.get("/api/calls")).status == 200
    await client.post("/logout", headers=client.csrf)
    assert (await client.get("/api/calls", cookies=cookie)).status == 401  # kept back, it is worth nothing
    for end in (
        store.change_account("admin", role=Role.MANAGER.value),
        store.end_sessions(account="admin"),
        store.remove_account("admin"),
    ):
        await client.post("/login", data={"name": "admin", "password": PASSWORD})
        assert (await client.get("/api/openapi.json")).status == 200
        await end
        assert (await client.get("/api/openapi.json")).status in (401, 403)


async def test_a_browser_not_heard_of_for_an_hour_is_signed_out(store: Store) -> None:
    await somebody(store, "anna", Role.AGENT, "a17")
    now_s = [time.time()]
    accounts = Accounts(store, "", now=lambda: now_s[0])
    busy, _ = await accounts.sign_in("anna", PASSWORD, "192.0.2.1", "")
    idle, _ = await accounts.sign_in("anna", PASSWORD, "192.0.2.1", "")
    for _ in range(3):
        now_s[0] += IDLE_S / 2
        assert await accounts.of_cookie(busy) is not None
    assert await accounts.of_cookie(idle) is None


async def test_signing_in_anew_ends_the_session_before(sign_in: SignIn, store: Store) -> None:
    client = await sign_in(Role.ADMIN)
    await client.post("/login", data={"name": "admin", "password": PASSWORD})
    assert len(await store.sessions("admin")) == 1


async def test_a_machine_may_what_its_token_says(serve: Any, store: Store) -> None:
    values = {"created_at": AT, "rights": (Right.METRICS, Right.CALLS)}
    await store.add_token(ApiToken(token_id="1", name="prometheus", hashed=token_hash("m"), **values))
    await store.add_token(ApiToken(token_id="2", name="old", hashed=token_hash("o"), expires_ms=1, **values))
    client = await serve(token="configured")

    async def status(path: str, token: str) -> int:
        return int((await client.get(path, headers={"Authorization": f"Bearer {token}"})).status)

    assert [await status(path, "m") for path in ("/metrics", "/api/calls", "/api/callbacks")] == [200, 200, 403]
    assert [await status("/metrics", token) for token in ("o", "x", "configured")] == [401, 401, 200]
    await store.remove_token("prometheus")
    assert await status("/metrics", "m") == 401


async def test_whoever_looks_at_what_was_said_is_noted_before(sign_in: SignIn, store: Store, tmp_path: Any) -> None:
    (tmp_path / "01A.wav").write_bytes(b"RIFF")
    values = {"sip_call_id": "s", "ani": "", "dnis": "", "assistant": "", "language": "en", "started_at": AT}
    await store.save_record(CallRecord(call_id="01A", recording="01A.wav", **values))
    await store.save_context("T1", "01A", {"v": 1}, "2099-01-01T00:00:00Z")
    client = await sign_in(Role.SUPERVISOR, recordings=tmp_path)
    for path in ("/calls/01A", "/api/calls/01A", "/api/calls/01A/recording", "/api/contexts/T1", "/calls", "/agent"):
        assert (await client.get(path)).status == 200
    noted = [(each.who, each.what, each.subject) for each in await store.accesses()]
    assert sorted(noted) == [
        ("supervisor", "context", "T1"),
        ("supervisor", "recording", "01A"),
        ("supervisor", "transcript", "01A"),
        ("supervisor", "transcript", "01A"),
    ]
