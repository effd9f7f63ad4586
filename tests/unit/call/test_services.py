"""Rasa actions and Python actions in services.yml: what they are asked, and what their answers become."""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from ivr.call.journal import Journal
from ivr.call.services import ServiceCaller
from ivr.dialog.lint import lint
from ivr.dialog.services import ServiceSpec, read_services
from ivr.dialog.source import Faults, read
from ivr.metrics import Metrics
from ivr.model.dialog import ServiceEnded
from ivr.model.identity import Level

RASA = """\
version: 1
services:
  check_claim:
    rasa_action: {url: "${ACTIONS_URL}", name: action_check_claim}
    takes: [claim_number]
    timeout: 5s
    outcomes:
      nothing: {when: 'len(responses) > 0 and responses[0].response == "utter_nothing"'}
      ok: {when: slots.claim_status is not None, set: {claim_state: slots.claim_status}}
"""

PYTHON = """\
version: 1
services:
  check_claim:
    python: NAME
    takes: [number]
    timeout: 5s
    outcomes:
      ok: {}
      known: {set: {customer: slots.customer}, identifies: L2}
"""

ACTIONS = """\
import asyncio, threading, time

async def answers(args):
    await asyncio.sleep(0)
    return "ok", {"claim": {"number": args["number"], "thread": threading.current_thread().name}}

def blocks(args):
    time.sleep(0.1)
    return "ok", {"claim": threading.current_thread().name}

class Object:
    async def __call__(self, args):
        return "ok", {"claim": "object"}

callable_object = Object()

async def knows(args):
    return "known", {"customer": {"customer_id": "C1"}}

async def surprises(args):
    return "surprise", {}

async def nonsense(args):
    return {"ok": True}

def fails(args):
    raise KeyError(args["number"])

async def times_out_inside(args):
    raise TimeoutError("the database")

async def quits(args):
    raise SystemExit(3)

async def hangs(args):
    await asyncio.sleep(60)

def sits(args):
    time.sleep(2)
    return "ok", {}

number = 5
"""


def specs(folder: Path, text: str) -> tuple[dict[str, ServiceSpec], Faults]:
    faults = Faults()
    (folder / "services.yml").write_text(text, "utf-8")
    top = read(folder / "services.yml", folder, faults)
    assert top is not None
    return read_services(top), faults


def spec(folder: Path, text: str) -> ServiceSpec:
    found, faults = specs(folder, text)
    assert faults.found == []
    return found["check_claim"]


async def called(
    wanted: ServiceSpec, args: dict[str, Any], *, url: str = "", sender: str = "", timeout_ms: int = 5000
) -> ServiceEnded:
    caller = ServiceCaller({"ACTIONS_URL": url}, Metrics())
    try:
        return await caller.call(wanted, args, timeout_ms=timeout_ms, sender=sender)
    finally:
        await caller.close()


# ---- a Rasa action server -----------------------------------------------------------------------------------------


@asynccontextmanager
async def action_server(answer: Any, *, status: int = 200, late: bool = False) -> AsyncIterator[tuple[str, list[Any]]]:
    """An HTTP server in the action server's place; what it was asked. late: it answers when the test is over."""
    asked: list[Any] = []
    over = asyncio.Event()

    async def webhook(request: web.Request) -> web.Response:
        asked.append(await request.json())
        if late:
            await over.wait()
        return web.json_response(answer, status=status)

    app = web.Application()
    app.router.add_post("/webhook", webhook)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}/webhook", asked
    over.set()
    await runner.cleanup()


def slot(name: str, value: Any) -> dict[str, Any]:
    return {"event": "slot", "timestamp": None, "name": name, "value": value}


