"""The API against a real store, and its description against both."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from ivr.model.call import Callback, CallRecord, LogEntry, Outcome
from ivr.model.routing import AgentState
from ivr.storage.store import Store
from ivr.web.app import Site
from ivr.web.desk import Desk
from ivr.web.live import LiveHub
from ivr.web.openapi import description

AT = "2026-11-21T10:00:00.000Z"
DOCUMENT = description()


def faults(value: Any, schema: dict[str, Any], where: str = "$") -> list[str]:
    """Where a value breaks its schema: the part of JSON Schema our description uses."""
    if "$ref" in schema:
        return faults(value, DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]], where)
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool}
    wanted = schema.get("type", [])
    names = wanted if isinstance(wanted, list) else [wanted]
    fits = any(value is None if n == "null" else isinstance(value, kinds[n]) for n in names)  # type: ignore[arg-type]
    if not fits or (isinstance(value, bool) and "boolean" not in names):
        return [f"{where}: {value!r} is no {wanted}"]
    found = [f"{where}: {value!r} not in enum"] if "enum" in schema and value not in schema["enum"] else []
    if isinstance(value, dict):
        known, extra = schema.get("properties", {}), schema.get("additionalProperties", True)
        found += [f"{where}: {name} is missing" for name in schema.get("required", []) if name not in value]
        for name, item in value.items():
            if name in known or isinstance(extra, dict):
                found += faults(item, known.get(name, extra), f"{where}.{name}")
            elif extra is False:
                found.append(f"{where}: {name} is not described")
    if isinstance(value, list):
        found += [f for i, item in enumerate(value) for f in faults(item, schema["items"], f"{where}[{i}]")]
    return found


async def checked(client: Any, method: str, template: str, path: str, status: int, **sent: Any) -> Any:
    """Send, and hold the answer against its description."""
    answer = await client.request(method, path, allow_redirects=False, **sent)
    assert answer.status == status
    described = DOCUMENT["paths"][template][method.lower()]["responses"][str(status)]
    for kind, content in described.get("content", {}).items():
        assert answer.content_type == kind
        if kind == "application/json":
            body = await answer.json()
            assert faults(body, content["schema"]) == []
            return body
    return await answer.read()


@pytest.fixture
async def filled(store: Store) -> Store:
    await store.save_record(
        CallRecord(
            call_id="01A",
            sip_call_id="s",
            ani="+491",
            dnis="100",
            assistant="insurance",
            language="en",
            started_at=AT,
            requests=({"intent": "claim_status", "result": "resolved"},),
            outcome=Outcome.RESOLVED,
            timings={"answer_ms": 20.5},
            recording="01A.wav",
        )
    )
    store.append(LogEntry(call_id="01A", seq=1, at=AT, at_ms=5, kind="turn.said", data={"text": "Hello"}))
    await store.save_context("T1", "01A", {"v": 1, "summary": "…"}, "2099-01-01T00:00:00Z")
    await store.promise(
        Callback(
            callback_id="B1", call_id="01A", number="+491", customer_id="", reason="claim", promised_at=AT, deadline=AT
        )
    )
    return store


async def test_every_route_is_described_and_every_description_has_a_route(serve: Any) -> None:
    app = (await serve()).app
    routes = {
        (route.method.lower(), route.resource.canonical)
        for route in app.router.routes()
        if route.method != "HEAD" and not route.resource.canonical.startswith("/static")
    }
    described = {(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert routes == described
    for path, methods in DOCUMENT["paths"].items():
        for operation in methods.values():
            named = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
            assert named == set(re.findall(r"{(\w+)}", path))
    names = [operation["operationId"] for methods in DOCUMENT["paths"].values() for operation in methods.values()]
    assert len(names) == len(set(names))


async def test_every_reference_in_the_description_leads_somewhere() -> None:
    for name in set(re.findall(r"#/components/schemas/(\w+)", str(DOCUMENT))):
        assert name in DOCUMENT["components"]["schemas"]


async def test_answers_are_as_described(serve: Any, filled: Store, tmp_path: Path) -> None:
    (tmp_path / "recordings").mkdir()
    (tmp_path / "recordings" / "01A.wav").write_bytes(b"RIFF")
    live = {"01A"}
    client = await serve(recordings=tmp_path / "recordings", record=lambda call_id: call_id in live)
    one, wav = "/api/calls/{call_id}", "/api/calls/{call_id}/recording"
    await checked(client, "GET", "/healthz", "/healthz", 200)
    assert b"ivr_live_calls" in await checked(client, "GET", "/metrics", "/metrics", 200)
    assert await checked(client, "GET", "/api/openapi.json", "/api/openapi.json", 200) == DOCUMENT
    listed = await checked(client, "GET", "/api/calls", "/api/calls?limit=1", 200)
    assert ([c["call_id"] for c in listed["calls"]], listed["next"]) == (["01A"], "01A")
    assert (await checked(client, "GET", "/api/calls", "/api/calls?before=01A", 200))["calls"] == []
    found = await checked(client, "GET", one, "/api/calls/01A", 200)
    assert found["events"][0]["data"] == {"text": "Hello"}
    await checked(client, "GET", one, "/api/calls/none", 404)
    assert await checked(client, "GET", wav, "/api/calls/01A/recording", 200) == b"RIFF"
    await checked(client, "GET", wav, "/api/calls/none/recording", 404)
    await checked(client, "POST", wav, "/api/calls/01A/recording", 202)
    await checked(client, "POST", wav, "/api/calls/none/recording", 404)
    assert (await checked(client, "GET", "/api/contexts/{token}", "/api/contexts/T1", 200))["v"] == 1
    await checked(client, "GET", "/api/contexts/{token}", "/api/contexts/T2", 404)


async def test_agents_and_callbacks_are_as_described(serve: Any, filled: Store, book: Any) -> None:
    client = await serve()
    state, done = "/api/agents/{agent_id}/state", "/api/callbacks/{callback_id}/done"
    assert (await checked(client, "GET", "/api/callbacks", "/api/callbacks?state=due", 200))["callbacks"]
    await checked(client, "GET", "/api/callbacks", "/api/callbacks?state=odd", 400)
    await checked(client, "POST", done, "/api/callbacks/B1/done", 400, json={"by": "a17", "state": "odd"})
    await checked(client, "POST", done, "/api/callbacks/B1/done", 200, json={"by": "a17"})
    await checked(client, "POST", done, "/api/callbacks/B1/done", 404, json={"by": "a17"})
    assert (await filled.callbacks("done"))[0].done_by == "a17"
    agents = await checked(client, "GET", "/api/agents", "/api/agents", 200)
    assert [a["state"] for a in agents["agents"]] == ["not_ready", "not_ready"]
    ready = await checked(client, "POST", state, "/api/agents/a17/state", 200, json={"state": "ready"})
    assert ready["state"] == "available"
    await checked(client, "POST", state, "/api/agents/a17/state", 400, json={"state": "asleep"})
    await checked(
        client, "POST", state, "/api/agents/a17/state", 400, data=b"{", headers={"Content-Type": "text/plain"}
    )
    await checked(client, "POST", state, "/api/agents/a99/state", 404, json={"state": "ready"})
    await checked(client, "POST", state, "/api/agents/a17/state", 303, data={"state": "not_ready"})
    book.put("a17", AgentState.TALKING)
    refused = await checked(client, "POST", state, "/api/agents/a17/state", 409, json={"state": "ready"})
    assert refused == {"error": "the agent is talking"}


@pytest.mark.parametrize("limit", ["0", "501", "-1", "many", "٣", ""])
async def test_a_wrong_limit_is_a_400_with_words(serve: Any, limit: str) -> None:
    client = await serve()
    body = await checked(client, "GET", "/api/calls", f"/api/calls?limit={limit}", 400)
    assert "500" in body["error"]


@pytest.mark.parametrize("name", ["", "../secret.txt", "/etc/hostname", "missing.wav"])
async def test_only_files_in_the_folder_of_recordings_are_served(
    serve: Any, store: Store, tmp_path: Path, name: str
) -> None:
    (tmp_path / "recordings").mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    values = {"sip_call_id": "s", "ani": "", "dnis": "", "assistant": "", "language": "en", "started_at": AT}
    await store.save_record(CallRecord(call_id="01A", recording=name, **values))  # type: ignore[arg-type]
    client = await serve(recordings=tmp_path / "recordings")
    await checked(client, "GET", "/api/calls/{call_id}/recording", "/api/calls/01A/recording", 404)


async def test_health_names_its_reasons(serve: Any) -> None:
    health = {"ready": False, "reasons": ["no speech worker"], "live_calls": 0, "workers": {"speech": 0}}
    body = await checked(await serve(health=lambda: health), "GET", "/healthz", "/healthz", 503)
    assert body["reasons"] == ["no speech worker"]
    assert body["workers"] == {"speech": 0}


async def test_a_dead_database_is_a_503_in_the_api_and_in_health(serve: Any, store: Store, tmp_path: Path) -> None:
    client = await serve()
    with sqlite3.connect(tmp_path / "ivr.db") as connection:
        connection.execute("ALTER TABLE events RENAME TO gone")
        connection.execute("ALTER TABLE calls RENAME TO gone_too")
    await checked(client, "GET", "/api/calls", "/api/calls", 503)
    store.append(LogEntry(call_id="01A", seq=9, at=AT, at_ms=5, kind="turn.said"))
    await client.get("/api/calls/01A")
    while not store.trouble:
        await client.get("/healthz")
    body = await checked(client, "GET", "/healthz", "/healthz", 503)
    assert "event log" in body["reasons"][0]


async def test_an_agent_who_changes_state_is_done_with_the_last_call(serve: Any, hub: LiveHub) -> None:
    client = await serve()
    hub.publish("agent:a17", "pop", {"pop_id": "P", "call_id": "01A", "packet": {"customer": {"id": "C1042"}}})
    await client.post("/api/agents/a17/state", json={"state": "not_ready"})
    assert hub.screen("agent:a17") is None


async def test_the_streams_speak_server_sent_events(serve: Any, hub: LiveHub, filled: Store) -> None:
    client = await serve()
    async with client.get("/agent/a17/events") as stream:
        assert stream.content_type == "text/event-stream"
        begun = {"state": "not_ready", "since_ms": 1500, "reason": "", "left_ms": 0}
        assert await event_of(stream) == ("state", begun)
        hub.publish("agent:a17", "pop", {"pop_id": "P", "call_id": "01A", "packet": {}})
        name, data = await event_of(stream)
        assert (name, data) == ("beat", {})
        name, data = await event_of(stream)
        assert (name, data["pop_id"], data["title"]) == ("pop", "P", "Number withheld")
        assert await event_of(stream) == ("history", {"lines": [{"seq": 1, "who": "bot", "text": "Hello", "at": AT}]})
    async with client.get("/calls/events") as stream:
        while not hub.publish("calls", "call.ended", {"call_id": "01A"}):
            await client.get("/healthz")
        assert await event_of(stream) == ("call", {"call_id": "01A", "kind": "call.ended"})


async def test_pages_of_unknown_agents_and_calls_are_404(serve: Any) -> None:
    client = await serve()
    for path in ("/agent/a99", "/calls/none"):
        answer = await client.get(path)
        assert (answer.status, answer.content_type) == (404, "text/html")
    assert (await client.get("/agent/a99/events")).status == 404
    assert (await client.post("/agent/a17/shown/none")).status == 404


async def test_a_site_frees_its_port_at_once_although_pages_listen(store: Store, book: Any, hub: LiveHub) -> None:
    desk = Desk(
        store=store,
        hub=hub,
        agent_states=book.states,
        set_agent_state=book.set_state,
        health=lambda: {"ready": True},
        metrics=lambda: b"",
    )
    site = await Site.open(desk, "127.0.0.1", 0)
    host, port = site.address
    with pytest.raises(OSError, match="in use"):
        await Site.open(desk, host, port)
    async with ClientSession() as session, session.get(f"http://{host}:{port}/calls/events") as stream:
        assert stream.status == 200
        async with asyncio.timeout(2):
            await site.close()
    await (await Site.open(desk, host, port)).close()


async def event_of(stream: Any) -> tuple[str, Any]:
    """The next event of a stream: its name and data."""
    name = ""
    async for raw in stream.content:
        field, _, value = raw.decode().rstrip("\n").partition(": ")
        if field == "event":
            name = value
        if field == "data" and name:
            return name, json.loads(value)
    raise AssertionError("the stream ended")
