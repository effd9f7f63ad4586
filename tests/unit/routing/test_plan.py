from __future__ import annotations

from pathlib import Path

import pytest

from ivr.model.errors import DesignError
from ivr.routing.plan import RoutingPlan, load_routing

ROUTING = Path(__file__).parents[3] / "dialogs" / "insurance" / "routing.yml"
PHONES = {"AGENT_A1_URI": "sip:elena@192.0.2.1:5070", "AGENT_A2_URI": "sip:mark@pbx.example.org"}


def load_changed(folder: Path, *changes: tuple[str, str]) -> RoutingPlan:
    text = ROUTING.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path = folder / "routing.yml"
    path.write_text(text, encoding="utf-8")
    return load_routing(path, PHONES)


def test_the_shipped_plan_has_its_queues_and_the_agents_phones_from_the_variables() -> None:
    plan = load_routing(ROUTING, PHONES)
    assert set(plan.queues) == {"claims", "new_claims", "payments", "service"}
    assert [(a.agent_id, a.name, a.sip_uri) for a in plan.agents.values()] == [
        ("a1", "Elena", "sip:elena@192.0.2.1:5070"),
        ("a2", "Mark", "sip:mark@pbx.example.org"),
    ]
    assert (plan.ring_timeout_ms, plan.wrap_up_ms, plan.whisper_max_ms) == (15_000, 30_000, 8_000)


def test_variables_not_given_are_named_with_their_lines() -> None:
    with pytest.raises(DesignError) as caught:
        load_routing(ROUTING, {"AGENT_A1_URI": "sip:a@b"})
    (fault,) = caught.value.faults
    line = ROUTING.read_text(encoding="utf-8").splitlines()[fault.line - 1]
    assert (fault.code, "AGENT_A2_URI" in fault.what, "AGENT_A2_URI" in line) == ("routing-variable", True, True)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("queues: [claims, new_claims, payments, service]", "queues: [clams]", "routing-queue"),
        ("required: {claims: 2}", "required: {clams: 2}", "routing-skill"),
        ("payments: 2, policies: 3", "payment: 2, policies: 3", "routing-skill"),
        ('sip: "${AGENT_A1_URI}"', "sip: tel:123", "routing-address"),
        ('"lang:en": 5, "lang:ru": 5', "claims: 5", "yaml"),
        (', "lang:en": 5}', "}", "routing-language"),
        ("skills: {claims: 5", "skills: {claims: 6", "out-of-range"),
        ("- {for_s: 60} ", "- {need: {claims: 4}} ", "routing-step"),
        ("version: 1", "version: 1\nring_timeout: 15", "unknown-key"),
    ],
)
def test_a_plan_that_would_lose_calls_is_refused(tmp_path: Path, old: str, new: str, code: str) -> None:
    with pytest.raises(DesignError) as caught:
        load_changed(tmp_path, (old, new))
    assert code in {fault.code for fault in caught.value.faults}
    assert all(fault.line > 0 for fault in caught.value.faults)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("agent: last}", "agent: lst}", "'lst' is none of last, owner, any"),
        ('sip: "${AGENT_A1_URI}"', 'sip: "${AGENT_A1_URI}"\n    carry: [uuii]', "'uuii' is none of uui, "),
    ],
)
def test_a_wrong_word_is_told_once_with_the_words_there_are(tmp_path: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(DesignError) as caught:
        load_changed(tmp_path, (old, new))
    (fault,) = caught.value.faults
    assert told in fault.what


@pytest.mark.parametrize("address", ["sip:host", "sips:a.b@[::1]:5061;transport=tls", "sip:+123@10.0.0.1"])
def test_sip_addresses_of_every_form_are_taken(address: str) -> None:
    plan = load_routing(ROUTING, {**PHONES, "AGENT_A1_URI": address})
    assert plan.agents["a1"].sip_uri == address