async def test_a_rasa_action_is_asked_with_its_slots_and_its_slot_events_are_the_values(tmp_path: Path) -> None:
    answer = {
        "events": [slot("claim_status", "paid"), slot("claim_number", None), {"event": "restart"}],
        "responses": [],
    }
    async with action_server(answer) as (url, asked):
        ended = await called(spec(tmp_path, RASA), {"claim_number": "204518", "other": 1}, url=url, sender="call-7")
    assert (ended.outcome, ended.error) == ("ok", "")
    assert ended.values == {"claim_status": "paid", "claim_number": None, "claim_state": "paid"}
    (body,) = asked
    assert (body["next_action"], body["sender_id"]) == ("action_check_claim", "call-7")
    assert body["tracker"]["sender_id"] == "call-7"
    assert body["tracker"]["slots"] == {"claim_number": "204518"}
    assert [e["value"] for e in body["tracker"]["events"] if e["event"] == "slot"] == ["204518"]
    assert body["version"].startswith("3.")


async def test_a_rasa_action_sees_what_was_said_before_it(tmp_path: Path) -> None:
    journal = Journal("call-7", ())
    journal.note("turn.heard", text="where is my claim", intent="claim_status", intent_confidence=0.91)
    journal.note("turn.prompted", interrupted=False)
    journal.note("service.called", service="find_customer")
    journal.note("turn.keys", digits="204518")
    async with action_server({"events": [], "responses": []}) as (url, asked):
        caller = ServiceCaller({"ACTIONS_URL": url}, Metrics())
        await caller.call(spec(tmp_path, RASA), {"claim_number": "204518"}, timeout_ms=2000, journal=journal.entries)
        await caller.close()
    tracker = asked[0]["tracker"]
    assert tracker["latest_message"]["text"] == "204518" and tracker["latest_message"]["intent"]["name"] is None
    assert [(e["event"], e.get("name") or e.get("text")) for e in tracker["events"]] == [
        ("action", "action_session_start"),
        ("session_started", None),
        ("action", "action_listen"),
        ("user", "where is my claim"),
        ("action", "find_customer"),
        ("action", "action_listen"),
        ("user", "204518"),
        ("slot", "claim_number"),
    ]
    said = tracker["events"][3]["parse_data"]
    assert (
        said["intent"] == {"name": "claim_status", "confidence": 0.91} and said["intent_ranking"][0] == said["intent"]
    )


async def test_what_a_rasa_action_utters_can_choose_the_outcome(tmp_path: Path) -> None:
    answer = {"events": [], "responses": [{"text": None, "response": "utter_nothing"}]}
    async with action_server(answer) as (url, _):
        assert (await called(spec(tmp_path, RASA), {}, url=url)).outcome == "nothing"


@pytest.mark.parametrize(
    ("answer", "status", "outcome"),
    [
        ({"error": "no", "action_name": "action_check_claim"}, 400, "rejected"),
        ({"error": "Invalid body request"}, 400, "error"),
        ({"error": "no action", "action_name": "action_check_claim"}, 404, "error"),
        ({"events": [], "responses": []}, 200, "error"),
        ({"events": "x", "responses": 3}, 200, "error"),
        ({"events": [3, {"event": "slot"}], "responses": [1]}, 200, "error"),
        (None, 200, "error"),
        ([slot("claim_status", "paid")], 200, "error"),
    ],
)
async def test_an_action_that_did_not_do_its_work_is_an_outcome(
    tmp_path: Path, answer: Any, status: int, outcome: str
) -> None:
    async with action_server(answer, status=status) as (url, asked):
        ended = await called(spec(tmp_path, RASA), {}, url=url)
    assert (ended.outcome, ended.values, len(asked)) == (outcome, {}, 1)


@pytest.mark.parametrize(("more", "times"), [("", 1), ("    idempotent: true\n    retries: 1\n", 2)])
async def test_a_rasa_action_is_asked_again_only_when_it_is_declared_safe(
    tmp_path: Path, more: str, times: int
) -> None:
    text = RASA.replace("    timeout: 5s\n", f"    timeout: 5s\n{more}")
    async with action_server({"error": "broken"}, status=500) as (url, asked):
        ended = await called(spec(tmp_path, text), {}, url=url)
    assert (ended.outcome, len(asked)) == ("error", times)


