"""Who the caller of one call is held for: the evidence so far, the suspicions, and the level they come to.

Owns what is noted of them. Evidence only ever grows; the number's falls away when the number is no longer believed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ivr.call.identity_desk import IdentityDesk
from ivr.call.journal import Journal
from ivr.identity.ladder import after_risk, counting, level_of
from ivr.identity.policy import IdentityPolicy, OnRisk
from ivr.identity.risk import Suspect, points, signals
from ivr.log import get_log
from ivr.model.errors import ServiceError
from ivr.model.identity import (
    FACT_KINDS,
    Caller,
    Candidate,
    Customer,
    Evidence,
    EvidenceKind,
    Identity,
    Level,
    RiskKind,
    RiskSignal,
)
from ivr.model.ids import new_id

KEYS_LOOKED_AT = 24
_log = get_log("call.identity")
_OF_NUMBER = frozenset({EvidenceKind.ANI, EvidenceKind.ATTESTATION})


class Standing:
    """candidate: who the caller seems to be. failures: wrong tries of this call. pumping: a code was refused because
    too many went to its range. repeated_audio, voiceprint_mismatch: found by VoiceSigns."""

    def __init__(
        self,
        call_id: str,
        desk: IdentityDesk,
        policy: IdentityPolicy,
        journal: Journal,
        *,
        caller: Callable[[], Caller],
        believed: Callable[[], bool],
    ) -> None:
        self._call_id, self._desk, self._policy, self._journal = call_id, desk, policy, journal
        self._caller, self._believed = caller, believed
        self.candidate: Candidate | None = None
        self._customer: Customer | None = None
        self._evidence: list[Evidence] = []
        self._signals: dict[RiskKind, RiskSignal] = {}
        self.failures = 0
        self._said_to_be: set[str] = set()  # customers that facts fitted
        self.pumping = self._agent_requested = self.repeated_audio = self.voiceprint_mismatch = False

    def choose(self, candidate: Candidate, customer: Customer | None = None) -> None:
        """From now on this is who the caller seems to be; what spoke for somebody else counts for nobody."""
        if self.candidate is None or candidate.customer_id != self.candidate.customer_id or customer is not None:
            self._customer = customer or candidate.customer
        self.candidate = candidate

    def add(self, kind: EvidenceKind, *, passed: bool = True, detail: Mapping[str, Any] | None = None) -> None:
        """Evidence for, or against, the caller being the candidate."""
        if self.candidate is None or (passed and self._has(kind)):
            return
        evidence = Evidence(
            kind=kind,
            evidence_id=new_id(),
            at_ms=self._desk.now_ms(),
            customer_id=self.candidate.customer_id,
            passed=passed,
            detail=detail or {},
        )
        self._evidence.append(evidence)
        if passed and kind in FACT_KINDS:
            self._said_to_be.add(evidence.customer_id)
        self._journal.note(
            "identity.evidence",
            evidence=evidence.evidence_id,
            what=kind.value,
            customer_id=evidence.customer_id,
            passed=passed,
            **evidence.detail,
        )

    def _has(self, kind: EvidenceKind) -> bool:
        """Whether this already speaks for the candidate; a service may vouch for more than it did."""
        who = self.candidate.customer_id if self.candidate else ""
        known = any(e.kind is kind and e.passed and e.customer_id == who for e in self._evidence)
        return known and kind is not EvidenceKind.SERVICE

    @property
    def for_human(self) -> bool:
        """Whether risk leaves the caller to a person."""
        return self._policy.risk.on_threshold is OnRisk.HUMAN and self._points >= self._policy.risk.threshold

    @property
    def _points(self) -> int:
        return points(self._signals.values(), self._policy)

    async def agent_requested(self) -> None:
        """The caller asks for a person; right after a failure that is a signal, which the journal keeps."""
        self._agent_requested = True
        try:
            await self.weigh()
        except ServiceError as error:
            _log.warning("identity.not_weighed", error=str(error))

    async def weigh(self) -> None:
        """Look for what is suspicious; what was found stays found. Raises ServiceError."""
        caller, candidate = self._caller(), self.candidate
        customer_id = candidate.customer_id if candidate else ""
        suspect = Suspect(
            caller=caller,
            today=self._desk.today(),
            activity=await self._desk.activity(caller.ani, customer_id),
            candidate=candidate,
            key_gaps_ms=self._key_gaps_ms(),
            failures=self.failures,
            customers=len(self._said_to_be),
            agent_requested=self._agent_requested,
            pumping=self.pumping,
            repeated_audio=self.repeated_audio,
            voiceprint_mismatch=self.voiceprint_mismatch,
        )
        found = signals(suspect, self._policy, self._desk.now_ms())
        new = [signal for signal in found if signal.kind not in self._signals]
        if not new:
            return
        self._signals |= {signal.kind: signal for signal in new}
        for signal in new:
            self._journal.note("identity.risk", signal=signal.kind.value, points=self._points, **signal.detail)
        await self._desk.suspicious(self._call_id, caller.ani, customer_id, new)

    def identity(self) -> Identity | None:
        """What the ladder says now, risk taken off; None while nobody is a candidate."""
        if self.candidate is None:
            return None
        now_ms, who = self._desk.now_ms(), self.candidate.customer_id
        believed = self._believed()
        evidence = [e for e in self._evidence if believed or e.kind not in _OF_NUMBER]
        level = after_risk(level_of(evidence, who, self._policy, now_ms), self._points, self._policy)
        counted = counting(evidence, who, self._policy, now_ms)
        return Identity(
            level=level,
            customer=self._profile() if level > Level.L0 else None,
            evidence=tuple(e.evidence_id for e in counted),
        )

    def _profile(self) -> Customer | None:
        """The customer as dialogs see one."""
        candidate = self.candidate
        if self._customer is not None or candidate is None:
            return self._customer
        return Customer(
            customer_id=candidate.customer_id,
            household=candidate.household or candidate.customer_id,
            name=candidate.names.get(candidate.language) or next(iter(candidate.names.values()), ""),
            language=candidate.language,
            flags=candidate.flags,
        )

    def _key_gaps_ms(self) -> tuple[int, ...]:
        """Between the latest keys of one turn; a prompt or a turn in between begins anew."""
        gaps: list[int] = []
        last_ms = 0
        for entry in self._journal.entries[-4 * KEYS_LOOKED_AT :]:
            if entry.kind != "turn.key":
                last_ms = 0 if entry.kind in ("turn.said", "turn.keys") else last_ms
                continue
            if last_ms:
                gaps.append(entry.at_ms - last_ms)
            last_ms = entry.at_ms
        return tuple(gaps[-KEYS_LOOKED_AT:])
