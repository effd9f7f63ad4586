"""What identity.yml demands holds in the assistant that takes calls: packs raise what moves money."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.call.guarded_assistant import load_guarded
from ivr.config import NluSettings, ServerSettings, Settings
from ivr.dialog.assistant import Assistant, load_assistant
from ivr.dialog.engine import advance, new_session
from ivr.metrics import Metrics
from ivr.model import dialog as ev
from ivr.model.identity import Caller, Level
from ivr.supervisor.brain import load_brain


@pytest.fixture
def paying(repo_root: Path, tmp_path: Path) -> Path:
    """The bank, where card_delivery moves money, and the Union wants that at L4."""
    folder = tmp_path / "bank"
    shutil.copytree(repo_root / "dialogs" / "bank", folder)
    policy = folder / "identity.yml"
    policy.write_text(policy.read_text(encoding="utf-8") + "\npayouts: [card_delivery]\n", encoding="utf-8")
    return folder


def begins(assistant: Assistant) -> list[str]:
    """The flows being done when a caller the number has recognised begins card_delivery."""
    begun = replace(assistant, start="card_delivery")
    session = replace(new_session(begun, "en"), level=Level.L1)
    caller = Caller(ani="+15550100", dnis="1", claimed=False)
    started = ev.CallStarted(at_ms=0, call_id="c", caller=caller, language="en", started_at="2026-11-20T09:00:00Z")
    return [frame.flow for frame in advance(begun, session, started).session.stack]


def test_a_payout_is_stepped_up_for_in_a_call_that_would_get_through_without_the_pack(paying: Path) -> None:
    assert begins(load_assistant(paying)) == ["card_delivery"]
    assert begins(load_guarded(paying)) == ["card_delivery", "identify"]


@pytest.mark.slow
def test_the_brain_that_takes_calls_has_the_demands_of_the_packs(paying: Path) -> None:
    agents = {"AGENT_A1_URI": "sip:a1@127.0.0.1", "AGENT_A2_URI": "sip:a2@127.0.0.1"}
    server, nlu = ServerSettings(assistant=paying), NluSettings(engine="tfidf")
    brain = load_brain(Settings(server=server, nlu=nlu, variables=agents), Metrics())
    assert brain.assistant.flows["card_delivery"].level is Level.L4
    assert brain.assistant.stepup == brain.identity.stepup
