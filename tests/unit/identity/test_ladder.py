"""The ladder: evidence gives a level by rules, risk only takes away."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.identity.ladder import after_risk, counting, level_of
from ivr.identity.policy import DEFAULT, IdentityPolicy, OnRisk, RiskPolicy, Step
from ivr.model.identity import FACT_KINDS, Evidence, EvidenceKind, Level

K = EvidenceKind
NOW = 1_000_000


def evidence(
    kind: EvidenceKind, customer: str = "C1", *, passed: bool = True, expires: int = 0, level: str = ""
) -> Evidence:
    detail = {"level": level} if level else {}
    return Evidence(
        kind=kind, evidence_id=kind, at_ms=1, customer_id=customer, passed=passed, expires_ms=expires, detail=detail
    )


def level(*kinds: EvidenceKind, policy: IdentityPolicy = DEFAULT) -> Level:
    return level_of([evidence(kind) for kind in kinds], "C1", policy, NOW)


@pytest.mark.parametrize(
    ("kinds", "reached"),
    [
        ((), Level.L0),
        ((K.ANI,), Level.L1),
        ((K.SPOKEN_ID,), Level.L1),
        ((K.ANI, K.NAME), Level.L1),
        ((K.ANI, K.NAME, K.BIRTH_DATE), Level.L2),
        ((K.SPOKEN_ID, K.NAME, K.POLICY_NUMBER), Level.L1),
        ((K.SPOKEN_ID, K.NAME, K.POLICY_NUMBER, K.BIRTH_DATE), Level.L2),
        ((K.NAME, K.BIRTH_DATE, K.POLICY_NUMBER, K.POSTCODE), Level.L0),
        ((K.ANI, K.PIN), Level.L1),
        ((K.ANI, K.PIN, K.BIRTH_DATE), Level.L2),
        ((K.ANI, K.OTP), Level.L3),
        ((K.OTP,), Level.L0),
        ((K.PIN, K.PASSPHRASE), Level.L0),
        ((K.ANI, K.OTP, K.PIN), Level.L4),
        ((K.ANI, K.OTP, K.PASSPHRASE), Level.L4),
        ((K.ANI, K.VOICEPRINT, K.ATTESTATION), Level.L1),
    ],
)
def test_each_rung_takes_what_it_says(kinds: tuple[EvidenceKind, ...], reached: Level) -> None:
    assert level(*kinds) is reached


def test_a_code_counts_after_two_facts_where_the_policy_says_so() -> None:
    strict = replace(DEFAULT, facts_before_code=True)
    assert level(K.ANI, K.OTP, K.PIN, policy=strict) is Level.L1
    assert level(K.ANI, K.OTP, K.PIN, K.NAME, policy=strict) is Level.L4


def test_a_service_of_the_customer_vouches_for_its_level_and_never_for_a_person() -> None:
    assert level_of([evidence(K.SERVICE, level="L2")], "C1", DEFAULT, NOW) is Level.L2
    assert level_of([evidence(K.SERVICE, level="HUMAN")], "C1", DEFAULT, NOW) is Level.L0
    assert level_of([evidence(K.SERVICE, level="L9")], "C1", DEFAULT, NOW) is Level.L0


KINDS = st.sampled_from(EvidenceKind)
PIECES = st.builds(
    evidence,
    KINDS,
    st.sampled_from(["C1", "C2", ""]),
    passed=st.booleans(),
    expires=st.sampled_from([0, NOW - 1, NOW, NOW + 1]),
    level=st.sampled_from(["", "L1", "L2", "L3", "L4", "HUMAN"]),
)
POLICIES = st.builds(
    lambda steps, first: replace(DEFAULT, steps=steps, facts_before_code=first),
    st.frozensets(st.sampled_from(Step)),
    st.booleans(),
)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(have=st.lists(PIECES, max_size=7), more=st.lists(PIECES, max_size=4), policy=POLICIES)
def test_more_evidence_never_lowers_a_level(have: list[Evidence], more: list[Evidence], policy: IdentityPolicy) -> None:
    assert level_of([*have, *more], "C1", policy, NOW) >= level_of(have, "C1", policy, NOW)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(have=st.lists(PIECES, max_size=8), policy=POLICIES)
def test_what_failed_expired_or_speaks_for_another_never_counts(have: list[Evidence], policy: IdentityPolicy) -> None:
    good = [e for e in have if e.passed and e.customer_id == "C1" and (not e.expires_ms or e.expires_ms > NOW)]
    assert level_of(have, "C1", policy, NOW) is level_of(good, "C1", policy, NOW)
    assert level_of(have, "", policy, NOW) is Level.L0
    assert all(e in good for e in counting(have, "C1", policy, NOW))


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(have=st.lists(PIECES.filter(lambda e: e.kind is not K.SERVICE), max_size=8), policy=POLICIES)
def test_no_level_is_above_what_the_evidence_allows(have: list[Evidence], policy: IdentityPolicy) -> None:
    kinds = {e.kind for e in counting(have, "C1", policy, NOW)}
    reached = level_of(have, "C1", policy, NOW)
    assert reached <= Level.L4
    if reached >= Level.L1:
        assert kinds & {K.ANI, K.SPOKEN_ID}
    if reached is Level.L2:
        assert len(kinds & (FACT_KINDS | {K.PIN, K.PASSPHRASE})) >= 2
    if reached >= Level.L3:
        assert K.OTP in kinds
    if reached >= Level.L4:
        assert kinds & {K.PIN, K.PASSPHRASE}


@pytest.mark.parametrize("how", OnRisk)
def test_risk_never_raises_a_level(how: OnRisk) -> None:
    policy = replace(DEFAULT, risk=RiskPolicy(threshold=3, on_threshold=how))
    for before in (Level.L0, Level.L1, Level.L2, Level.L3, Level.L4):
        for points in range(9):
            after = after_risk(before, points, policy)
            assert after <= before
            assert (after is before) if points < 3 else after <= policy.risk.keep
