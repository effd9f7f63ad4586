"""Who calls, how surely. Levels are inspired by NIST SP 800-63B-4; no AAL is claimed for a telephone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Any


class Level(IntEnum):
    """The identification ladder; a request names the level it needs."""

    L0 = 0  # nothing, or number withheld
    L1 = 1  # recognised: one account has this number
    L2 = 2  # matched: L1 and two facts
    L3 = 3  # possession: a code sent to the registered number
    L4 = 4  # two factors: L3 and a PIN
    HUMAN = 9  # only a person may do this


class OnFail(StrEnum):
    """Where a failed step-up leads."""

    WARM_TRANSFER = "warm_transfer"  # the escape of the flow that identifies: a person, who knows it failed
    CALLBACK = "callback"  # the flow that promises one
    STAY = "stay"  # the escape of the request, at the level there is


@dataclass(frozen=True, slots=True, kw_only=True)
class StepUp:
    """What identification in the middle of a request keeps to. max_steps: proofs one step-up may ask for: what the
    caller knows, a code, a PIN or passphrase."""

    max_steps: int = 2
    on_fail: OnFail = OnFail.WARM_TRANSFER


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """What the number says about the caller.

    ani: E.164, "" when withheld or unusable. claimed: True when the number came from an untrusted peer's From.
    private: the caller withheld the number; ani is "" and the number is kept nowhere. number_source: the header it came
    from: "pai" | "rpid" | "from" | "none". number_type: "mobile" | "fixed" | "fixed_or_mobile" | "voip" | "premium" |
    "shared_cost" | "toll_free" | "other" | "invalid" (no carrier gives it out) | "" (no number). verification: what
    STIR says of the number: "passed" | "failed" | "none"; attest: with "passed" the carrier's word, "A" | "B" | "C" |
    "" (none given). trunk: name of the trunk it came by. signals: oddities of the INVITE: "spoofed_header" (an
    untrusted peer asserted an identity), "several_identities" (asserted ones name different numbers).

    A call from a full queue of a contact center: overflow_from is the queue as the center names it, "" for any other
    call; overflow_reason: why, "" when nobody said; waited_s: there, at the INVITE; priority: 0 to 10; return_to: where
    it goes back to, "" when hanging up returns it; ways: what it may be offered, "solve" | "keep_place" | "callback";
    expected_wait: language -> the wait in words, empty when it cannot be told honestly.

    A call that brings the token of a context of ours: returned; returned_intent: what was wanted; returned_status: what
    it came to, "resolved" | "informed" | "failed" | "open".
    """

    ani: str
    dnis: str
    claimed: bool = True
    diverted_from: str = ""
    private: bool = False
    number_source: str = "from"
    number_type: str = ""
    verification: str = "none"
    attest: str = ""
    trunk: str = ""
    signals: tuple[str, ...] = ()
    overflow_from: str = ""
    overflow_reason: str = ""
    waited_s: int = 0
    priority: int = 0
    return_to: str = ""
    ways: tuple[str, ...] = ()
    expected_wait: Mapping[str, str] = field(default_factory=dict)
    returned: bool = False
    returned_intent: str = ""
    returned_status: str = ""

    @property
    def believed(self) -> bool:
        """Whether the number may recognise somebody: a trusted trunk asserted it or A attests it, nothing failed."""
        return bool(self.ani) and self.verification != "failed" and (not self.claimed or self.attest == "A")


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A profile from the customer's CRM.

    household: the unit of experiments. lines: insured lines owned ("dacha", "car"). owns: product ids.
    flags: "vulnerable", "no_offers", ... profile: everything else the CRM sent, for conditions in dialogs.
    """

    customer_id: str
    household: str
    name: str = ""
    language: str = ""
    lines: tuple[str, ...] = ()
    owns: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    profile: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The caller's identity at a moment of the call, with the evidence that carried it there."""

    level: Level = Level.L0
    customer: Customer | None = None
    evidence: tuple[str, ...] = ()


class EvidenceKind(StrEnum):
    """What can speak for who the caller is. A closed set: the ladder knows every one of them."""

    ANI = "ani"  # the number is on file
    ATTESTATION = "attestation"  # the carrier's word for the number (STIR attestation A)
    SPOKEN_ID = "spoken_id"  # an account found by what the caller said of themselves
    NAME = "name"
    BIRTH_DATE = "birth_date"
    POLICY_NUMBER = "policy_number"
    ACCOUNT_NUMBER = "account_number"
    POSTCODE = "postcode"
    PASSPHRASE = "passphrase"
    OTP = "otp"
    PIN = "pin"
    VOICEPRINT = "voiceprint"  # a risk signal; never raises a level
    SERVICE = "service"  # a customer's own service said so (`identifies:` in services.yml)


FACT_KINDS = frozenset(
    {
        EvidenceKind.NAME,
        EvidenceKind.BIRTH_DATE,
        EvidenceKind.POLICY_NUMBER,
        EvidenceKind.ACCOUNT_NUMBER,
        EvidenceKind.POSTCODE,
    }
)
"""Facts: what a caller knows of an account. Two of different kinds make L2."""


