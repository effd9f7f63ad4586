"""Identification of one call: does the steps of services of the kind `identity:` and says what the ladder gives.

Owns the call's evidence and suspicions. What was said stays in here: ids, kinds and counts go into the journal, and
nothing that leaves tells which fact was wrong. Every try is reserved before it is compared.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from ivr.call.finding import STRONG, asked, candidates_for, finds, readings_of
from ivr.call.identity_desk import IdentityDesk, Reserved
from ivr.call.journal import Journal
from ivr.call.standing import Standing
from ivr.dialog.services import ServiceSpec, customer_of
from ivr.identity.attempts import Closed
from ivr.identity.candidates import Matching, Said, common_language, match, recognised
from ivr.identity.codes import number_range, plain_code
from ivr.identity.names import Verdict
from ivr.identity.policy import IdentityPolicy
from ivr.identity.secrets import plain_passphrase, plain_pin
from ivr.log import get_log
from ivr.model.attempts import Attempt, Tried
from ivr.model.dialog import ServiceEnded
from ivr.model.errors import ServiceError
from ivr.model.identity import Caller, Candidate, EvidenceKind, IdentityStep
from ivr.model.ids import monotonic_ms, new_id

MOST_COUNTED = 12  # namesakes a wrong fact is counted against

_log = get_log("call.identity")


class Identifying:
    """One call's identification. caller() and language() as they are at the moment. believe_claimed: a number that was
    only claimed may recognise all the same, as the assistant says."""

    def __init__(
        self,
        call_id: str,
        desk: IdentityDesk,
        policy: IdentityPolicy,
        journal: Journal,
        *,
        caller: Callable[[], Caller],
        language: Callable[[], str],
        believe_claimed: bool = False,
    ) -> None:
        self._call_id, self._desk, self._policy, self._journal = call_id, desk, policy, journal
        self._caller, self._language, self._believe_claimed = caller, language, believe_claimed
        self._on_number: tuple[Candidate, ...] = ()
        self._one_at_a_time = asyncio.Lock()  # the number is looked up beside the dialog
        self._said: Said = {}
        self._closed: set[tuple[Tried, tuple[str, ...]]] = set()  # for this call: trying on costs nothing
        self.standing = Standing(call_id, desk, policy, journal, caller=caller, believed=self._believed)

    async def serve(self, spec: ServiceSpec, args: Mapping[str, Any], *, timeout_ms: int) -> ServiceEnded:
        """Do a step. Never raises for what a caller says or a directory does."""
        assert spec.identity is not None
        step, error = spec.identity, ""
        try:
            async with asyncio.timeout(timeout_ms / 1000), self._one_at_a_time:
                outcome, values = await _STEPS[step](self, args)
                if outcome != "locked":  # whoever goes on trying then costs no more than the counting
                    await self.standing.weigh()
                outcome = "refused" if outcome == "ok" and self.standing.for_human else outcome
        except TimeoutError:
            outcome, values, error = "timeout", {}, f"no answer within {timeout_ms} ms"
        except ServiceError as problem:
            outcome, values, error = "error", {}, str(problem)
        if outcome in ("refused", "locked"):
            self._journal.note(f"identity.{outcome}", step=step.value)
        if error:
            _log.warning("identity.failed", step=step.value, error=error)
        self._desk.count(step.value, outcome)
        return ServiceEnded(
            at_ms=monotonic_ms(),
            service=spec.name,
            outcome=outcome,
            values=values,
            error=error,
            identity=self.standing.identity(),
        )

    def language_of_number(self) -> str:
        """What everybody with the caller's number prefers to speak, "" when that is not known (yet)."""
        return common_language(self._on_number or filter(None, (self.standing.candidate,)))

    async def vouched(self, spec: ServiceSpec, ended: ServiceEnded, *, by_number: bool = False) -> None:
        """A customer's own service may have said who calls (`identifies:`): evidence of the kind service. by_number: it
        was asked for the caller's number alone, which says nothing when it is not believed."""
        if by_number and not self._believed():
            return
        outcome = next((o for o in spec.outcomes if o.name == ended.outcome), None)
        customer = customer_of(ended.values.get("customer"))
        if outcome is None or outcome.identifies is None or customer is None:
            return
        try:
            known = await self._desk.directory.by_id(customer.customer_id)
        except ServiceError:
            known = None
        household = customer.household
        candidate = known or Candidate(customer_id=customer.customer_id, household=household, customer=customer)
        self.standing.choose(candidate, customer)
        self.standing.add(EvidenceKind.SERVICE, detail={"service": spec.name, "level": outcome.identifies.name})

    # ---- steps ----------------------------------------------------------------------------------------------------

    async def _recognise(self, _args: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        ani = self._caller().ani
        if not ani:
            return "no_number", {}
        if not self._believed():
            return "not_found", {}
        found = await self._desk.directory.by_number(ani)
        matching = recognised(found, shared=ani in self._policy.shared_numbers)
        if matching.verdict is Verdict.NONE:
            return "not_found", {}
        self._on_number = matching.candidates
        if matching.candidate is None:
            return "shared", asked(matching)
        if self.standing.candidate is None:
            self.standing.choose(matching.candidate)
        if self._expected_is(matching.candidate):
            self._number_speaks()
        return "ok", {}

    async def _match_facts(self, args: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        chosen = self.standing.candidate
        among = (chosen,) if chosen is not None else self._on_number
        if not among:
            outcome, values = await self._spoken_id(args)
            return ("refused" if outcome == "not_found" else outcome), values
        said = readings_of(args, self._said)
        return await self._compare(said, among, among) if said else ("refused", {})

    async def _spoken_id(self, args: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        said = readings_of(args, self._said)
        if not said.keys() & (STRONG | {EvidenceKind.NAME}):
            return "not_found", {}
        among = await candidates_for(self._desk.directory, said)
        return await self._compare(said, among, among[:MOST_COUNTED])

    async def _compare(
        self, said: Said, among: Sequence[Candidate], counted: Sequence[Candidate]
    ) -> tuple[str, dict[str, Any]]:
        """Whom of among the facts fit. counted: the accounts a wrong fact is counted against."""
        reserved = await self._reserve(Tried.FACTS, counted)
        if reserved is None:
            return "locked", {}
        matching = match(among, said)
        if matching.verdict is Verdict.NONE:
            self._said = {}
            return self._failed(reserved, counted), {}
        person = matching.candidate
        if person is None or not (self._expected(person) or finds(matching)):
            self._said = said
            await self._desk.right(reserved, "")
            return "several", asked(matching, said)
        self._said = {}
        await self._desk.right(reserved, person.customer_id)
        self._take(person, matching)
        return "ok", {}

    def _expected_is(self, person: Candidate) -> bool:
        """Whether the caller is held for this customer; who was found by what they said stays who they are."""
        chosen = self.standing.candidate
        return chosen is not None and chosen.customer_id == person.customer_id

    def _expected(self, person: Candidate) -> bool:
        """Whether the number or something proven before already speaks for this customer."""
        chosen = (self.standing.candidate,) if self.standing.candidate else ()
        return person.customer_id in {c.customer_id for c in (*chosen, *self._on_number)}

    def _take(self, person: Candidate, matching: Matching) -> None:
        """The facts fit one customer."""
        expected = self._expected(person)
        self.standing.choose(person)
        if any(c.customer_id == person.customer_id for c in self._on_number):
            self._number_speaks()
        elif not expected:
            by = [kind.value for kind in matching.matched]
            self.standing.add(EvidenceKind.SPOKEN_ID, detail={"by": by, "score": round(matching.score, 3)})
        for kind in matching.matched:
            self.standing.add(kind, detail={"score": round(matching.score, 3)} if kind is EvidenceKind.NAME else {})

    async def _send_code(self, _args: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        candidate = self.standing.candidate
        if candidate is None or self.standing.for_human:
            return "refused", {}
        number = self._desk.number_for_codes(candidate, self._policy)
        if not number:
            return "no_number", {}
        if await self._reserve(Tried.SEND, (candidate,), prefix=number_range(number)) is None:
            return "locked", {}
        language = candidate.language or self._language()
        await self._desk.send_code(self._call_id, candidate, number, language, self._policy)
        return "ok", {}

    async def _check_code(self, args: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        candidate, code = self.standing.candidate, plain_code(str(args.get("code") or ""))
        reserved = await self._reserve(Tried.CODE, (candidate,) if candidate else ())
        if reserved is None:
            return "locked", {}
        if candidate is None:
            return self._failed(reserved, ()), {}
        fits = await self._desk.code_fits(self._call_id, candidate, code)
        if fits is None:
            await self._desk.right(reserved, "")
            return "expired", {}
        if not fits:
            return self._failed(reserved, (candidate,), EvidenceKind.OTP), {}
        await self._desk.right(reserved, candidate.customer_id)
        self.standing.add(EvidenceKind.OTP)
        return "ok", {}

    async def _check_pin(self, args: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        candidate = self.standing.candidate
        hashed = candidate.pin_hash if candidate else ""
        return await self._check_secret(EvidenceKind.PIN, hashed, plain_pin(str(args.get("pin") or "")))

    async def _check_passphrase(self, args: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        candidate = self.standing.candidate
        hashed = candidate.passphrase_hash if candidate else ""
        said = plain_passphrase(str(args.get("passphrase") or ""))
        return await self._check_secret(EvidenceKind.PASSPHRASE, hashed, said)

    async def _check_secret(self, kind: EvidenceKind, hashed: str, plain: str) -> tuple[str, dict[str, Any]]:
        candidate = self.standing.candidate
        known = (candidate,) if candidate else ()
        reserved = await self._reserve(Tried.PIN, known)
        if reserved is None:
            return "locked", {}
        if not await self._desk.secret_fits(hashed, plain) or candidate is None:
            return self._failed(reserved, known, kind), {}
        await self._desk.right(reserved, candidate.customer_id)
        self.standing.add(kind)
        return "ok", {}

    # ---- tries ----------------------------------------------------------------------------------------------------

    async def _reserve(self, tried: Tried, known: Sequence[Candidate], prefix: str = "") -> Reserved | None:
        """A try that may be made, None when it may not. Raises ServiceError when it cannot be counted."""
        customers = tuple(sorted(c.customer_id for c in known))
        if (tried, customers) in self._closed:
            return None
        attempt = Attempt(
            attempt_id=new_id(),
            call_id=self._call_id,
            tried=tried,
            number=self._caller().ani,
            customers=customers,
            prefix=prefix,
        )
        found = await self._desk.reserve(attempt, self._policy)
        if isinstance(found, Reserved):
            return found
        self._journal.note("identity.closed", tried=tried.value, why=found.why.value, attempt=attempt.attempt_id)
        if found.why is not Closed.DELAY:
            self._closed.add((tried, customers))
        if found.why is Closed.PREFIX:
            self.standing.pumping = True
            await self.standing.weigh()
        return None

    def _failed(self, reserved: Reserved, known: Sequence[Candidate], kind: EvidenceKind | None = None) -> str:
        """The outcome of a wrong try."""
        self.standing.failures += 1
        if kind is not None:
            self.standing.add(kind, passed=False)
        return "locked" if self._desk.failed(reserved, self._policy, known) else "refused"

    # ---- the number -----------------------------------------------------------------------------------------------

    def _believed(self) -> bool:
        caller = self._caller()
        claimed = self._believe_claimed and bool(caller.ani) and caller.verification != "failed"
        return caller.believed or claimed

    def _number_speaks(self) -> None:
        """The caller's number is on the chosen customer's file."""
        caller = self._caller()
        self.standing.add(EvidenceKind.ANI, detail={"on_number": len(self._on_number), "source": caller.number_source})
        if caller.verification == "passed":
            self.standing.add(EvidenceKind.ATTESTATION, detail={"attest": caller.attest}, passed=caller.attest == "A")


Step = Callable[[Identifying, Mapping[str, Any]], Awaitable[tuple[str, dict[str, Any]]]]

_STEPS: Mapping[IdentityStep, Step] = {
    IdentityStep.RECOGNISE: Identifying._recognise,
    IdentityStep.MATCH_FACTS: Identifying._match_facts,
    IdentityStep.SPOKEN_ID: Identifying._spoken_id,
    IdentityStep.SEND_CODE: Identifying._send_code,
    IdentityStep.CHECK_CODE: Identifying._check_code,
    IdentityStep.CHECK_PIN: Identifying._check_pin,
    IdentityStep.CHECK_PASSPHRASE: Identifying._check_passphrase,
}
