"""Reading identity.yml: its shape, what is wrong with it and where, and the packs it names.

Absent words have the defaults of policy.py. What a pack demands is only ever more than the file says.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ivr.deviations import Location
from ivr.document import Document
from ivr.identity.policy import (
    DEFAULT,
    Codes,
    Consent,
    IdentityPolicy,
    Limits,
    Lockout,
    OnRisk,
    RiskPolicy,
    Step,
)
from ivr.model.errors import DesignError
from ivr.model.identity import Level, OnFail, RiskKind, StepUp

FILE = "identity.yml"
PACKS = Path(__file__).parent / "packs"

Count = Annotated[int, Field(ge=1, le=1000)]
Points = Annotated[int, Field(ge=0, le=10)]
LevelName = Literal["L0", "L1", "L2", "L3", "L4", "human"]
Number = Annotated[
    str, Field(pattern=r"^\+[1-9][0-9]{4,14}$", description="a number with + and the country code, as +12025550150")
]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StepUpShape(_Shape):
    """Identification in the middle of a request. ask_only_when_needed: nothing else can be had; whoever must be known
    at hello is asked by `call:` of the identifying flow in the first one."""

    max_steps: Annotated[int, Field(ge=1, le=5)] = DEFAULT.stepup.max_steps
    on_fail: OnFail = DEFAULT.stepup.on_fail
    ask_only_when_needed: Literal[True] = True


class LimitsShape(_Shape):
    """How often may be tried."""

    facts_tries: Annotated[int, Field(ge=1, le=5)] = DEFAULT.limits.facts_tries
    otp_tries: Annotated[int, Field(ge=1, le=5)] = DEFAULT.limits.otp_tries
    otp_sends_per_day: Annotated[int, Field(ge=1, le=20)] = DEFAULT.limits.otp_sends_per_day
    otp_sends_per_prefix_hour: Count = DEFAULT.limits.otp_sends_per_prefix_hour
    pin_tries: Annotated[int, Field(ge=1, le=10)] = DEFAULT.limits.pin_tries
    account_fail_24h: Annotated[int, Field(ge=1, le=100)] = DEFAULT.limits.account_fail_24h
    account_fail_total: Annotated[int, Field(ge=1, le=100)] = DEFAULT.limits.account_fail_total
    number_fail_1h: Annotated[int, Field(ge=1, le=100)] = DEFAULT.limits.number_fail_1h


class LockoutShape(_Shape):
    """What follows failures."""

    delay_s: Annotated[tuple[Annotated[int, Field(ge=1, le=86400)], ...], Field(min_length=1, max_length=10)] = (
        DEFAULT.lockout.delay_s
    )
    notify_sms: bool = DEFAULT.lockout.notify_sms


class CodesShape(_Shape):
    """One-time codes."""

    digits: Annotated[int, Field(ge=6, le=10)] = DEFAULT.codes.digits
    valid_s: Annotated[int, Field(ge=60, le=600)] = DEFAULT.codes.valid_s


class RiskShape(_Shape):
    """Points of each signal, and what they lead to."""

    attest_failed: Points | None = None
    voip_invalid: Points | None = None
    spoofed_header: Points | None = None
    several_identities: Points | None = None
    number_new: Points | None = None
    velocity: Points | None = None
    many_accounts_one_number_24h: Points | None = None
    many_numbers_one_account_24h: Points | None = None
    several_customers: Points | None = None
    otp_pumping: Points | None = None
    fast_keys: Points | None = None
    repeated_audio: Points | None = None
    voiceprint_mismatch: Points | None = None
    agent_request_after_fail: Points | None = None
    threshold: Annotated[int, Field(ge=1, le=30)] = DEFAULT.risk.threshold
    on_threshold: OnRisk = DEFAULT.risk.on_threshold
    keep: Literal["L0", "L1", "L2", "L3"] = "L1"
    number_new_days: Annotated[int, Field(ge=0, le=365)] = DEFAULT.risk.number_new_days
    velocity_per_hour: Count = DEFAULT.risk.velocity_per_hour
    accounts_per_day: Count = DEFAULT.risk.accounts_per_day
    numbers_per_day: Count = DEFAULT.risk.numbers_per_day
    fast_keys_ms: Annotated[int, Field(ge=1, le=500)] = DEFAULT.risk.fast_keys_ms


class IdentityShape(_Shape):
    """identity.yml, exactly as a designer may write it."""

    version: Literal[1, "1"]
    steps: Annotated[tuple[Step, ...], Field(min_length=1)] = tuple(Step)
    requests: dict[str, LevelName] = {}
    stepup: StepUpShape = StepUpShape()
    limits: LimitsShape = LimitsShape()
    lockout: LockoutShape = LockoutShape()
    codes: CodesShape = CodesShape()
    risk: RiskShape = RiskShape()
    packs: tuple[str, ...] = ()
    payouts: tuple[str, ...] = ()
    shared_numbers: tuple[Number, ...] = ()


class PackShape(_Shape):
    """What a country demands. Not legal advice. payout_level: the least level of flows that move money."""

    version: Literal[1]
    why: str
    facts_before_code: bool = False
    payout_level: LevelName = "L0"
    voiceprint_consent: Consent = Consent.SPOKEN


def pack_names() -> tuple[str, ...]:
    """The packs shipped, sorted."""
    return tuple(sorted(path.stem for path in PACKS.glob("*.yml")))


def load_policy(folder: Path) -> IdentityPolicy:
    """The policy of the assistant in folder; the defaults when it has no identity.yml. Raises DesignError."""
    path = folder / FILE
    return read_policy(Document(path)) if path.exists() else DEFAULT


def read_policy(document: Document) -> IdentityPolicy:
    """The policy of an identity.yml. Raises DesignError with every fault."""
    shape = document.parse(IdentityShape)
    faults = [document.fault(*found) for found in _problems(shape)]
    if faults:
        raise DesignError(tuple(sorted(faults)))
    packs = [Document(PACKS / f"{name}.yml").parse(PackShape) for name in shape.packs]
    return _policy(shape, packs)


Problem = tuple[Location, str, str, str]


def _problems(shape: IdentityShape) -> Iterable[Problem]:
    for place, name in enumerate(shape.packs):
        if name not in pack_names():
            yield ("packs", place), "unknown-pack", f"there is no pack {name!r}", _meant(name, pack_names())
    if list(shape.lockout.delay_s) != sorted(shape.lockout.delay_s):
        yield ("lockout", "delay_s"), "limits", "a later delay is shorter than an earlier one", "Let them grow."
    if shape.limits.account_fail_24h > shape.limits.account_fail_total:
        what = "more failures are allowed in a day than altogether"
        yield ("limits", "account_fail_24h"), "limits", what, "Lower account_fail_24h."
    if shape.risk.number_new_days < 1 and Step.OTP in shape.steps:
        what = "codes would go to a number that was registered just now"
        yield ("risk", "number_new_days"), "limits", what, "Keep at least 1; 7 is the default."
    unreachable = {"L3": Step.OTP, "L4": Step.OTP}
    for flow, level in shape.requests.items():
        if level in unreachable and unreachable[level] not in shape.steps:
            what = f"{flow} needs {level}, which nothing but a code gives, and steps: has no otp"
            yield ("requests", flow), "unreachable-level", what, "Add otp to steps, or write human."
        if level == "L4" and not {Step.PIN, Step.PASSPHRASE} & set(shape.steps):
            what = f"{flow} needs L4, and steps: has neither pin nor passphrase"
            yield ("requests", flow), "unreachable-level", what, "Add one to steps, or write human."
    if not {Step.ANI, Step.SPOKEN_ID} & set(shape.steps):
        yield ("steps",), "unreachable-level", "nobody can ever be recognised", "Add ani or spoken_id."


def _meant(word: str, known: Iterable[str]) -> str:
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1)
    return f"Did you mean {near[0]!r}?" if near else f"Known here: {', '.join(names)}."


def _level(name: str) -> Level:
    return Level.HUMAN if name == "human" else Level[name]


def _policy(shape: IdentityShape, packs: list[PackShape]) -> IdentityPolicy:
    risk = shape.risk.model_dump()
    points = {kind: risk.pop(kind.value) for kind in RiskKind}
    requests = {flow: _level(level) for flow, level in shape.requests.items()}
    least = max((_level(pack.payout_level) for pack in packs), default=Level.L0)
    for flow in shape.payouts:
        requests[flow] = max(requests.get(flow, Level.L0), least)
    written = any(pack.voiceprint_consent is Consent.WRITTEN for pack in packs)
    return replace(
        DEFAULT,
        steps=frozenset(shape.steps),
        requests=requests,
        stepup=StepUp(max_steps=shape.stepup.max_steps, on_fail=shape.stepup.on_fail),
        limits=Limits(**shape.limits.model_dump()),
        lockout=Lockout(**shape.lockout.model_dump()),
        codes=Codes(**shape.codes.model_dump()),
        risk=RiskPolicy(
            **(risk | {"keep": Level[shape.risk.keep]}),
            points={kind: DEFAULT.risk.points[kind] if p is None else p for kind, p in points.items()},
        ),
        packs=shape.packs,
        payouts=frozenset(shape.payouts),
        shared_numbers=frozenset(shape.shared_numbers),
        facts_before_code=any(pack.facts_before_code for pack in packs),
        voiceprint_consent=Consent.WRITTEN if written else Consent.SPOKEN,
    )


__all__ = ["FILE", "IdentityShape", "load_policy", "pack_names", "read_policy"]
