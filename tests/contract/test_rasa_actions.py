"""Custom actions written for Rasa run unchanged: the real rasa-sdk of Rasa 3.6.21, as its own process."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from ivr.call.journal import Journal
from ivr.call.services import ServiceCaller
from ivr.dialog.services import ServiceSpec, read_services
from ivr.dialog.source import Faults, read
from ivr.metrics import Metrics
from ivr.supervisor import rasa_server

pytestmark = pytest.mark.models

REQUIREMENTS = Path(__file__).parents[2] / "requirements/rasa.txt"
# The same installation as the tests of the Rasa server use.
KEPT = Path.home() / ".cache/ivr-rasa"
START_S = 60.0

ACTIONS = """\
import time
from rasa_sdk import Action
from rasa_sdk.events import SlotSet, FollowupAction
from rasa_sdk.interfaces import ActionExecutionRejection

CLAIMS = {"204518": {"status": "paid", "amount": 1250}}


class CheckClaim(Action):
    def name(self):
        return "action_check_claim"

    def run(self, dispatcher, tracker, domain):
        number = tracker.get_slot("claim_number")
        assert [e["value"] for e in tracker.events if e["event"] == "slot"] == [number]
        assert tracker.get_intent_of_latest_message() == "claim_status" and tracker.active_loop_name is None
        assert tracker.latest_message["text"] == "where is my claim"
        assert tracker.last_executed_action_has("find_customer") and not tracker.is_paused()
        assert list(tracker.get_latest_entity_values("claim_number")) == []
        assert "claim_number" in domain["slots"] and tracker.current_state()["sender_id"] == tracker.sender_id
        claim = CLAIMS.get(number)
        if claim is None:
            dispatcher.utter_message(response="utter_no_such_claim")
            return []
        dispatcher.utter_message(text="It is paid.")
        return [SlotSet("claim", claim), SlotSet("caller", tracker.sender_id), FollowupAction("action_listen")]


class Refuse(Action):
    def name(self):
        return "action_refuse"

    async def run(self, dispatcher, tracker, domain):
        raise ActionExecutionRejection(self.name(), "not now")


class Break(Action):
    def name(self):
        return "action_break"

    async def run(self, dispatcher, tracker, domain):
        raise ValueError("broken")


class Sleep(Action):
    def name(self):
        return "action_sleep"

    async def run(self, dispatcher, tracker, domain):
        time.sleep(2)
        return []
"""

SERVICES = """\
version: 1
services:
  check_claim:
    rasa_action: {url: "${ACTIONS_URL}", name: action_check_claim}
    takes: [claim_number]
    outcomes:
      ok: {when: slots.claim.status == "paid", set: {words: "responses[0].text"}}
      unknown: {when: 'responses[0].response == "utter_no_such_claim"'}
"""


def service(folder: Path, action: str) -> ServiceSpec:
    faults = Faults()
    (folder / "services.yml").write_text(SERVICES.replace("action_check_claim", action), "utf-8")
    top = read(folder / "services.yml", folder, faults)
    assert top is not None
    spec = read_services(top)["check_claim"]
    assert faults.found == []
    return spec


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    """A running action server's webhook."""
    rasa_server.install(KEPT, REQUIREMENTS)
    (tmp_path / "actions.py").write_text(ACTIONS, "utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = await asyncio.create_subprocess_exec(
        *(str(KEPT / "venv/bin/python"), "-m", "rasa_sdk", "--actions", "actions", "--port", str(port)),
        cwd=tmp_path,
        env={**os.environ, **rasa_server.environment(), "SANIC_HOST": "127.0.0.1"},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await _healthy(f"http://127.0.0.1:{port}/health", server)
        yield f"http://127.0.0.1:{port}/webhook"
    finally:
        if server.returncode is None:
            server.terminate()
            await server.wait()


async def _healthy(url: str, server: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(START_S), aiohttp.ClientSession() as client:
        while server.returncode is None:
            try:
                async with client.get(url) as reply:
                    if reply.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.2)
    pytest.fail(f"the action server ended with {server.returncode}")


async def test_actions_of_the_real_sdk_run_unchanged(url: str, tmp_path: Path) -> None:
    caller = ServiceCaller({"ACTIONS_URL": url}, Metrics())
    try:
        spec = service(tmp_path, "action_check_claim")
        journal = Journal("call-7", ())
        journal.note("turn.heard", text="where is my claim", intent="claim_status", intent_confidence=0.91)
        journal.note("service.called", service="find_customer")
        so_far = journal.entries
        paid = await caller.call(spec, {"claim_number": "204518"}, timeout_ms=5000, sender="call-7", journal=so_far)
        assert (paid.outcome, paid.error) == ("ok", "")
        claim = {"status": "paid", "amount": 1250}
        assert paid.values == {"claim": claim, "caller": "call-7", "words": "It is paid."}
        unknown = await caller.call(spec, {"claim_number": "1"}, timeout_ms=5000, journal=so_far)
        assert (unknown.outcome, unknown.values) == ("unknown", {})
        for action, outcome in (("action_refuse", "rejected"), ("action_break", "error"), ("action_absent", "error")):
            ended = await caller.call(service(tmp_path, action), {"claim_number": "1"}, timeout_ms=5000)
            assert (ended.outcome, ended.values) == (outcome, {}), action
        late = await caller.call(service(tmp_path, "action_sleep"), {}, timeout_ms=300)
        assert late.outcome == "timeout"
    finally:
        await caller.close()