async def test_a_rasa_action_that_is_too_slow_for_the_step_is_a_timeout(tmp_path: Path) -> None:
    async with action_server({"events": [slot("claim_status", "paid")]}, late=True) as (url, _):
        ended = await called(spec(tmp_path, RASA), {}, url=url, timeout_ms=100)
    assert ended.outcome == "timeout"


async def test_without_its_variable_a_rasa_action_is_not_asked(tmp_path: Path) -> None:
    caller = ServiceCaller({}, Metrics())
    ended = await caller.call(spec(tmp_path, RASA), {}, timeout_ms=500)
    await caller.close()
    assert ended.outcome == "error" and "ACTIONS_URL" in ended.error


# ---- Python actions -----------------------------------------------------------------------------------------------


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A module of the operator's with actions, and an installed entry point for one of them."""
    (tmp_path / "operators_actions.py").write_text(ACTIONS, "utf-8")
    info = tmp_path / "operators-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: operators\nVersion: 1\n", "utf-8")
    (info / "entry_points.txt").write_text("[ivr.actions]\ncheck-claim = operators_actions:answers\n", "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "operators_actions"
    sys.modules.pop("operators_actions", None)


def python(folder: Path, name: str) -> ServiceSpec:
    return spec(folder, PYTHON.replace("NAME", name))


@pytest.mark.parametrize("name", ["operators_actions:answers", "check-claim"])
async def test_an_async_function_runs_in_the_loop_with_the_arguments_it_takes(
    tmp_path: Path, module: str, name: str
) -> None:
    ended = await called(python(tmp_path, name), {"number": "204518", "other": 1})
    assert (ended.outcome, ended.error) == ("ok", "")
    assert ended.values == {"claim": {"number": "204518", "thread": threading.main_thread().name}}


async def test_a_plain_function_runs_in_a_thread_and_the_loop_goes_on(tmp_path: Path, module: str) -> None:
    waiting = asyncio.create_task(called(python(tmp_path, f"{module}:blocks"), {}))
    turns = 0
    while not waiting.done():
        await asyncio.sleep(0.005)
        turns += 1
    ended = await waiting
    assert ended.outcome == "ok" and ended.values["claim"].startswith("ivr-action")
    assert turns > 5


async def test_an_object_with_an_async_call_is_an_action_too(tmp_path: Path, module: str) -> None:
    ended = await called(python(tmp_path, f"{module}:callable_object"), {})
    assert (ended.values, ended.error) == ({"claim": "object"}, "")


async def test_an_action_may_identify_the_caller(tmp_path: Path, module: str) -> None:
    wanted = python(tmp_path, f"{module}:knows")
    ended = await called(wanted, {})
    assert (ended.outcome, ended.values) == ("known", {"customer": {"customer_id": "C1"}})
    assert next(o for o in wanted.outcomes if o.name == "known").identifies is Level.L2


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("operators_actions:fails", "KeyError"),
        ("operators_actions:times_out_inside", "TimeoutError"),
        ("operators_actions:quits", "SystemExit"),
        ("operators_actions:surprises", "'surprise'"),
        ("operators_actions:nonsense", "must return"),
        ("operators_actions:absent", "no function"),
        ("operators_actions:number", "no function"),
        ("no_such_module:answers", "no_such_module"),
        ("no-such-entry-point", "no-such-entry-point"),
    ],
)
async def test_an_action_that_fails_is_the_outcome_error_with_its_reason(
    tmp_path: Path, module: str, name: str, error: str
) -> None:
    ended = await called(python(tmp_path, name), {"number": "4821"})
    assert (ended.outcome, ended.values) == ("error", {})
    assert error in ended.error
    assert "4821" not in ended.error, "what a caller said must not get into the journal by an exception"