class IdentityStep(StrEnum):
    """What a service of the kind `identity:` does."""

    RECOGNISE = "recognise"
    MATCH_FACTS = "match_facts"
    SPOKEN_ID = "spoken_id"
    SEND_CODE = "send_code"
    CHECK_CODE = "check_code"
    CHECK_PIN = "check_pin"
    CHECK_PASSPHRASE = "check_passphrase"


FACT_ARGUMENTS = tuple(sorted(kind.value for kind in FACT_KINDS))
"""What match_facts and spoken_id may be given with `with:`."""

STEP_TAKES: Mapping[IdentityStep, tuple[str, ...]] = MappingProxyType(
    {
        IdentityStep.CHECK_CODE: ("code",),
        IdentityStep.CHECK_PIN: ("pin",),
        IdentityStep.CHECK_PASSPHRASE: ("passphrase",),
    }
)
"""What a step must be given."""

_CHECKED = frozenset({"ok", "refused", "locked", "error", "timeout"})
STEP_OUTCOMES: Mapping[IdentityStep, frozenset[str]] = MappingProxyType(
    {
        # shared: 2 to 5 customers have the number; more, or a number listed as shared, is not_found.
        IdentityStep.RECOGNISE: frozenset({"ok", "shared", "not_found", "no_number", "refused", "error", "timeout"}),
        IdentityStep.SPOKEN_ID: _CHECKED | {"several", "not_found"},
        IdentityStep.MATCH_FACTS: _CHECKED | {"several"},
        # no_number: none on file that may get one; refused: nobody is a candidate, or too many were sent.
        IdentityStep.SEND_CODE: frozenset({"ok", "no_number", "refused", "locked", "error", "timeout"}),
        IdentityStep.CHECK_CODE: _CHECKED | {"expired"},
        IdentityStep.CHECK_PIN: _CHECKED,
        IdentityStep.CHECK_PASSPHRASE: _CHECKED,
    }
)
"""Everything an identity service may answer. refused: not proven, nor said why; locked: no more tries for now."""


class RiskKind(StrEnum):
    """What makes a call suspicious. Risk takes levels away or sends to a human; it never gives any."""

    ATTEST_FAILED = "attest_failed"  # the number's signature is wrong
    VOIP_INVALID = "voip_invalid"  # a number no carrier could have given out
    SPOOFED_HEADER = "spoofed_header"  # an untrusted peer asserts another number than its From
    SEVERAL_IDENTITIES = "several_identities"  # a trusted one asserts several numbers
    NUMBER_NEW = "number_new"  # the number on file changed days ago
    VELOCITY = "velocity"  # calls of one number within an hour
    MANY_ACCOUNTS_ONE_NUMBER = "many_accounts_one_number_24h"  # enumeration
    MANY_NUMBERS_ONE_ACCOUNT = "many_numbers_one_account_24h"
    SEVERAL_CUSTOMERS = "several_customers"  # who calls was several customers in one call, by what they said
    OTP_PUMPING = "otp_pumping"  # codes asked for from a range of numbers
    FAST_KEYS = "fast_keys"  # keys faster than fingers
    REPEATED_AUDIO = "repeated_audio"  # the same recording twice
    VOICEPRINT_MISMATCH = "voiceprint_mismatch"
    AGENT_AFTER_FAIL = "agent_request_after_fail"  # asks for a person right after a failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One thing that speaks for, or with passed=False against, the caller being a customer.

    evidence_id: unique, named by every change of level. at_ms and expires_ms: Unix milliseconds, expires_ms 0 = as long
    as the call. customer_id: whom it speaks for. detail never holds the value itself: ids, counts and scores only.
    """

    kind: EvidenceKind
    evidence_id: str
    at_ms: int
    customer_id: str
    passed: bool = True
    expires_ms: int = 0
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskSignal:
    """One reason for suspicion. detail: ids and counts only."""

    kind: RiskKind
    at_ms: int
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextMessage:
    """A message to a customer's telephone. message_id: the same for every try to send it, so that it arrives once.
    kind: "code" | "locked" | "order". code: its digits, or the order's number, again, for gateways with texts of their
    own."""

    message_id: str
    number: str
    language: str
    kind: str
    text: str
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """A number on file. number: E.164; since: ISO date it was registered on, "" = long ago."""

    number: str
    since: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A customer as identification sees one. Values stay in here: what leaves are ids and kinds.

    names: language or script ("en", "ru") -> the full name in it. birth_date: ISO date, "" = unknown. facts: kind
    (EvidenceKind value) -> the values on file. phones: numbers on file, the one for codes first. pin_hash and
    passphrase_hash: Argon2id in PHC format, "" = none set. flags: as Customer.flags. customer: the profile, when known.
    """

    customer_id: str
    household: str
    names: Mapping[str, str] = field(default_factory=dict)
    birth_date: str = ""
    facts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    phones: tuple[Phone, ...] = ()
    language: str = ""
    pin_hash: str = ""
    passphrase_hash: str = ""
    flags: tuple[str, ...] = ()
    customer: Customer | None = None
