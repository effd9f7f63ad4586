"""What docs/integrating.md tells a peer is what the product writes and reads."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ivr.model.carry import Carrier, Carry
from ivr.model.webhooks import EventKind
from ivr.routing.attributes import MAX_CONNECT_BYTES
from ivr.routing.carriers import MAX_X_CHARS
from ivr.routing.overflow import read_overflow
from ivr.routing.overflow_terms import ReturnBy
from ivr.routing.packet import MAX_BYTES
from ivr.routing.plan import load_routing
from ivr.routing.refer_to import MAX_HEADER_CHARS, read_refer_to
from ivr.routing.returning import OverflowOutcome, result_event
from ivr.routing.webhook import RETRIES_S, TOLERANCE_S, event_body, signed_headers
from ivr.sections import WebhookSettings

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs" / "integrating.md").read_text(encoding="utf-8")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def snippet(language: str, holding: str) -> str:
    (found,) = [text for text in re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL) if holding in text]
    return str(found)


def test_the_receiver_of_the_guide_takes_what_is_signed_here_once_and_nothing_else() -> None:
    names: dict[str, Any] = {}
    exec(snippet("python", "def genuine"), names)
    genuine: Callable[..., bool] = names["genuine"]
    body = event_body("overflow.result", "2026-11-21T10:00:00Z", {"outcome": "resolved"})
    headers = signed_headers([SECRET], "evt_1", 5000, body)
    taken: set[str] = set()
    assert genuine(headers, body, SECRET, taken, now=lambda: 5000 + TOLERANCE_S) is True
    assert genuine(headers, body, SECRET, taken, now=lambda: 5001) is False
    assert genuine(headers, body, SECRET, set(), now=lambda: 5001 + TOLERANCE_S) is False
    assert genuine(headers, body + b" ", SECRET, set(), now=lambda: 5000) is False
    both = signed_headers(["whsec_" + "b2xk" * 8, SECRET], "evt_2", 5000, body)
    assert genuine(both, body, SECRET, taken, now=lambda: 5000) is True


def test_the_overflow_part_of_the_guide_is_read_with_all_its_ways_to_name_a_queue(tmp_path: Path) -> None:
    path = tmp_path / "routing.yml"
    plan = "version: 1\nqueues: {payments: {title: payments}}\nagents: {}\n" + snippet("yaml", "overflow:")
    path.write_text(plan, encoding="utf-8")
    terms = load_routing(path, {"ACD_BILLING": "sip:billing@acd"}).overflow
    assert terms is not None and terms.queues["billing"].return_by is ReturnBy.REFER
    rows = dict(re.findall(r"^\| `?([A-Za-z-]+).*? \| .*?`(.*?)`.* \|$", GUIDE, re.MULTILINE))
    told = [("bot", (name, rows[name].removeprefix(f"{name}: "))) for name in ("X-Queue", "Diversion", "History-Info")]
    for dialled, header in [("overflow+billing+no_agents", ("X-Other", "")), *told]:
        found = read_overflow(terms, dialled, [header], received_ms=0, trusted=True)
        assert found is not None and found.known and found.queue.name == "billing", header


def test_the_targets_of_the_guide_get_what_they_say(tmp_path: Path) -> None:
    path = tmp_path / "routing.yml"
    head = "version: 1\nqueues: {claims: {title: claims}}\n"
    path.write_text(head + snippet("yaml", "carry: [keys]"), encoding="utf-8")
    plan = load_routing(path, {})
    assert plan.agents["a17"].carry == Carry(by=frozenset({Carrier.X_HEADERS}))
    assert plan.acd["connect"].carry == Carry(by=frozenset({Carrier.KEYS}), keys_after_ms=1500)
    assert plan.acd["isdn"].carry == Carry(by=frozenset({Carrier.UUI}), isdn=True)


def test_the_receiver_of_the_guide_can_be_configured_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVR_WEBHOOK_SECRET", SECRET)
    (told,) = tomllib.loads(snippet("toml", "[[webhooks]]"))["webhooks"]
    assert WebhookSettings.model_validate(told).kinds == {"handoff.context", "call.ended"}
    assert [kind for kind in EventKind if f"`{kind}`" not in GUIDE] == []


def test_the_result_of_the_guide_has_the_keys_that_are_sent(tmp_path: Path) -> None:
    plan = load_routing(ROOT / "dialogs/insurance/routing.yml", {"AGENT_A1_URI": "sip:a@b", "AGENT_A2_URI": "sip:a@b"})
    assert plan.overflow is not None
    call = read_overflow(plan.overflow, "overflow+billing", [], received_ms=0, trusted=False)
    assert call is not None and call.can_return
    sent = result_event("t", OverflowOutcome.RETURNED, call, intent="", level="L0", bot_s=1, now_ms=0)
    shown = json.loads(snippet("json", '"outcome"'))
    assert list(shown) == list(sent)
    assert all(outcome.value in GUIDE for outcome in OverflowOutcome)


@pytest.mark.parametrize(
    "said",
    [
        f"most\n{MAX_BYTES} bytes",
        f"at most {MAX_X_CHARS} characters together",
        f"below {MAX_HEADER_CHARS} characters",
        f"below {MAX_CONNECT_BYTES} bytes",
        "5 s, 30 s, 2 min, 10 min, 30 min, 1 h and 2 h",
    ],
)
def test_the_limits_of_the_guide_are_those_of_the_code(said: str) -> None:
    assert said in GUIDE
    assert RETRIES_S == (5, 30, 120, 600, 1800, 3600, 7200)


def test_the_refer_to_of_the_guide_reads_back() -> None:
    (shown,) = re.findall(r"^Refer-To: (.*)$", GUIDE, re.MULTILINE)
    assert read_refer_to(shown) == (
        "sip:+15551230000@edge.example.org",
        (("User-to-User", "00...;encoding=hex"),),
    )
