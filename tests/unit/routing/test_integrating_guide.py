"""What docs/integrating.md tells a peer is what the product writes and reads."""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from ivr.call.overflowing import OUTCOME_HEADER
from ivr.config import TrunkSettings
from ivr.media.code_keys import CodeKeys
from ivr.model.carry import Carrier, Carry
from ivr.model.media import Drain
from ivr.model.sip import MediaSettings
from ivr.model.webhooks import EventKind
from ivr.routing.attributes import MAX_CONNECT_BYTES, flat_attributes, taskrouter_task
from ivr.routing.carriers import MAX_X_CHARS, handoff_headers
from ivr.routing.key_code import read_keys
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


# ---- recipes ------------------------------------------------------------------------------------------------------

TOKEN = "01KAJ8F3KQZX5T0V9W2R7M4N6P"
PACKET: dict[str, Any] = {
    "id": TOKEN,
    "call": {"lang": "en"},
    "customer": {"id": "C1", "name": "Anna", "level": "L2", "segment": "dacha"},
    "need": {"intent": "claim_status", "status": "failed"},
    "skills": {"required": {"claims": 2, "lang:en": 1}, "preferred": {"agent": "a17"}},
    "queue": {"asked": "claims", "priority": 5, "overflow_from": ""},
    "summary": "Recognised number.",
}
READ = {"X-Queue-Age", "X-Priority"}
WRITTEN = {name for name, _ in handoff_headers(TOKEN, PACKET)} | {OUTCOME_HEADER}


def test_the_trunk_of_the_guide_can_be_configured_so() -> None:
    (trunk,) = tomllib.loads(snippet("toml", "refer_uui"))["trunks"]
    assert TrunkSettings.model_validate(trunk).refer_uui == "uri"


def test_the_dialplans_for_asterisk_are_whole() -> None:
    """Every step belongs to an extension, every subroutine is there and returns, every bracket is closed."""
    contexts: dict[str, list[str]] = {}
    called: set[str] = set()
    for text in (snippet("ini", "[from-ivr]"), snippet("ini", "[billing]")):
        for line in filter(None, text.splitlines()):
            if line.startswith("["):
                steps = contexts.setdefault(line.strip("[]"), [])
                continue
            assert re.match(r" same => n(\(\w+\))?," if steps else r"exten => \S+,1,", line), line
            assert line.count("(") == line.count(")") and line.count("{") == line.count("}"), line
            steps.append(line.partition(",")[2])
            called |= {one or other for one, other in re.findall(r"b\((\w+)\^s\^1\)|U\((\w+)\)", line)}
            assert all(f"n({label})" in text for label in re.findall(r"GotoIf\(.*\?(\w+)\)", line))
    assert called == {"context", "told", "token"}
    assert all(contexts[name][-1].endswith("Return()") for name in called)
    headers = set(re.findall(r"HEADER\((?:add|read),([\w-]+)\)", str(contexts)))
    assert headers == READ | {"X-Ctx-Id"} and "X-Ctx-Id" in WRITTEN


def test_the_peer_for_asterisk_has_its_parts() -> None:
    peer = configparser.ConfigParser(strict=False)
    text = snippet("ini", "type=endpoint")
    for part in text.split("[ivr]\n")[1:]:
        peer.read_string(f"[ivr {part.split('type=')[1].split()[0]}]\n{part}")
    assert peer.sections() == ["ivr endpoint", "ivr aor", "ivr identify"]
    assert (peer["ivr endpoint"]["dtmf_mode"], peer["ivr endpoint"]["allow"]) == ("rfc4733", "ulaw,alaw")
    assert f"[{peer['ivr endpoint']['context']}]" in GUIDE


def test_the_dialplan_for_freeswitch_is_well_formed_and_knows_our_headers() -> None:
    text = snippet("xml", "callcenter")
    names = {each.get("name") for each in ElementTree.fromstring(text).iter("extension")}
    assert set(re.findall(r'"([\w-]+) XML', text)) <= names
    assert set(re.findall(r"sip_h_([\w-]+)=", text)) == READ
    (told,) = re.findall(r"sip_bye_h_([\w-]+)", text)
    assert told == OUTCOME_HEADER
    (kept,) = re.findall(r"\^\((.*)\)\$", text)
    assert set(kept.split("|")) | {"returned"} == {outcome.value for outcome in OverflowOutcome}


def test_what_twilio_is_told_stands_in_the_task() -> None:
    for holding in ("<Enqueue", "<Sip>"):
        assert ElementTree.fromstring(snippet("xml", holding)).tag == "Response"
    (shown,) = re.findall(r"<Task .*?>(.*)</Task>", GUIDE)
    task = json.loads(taskrouter_task(PACKET, "u").attributes)
    assert json.loads(shown).items() <= task.items()
    assert set(re.findall(r"\?(X-[\w-]+)=|;(X-[\w-]+)=", snippet("xml", "<Sip>"))) == {
        ("X-Queue-Age", ""),
        ("", "X-Priority"),
    }


def test_the_softphone_of_salesforce_reads_names_that_are_written() -> None:
    assert set(re.findall(r"call\.(ivr_\w+)", GUIDE)) <= set(flat_attributes(PACKET, "u"))


def test_the_keys_that_amazon_connect_sends_are_let_through_there_and_read_here() -> None:
    (sent,) = re.findall(r"`(,,[^`]*)`", GUIDE)
    assert re.fullmatch(r"[0-9,*#]{1,50}", sent)
    codes, keys = CodeKeys(), sent.strip(",")
    codes.expect(5000)
    (code,) = [found.code for at, key in enumerate(keys) if (found := codes.press(key, 2000 + 200 * at)).code]
    assert read_keys(code) == code


def test_the_seconds_of_retry_after_are_those_of_the_code() -> None:
    full, drained = re.findall(r"(\d+) s while", GUIDE.partition("`Retry-After` is ")[2])[:2]
    assert int(full) == MediaSettings(control_fd=0, sip_host="", sip_port=0, rtp_port=0).retry_after_s
    assert int(drained) == Drain().retry_after_s
