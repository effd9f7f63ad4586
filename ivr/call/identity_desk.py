"""What all calls of a process share to identify callers: customers, counted tries, messages, the server's key.

Owns that a try is reserved before anything is compared, that checks of secrets are few at a time, and that a closed
account's owner is told. Knows nothing of a dialog.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from ivr.identity.attempts import Closed, Refusal, after_failure, locks_account, refusal
from ivr.identity.codes import code_fits, code_hash, code_message, locked_message, new_code, number_for_codes
from ivr.identity.policy import IdentityPolicy
from ivr.identity.secrets import secret_fits
from ivr.identity.voiceprint import consented
from ivr.log import get_log
from ivr.metrics import Metrics
from ivr.model.attempts import Activity, Attempt, AttemptCounts, SentCode
from ivr.model.errors import ServiceError, StorageError
from ivr.model.identity import Candidate, RiskSignal, TextMessage
from ivr.model.ids import new_id
from ivr.model.ports import CodeGateway, Directory
from ivr.model.voiceprint import Voiceprint
from ivr.storage.store import Store

CHECKS_AT_ONCE = 2  # each takes 64 MiB
DAY_MS = 86_400_000

_log = get_log("call.identity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """A try that may be made. counts: what had gone wrong before it."""

    attempt: Attempt
    counts: AttemptCounts


class IdentityDesk:
    """One per process. gateway None: no codes can be sent. key: of code hashes and marks of utterances; a fresh one
    serves the calls of this process, whose codes end with it. keep_audio_days: how long an utterance is known again.
    compares_voices: whether the operator allows voiceprints."""

    def __init__(
        self,
        directory: Directory,
        store: Store,
        gateway: CodeGateway | None,
        metrics: Metrics,
        *,
        key: bytes = b"",
        keep_audio_days: int = 14,
        compares_voices: bool = False,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.directory, self._store, self._gateway, self._metrics = directory, store, gateway, metrics
        self._key, self._clock = key or secrets.token_bytes(32), clock
        self._keep_audio_ms, self.compares_voices = keep_audio_days * DAY_MS, compares_voices
        self._checks, self._counting = asyncio.Semaphore(CHECKS_AT_ONCE), asyncio.Lock()
        self._notices: set[asyncio.Task[None]] = set()

    def now_ms(self) -> int:
        """Unix milliseconds."""
        return round(self._clock().timestamp() * 1000)

    def today(self) -> date:
        """The day, UTC."""
        return self._clock().date()

    async def close(self) -> None:
        """Send what is owed, then close the connections."""
        if self._notices:
            await asyncio.wait(self._notices, timeout=2.0)
        await self.directory.close()
        if self._gateway is not None:
            await self._gateway.close()

    # ---- tries ----------------------------------------------------------------------------------------------------

    async def reserve(self, attempt: Attempt, policy: IdentityPolicy) -> Reserved | Refusal:
        """Count a try before it is made. Raises ServiceError when it cannot be counted: then it must not be made."""
        seen: list[AttemptCounts] = []

        def allowed(counts: AttemptCounts) -> bool:
            seen.append(counts)
            return refusal(attempt.tried, counts, policy) is None

        try:
            async with self._counting:  # SQLite lets one write at a time: better to wait in a row than to collide
                if await self._store.reserve(attempt, allowed):
                    return Reserved(attempt=attempt, counts=seen[-1])
        except StorageError as error:
            raise ServiceError(f"a try cannot be counted: {error}") from error
        found = refusal(attempt.tried, seen[-1], policy)
        return found if found is not None else Refusal(why=Closed.CALL)

    async def right(self, reserved: Reserved, customer_id: str) -> None:
        """The try was right. customer_id "": not wrong, and it proved nobody. Raises ServiceError."""
        try:
            await self._store.succeeded(reserved.attempt.attempt_id, customer_id)
        except StorageError as error:
            raise ServiceError(f"a try cannot be counted: {error}") from error

    def failed(self, reserved: Reserved, policy: IdentityPolicy, known: Sequence[Candidate]) -> bool:
        """The try was wrong, and stays counted. Whether the next one would be refused."""
        before, tried = reserved.counts, reserved.attempt.tried
        for account in before.accounts:
            owner = next((c for c in known if c.customer_id == account.customer_id), None)
            if owner is not None and policy.lockout.notify_sms and locks_account(tried, account, policy):
                self._tell_owner(owner, policy)
        after = after_failure(before, by_number=bool(reserved.attempt.number))
        return refusal(tried, after, policy) is not None

    def _tell_owner(self, owner: Candidate, policy: IdentityPolicy) -> None:
        self._metrics.identity_locks.inc()
        number = number_for_codes(owner.phones, policy, self.today())
        if number and self._gateway is not None:
            task = asyncio.get_running_loop().create_task(self._notify(number, owner.language))
            self._notices.add(task)
            task.add_done_callback(self._notices.discard)

    async def _notify(self, number: str, language: str) -> None:
        assert self._gateway is not None
        try:
            await self._gateway.send(locked_message(number, language, new_id()))
        except ServiceError as error:
            _log.warning("identity.owner_not_told", error=str(error))

    # ---- secrets --------------------------------------------------------------------------------------------------

    async def secret_fits(self, hashed: str, plain: str) -> bool:
        """Compare a PIN or a passphrase; takes as long when there is none."""
        async with self._checks:
            return await asyncio.to_thread(secret_fits, hashed, plain)

    def number_for_codes(self, candidate: Candidate, policy: IdentityPolicy) -> str:
        """Where a code for this customer would go, "" = nowhere."""
        return number_for_codes(candidate.phones, policy, self.today()) if self._gateway is not None else ""

    async def send(self, message: TextMessage) -> None:
        """Have a message brought. Raises ServiceError when nobody takes it."""
        if self._gateway is None:
            raise ServiceError("no message gateway is set: [identity] gateway")
        await self._gateway.send(message)

    async def send_code(
        self, call_id: str, candidate: Candidate, number: str, language: str, policy: IdentityPolicy
    ) -> None:
        """Make a code, keep its hash, send it. Raises ServiceError when nobody takes it."""
        if self._gateway is None:
            raise ServiceError("no message gateway is set: [identity] gateway")
        code, code_id, now_ms = new_code(policy.codes), new_id(), self.now_ms()
        kept = SentCode(
            code_id=code_id,
            call_id=call_id,
            customer_id=candidate.customer_id,
            hashed=code_hash(code, key=self._key, call_id=call_id, customer_id=candidate.customer_id),
            sent_ms=now_ms,
            expires_ms=now_ms + policy.codes.valid_s * 1000,
        )
        try:
            await self._store.save_code(kept)
        except StorageError as error:
            raise ServiceError(f"a code cannot be kept: {error}") from error
        await self._gateway.send(code_message(code, number, language, policy, code_id))

    async def code_fits(self, call_id: str, candidate: Candidate, said: str) -> bool | None:
        """Whether it is the latest code of this call, which is then used up; None when there is none or it expired."""
        who = candidate.customer_id
        try:
            sent = await self._store.sent_code(call_id, who)
            if sent is None or self.now_ms() >= sent.expires_ms:
                return None
            fits = code_fits(sent.hashed, said, key=self._key, call_id=call_id, customer_id=who)
            return fits and await self._store.use_code(sent.code_id)
        except StorageError as error:
            raise ServiceError(f"a code cannot be checked: {error}") from error

    # ---- risk -----------------------------------------------------------------------------------------------------

    async def activity(self, number: str, customer_id: str) -> Activity:
        """What a number and an account were seen doing. Raises ServiceError."""
        try:
            return await self._store.activity(number, customer_id)
        except StorageError as error:
            raise ServiceError(f"activity cannot be read: {error}") from error

    async def suspicious(self, call_id: str, number: str, customer_id: str, found: Sequence[RiskSignal]) -> None:
        """Keep and count new signals of a call."""
        for signal in found:
            self._metrics.identity_risk.labels(signal=signal.kind.value).inc()
        try:
            await self._store.save_signals(call_id, number, customer_id, found)
        except StorageError as error:
            _log.error("identity.signals_not_stored", error=str(error))

    async def heard_before(self, call_id: str, marks: Sequence[str]) -> bool:
        """Whether another call brought most of these marks lately; they are kept, as hashes under the server's key."""
        kept = [hmac.new(self._key, mark.encode(), hashlib.sha256).hexdigest()[:24] for mark in marks]
        try:
            shared = await self._store.marks_shared(call_id, kept, self._keep_audio_ms)
            await self._store.save_marks(call_id, kept)
        except StorageError as error:
            _log.error("identity.marks_not_stored", error=str(error))
            return False
        return 2 * shared > len(kept)

    async def voiceprint(self, customer_id: str, policy: IdentityPolicy) -> Voiceprint | None:
        """The voice a customer enrolled with a consent that holds and is of the form the packs demand."""
        try:
            found = await self._store.voiceprint(customer_id)
        except StorageError as error:
            _log.error("identity.voice_not_read", error=str(error))
            return None
        return found if found is not None and consented(found.consent, policy) else None

    async def warm(self) -> None:
        """Have the index of names ready before the first caller says one; where it cannot be, the first one waits."""
        try:
            await self.directory.warm()
        except ServiceError as error:
            _log.warning("identity.names_not_loaded", error=str(error))

    async def tidy(self, keep_tries_days: int) -> None:
        """Forget tries and marks that are too old to be looked back on; have the index of names ready."""
        await self.warm()
        try:
            await self._store.forget_tries(keep_tries_days * DAY_MS)
            await self._store.forget_marks(self._keep_audio_ms)
        except StorageError as error:  # the next time will do
            _log.error("identity.not_tidied", error=str(error))

    def count(self, step: str, outcome: str) -> None:
        """Let the metrics know how a step ended."""
        self._metrics.identity_steps.labels(step=step, outcome=outcome).inc()

    def level(self, name: str) -> None:
        """A call reached or lost a level."""
        self._metrics.identity_levels.labels(level=name).inc()