@pytest.mark.parametrize("name", ["hangs", "sits"])
async def test_an_action_that_takes_too_long_is_a_timeout(tmp_path: Path, module: str, name: str) -> None:
    wanted = spec(tmp_path, PYTHON.replace("NAME", f"{module}:{name}").replace("5s", "300ms"))
    began = time.monotonic()
    ended = await called(wanted, {})
    assert ended.outcome == "timeout"
    assert time.monotonic() - began < 1.8


# ---- mistakes in the file -----------------------------------------------------------------------------------------

FAULTS = [
    (RASA, ", name: action_check_claim}", "}", "missing", 4),
    (RASA, 'url: "${ACTIONS_URL}", ', "", "missing", 4),
    (RASA, "name: action_check_claim", "name: check claim", "action-name", 4),
    (RASA, "name: action_check_claim", "nme: action_check_claim", "unknown-key", 4),
    (RASA, "${ACTIONS_URL}", "http://me:secret@host/webhook", "secret", 4),
    (RASA, "takes: [claim_number]", "body: {a: b}", "unknown-key", 5),
    (RASA, "timeout: 5s", "retries: 1", "unsafe-retry", 6),
    (RASA, "slots.claim_status is not None", "slot.claim_status", "condition", 9),
    (RASA, "nothing: {when", "rejected: {when", "reserved", 8),
    (RASA, "takes: [claim_number]", "python: a.b:c", "service-kind", 5),
    (RASA, "takes: [claim_number]", "url: http://x", "service-kind", 4),
    (RASA, '{url: "${ACTIONS_URL}", name: action_check_claim}', "action_check_claim", "type", 4),
    (PYTHON, "NAME", "a.b:c:d", "action-name", 4),
    (PYTHON, "NAME", "os.path:join()", "action-name", 4),
    (PYTHON, "NAME", "3", "type", 4),
    (PYTHON, "NAME", "", "action-name", 4),
    (PYTHON, "timeout: 5s", "retries: 1", "unknown-key", 6),
    (PYTHON, "ok: {}", "ok: {when: status == 200}", "unknown-key", 8),
    (PYTHON, "ok: {}", "timeout: {}", "reserved", 8),
    (PYTHON, "slots.customer", "body", "condition", 9),
    (PYTHON, "set: {customer: slots.customer}, ", "", "missing", 9),
]


@pytest.mark.parametrize("case", FAULTS, ids=[f"{c[3]} {c[2]}" for c in FAULTS])
def test_a_mistake_is_found_at_its_line(tmp_path: Path, case: tuple[str, str, str, str, int]) -> None:
    text, old, new, code, line = case
    assert old in text
    _, faults = specs(tmp_path, text.replace(old, new, 1))
    assert (code, "services.yml", line) in [(f.code, f.file, f.line) for f in faults.found], faults.found


# ---- in an assistant ----------------------------------------------------------------------------------------------

AS_FUNCTION = """\
  get_claim:
    python: claims:find
    takes: [TAKES, customer_id]
    outcomes:
      ok: {set: {claim: slots.claim}}
      not_found: {}
"""


@pytest.mark.parametrize(("takes", "codes"), [("number", set()), ("numer", {"argument", "unknown-argument"})])
def test_a_step_calls_a_function_like_any_service_and_must_give_what_it_takes(
    tmp_path: Path, takes: str, codes: set[str]
) -> None:
    folder = Path(shutil.copytree(Path(__file__).parents[3] / "dialogs/insurance", tmp_path / "assistant"))
    text = (folder / "services.yml").read_text("utf-8")
    http = re.search(r"^  get_claim:\n(?:    .*\n)+", text, re.MULTILINE)
    assert http is not None
    (folder / "services.yml").write_text(text.replace(http[0], AS_FUNCTION.replace("TAKES", takes)), "utf-8")
    found = [fault for fault in lint(folder) if fault.severity == "error"]
    assert {fault.code for fault in found} == codes, found
    assert all((fault.file, fault.line > 1) == ("flows/claims.yml", True) for fault in found)
