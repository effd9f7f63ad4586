"""The calling number of one call: by its headers at once, by its signature when that is verified.

Owns how long a call waits for that (docs/operating.md, "Who is believed"): never longer than [stir] wait_ms after the
INVITE. A verdict that comes later is later evidence. Nothing is refused unless the trunk says so.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from ivr.call.certificates import CertificateShelf
from ivr.call.journal import Journal
from ivr.config import Settings, StirSettings, TrunkSettings
from ivr.identity.numbers import called_numbers, header, number_evidence, trunk_of
from ivr.identity.passport import CallFacts, SeenPassports, read_passports
from ivr.identity.verdict import StirError, Verdict, Why
from ivr.log import get_log
from ivr.metrics import Metrics
from ivr.model.identity import Caller
from ivr.model.ids import monotonic_ms
from ivr.model.media import CallArrived

_MOST_TRIED = 3

_log = get_log("call.ani")


class Signatures:
    """What the calls of a process share to verify numbers: certificates, and PASSporTs seen lately."""

    def __init__(self, settings: StirSettings, metrics: Metrics, clock: Callable[[], float] = time.time) -> None:
        self.settings, self._metrics, self.clock = settings, metrics, clock
        self.shelf, self._seen = CertificateShelf(settings), SeenPassports()

    async def verdict(self, identity: Sequence[str], facts: CallFacts) -> Verdict:
        """What the Identity headers of a call come to: one that is verified decides, else the first that is not."""
        passports, verdict = read_passports(identity, facts)
        refusals: list[Why] = []
        for passport in passports[:_MOST_TRIED]:
            try:
                found = passport.verify(await self.shelf.credential(passport.x5u), facts)
                self._seen.note(passport, facts)
            except StirError as error:
                refusals.append(error.why)
            else:
                return found
        return Verdict(why=refusals[0]) if refusals else verdict

    def count(self, verdict: Verdict, took_ms: int) -> None:
        """Let the metrics know."""
        self._metrics.stir.labels(verification=verdict.verification, why=verdict.why.value).inc()
        self._metrics.stir_seconds.observe(took_ms / 1000)

    async def close(self) -> None:
        """End what is in flight."""
        await self.shelf.close()


class CallingNumber:
    """The number of a call. caller is what is known of it at the moment."""

    def __init__(self, arrived: CallArrived, settings: Settings, signatures: Signatures, journal: Journal) -> None:
        region = settings.server.region
        self.trunk: TrunkSettings = trunk_of(arrived.source, settings.known_trunks)
        evidence = number_evidence(arrived, self.trunk, region=region)
        self.caller: Caller = evidence.caller
        self._signatures, self._journal = signatures, journal
        self._began_ms = monotonic_ms()
        self._wait_ms = signatures.settings.wait_ms
        self._identity = header(arrived, "Identity")
        self._facts = CallFacts(
            caller=evidence.signed,
            called=called_numbers(arrived, self.trunk, region=region),
            date=next(iter(header(arrived, "Date")), ""),
            call=f"{arrived.sip_call_id} {arrived.source.rpartition(':')[0]}",
            now=signatures.clock(),
            freshness_s=signatures.settings.freshness_s,
        )
        self._waited = False
        self._task: asyncio.Task[Verdict] | None = None

    def begin(self) -> None:
        """Begin to verify the signature, where the trunk wants it; the call goes on meanwhile."""
        if self.trunk.stir and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._verify())

    async def settled(self) -> Caller:
        """The caller, with the verdict if it came in time. Waits until wait_ms after the INVITE at most."""
        if self._task is not None and not self._task.done():
            left_ms = self._began_ms + self._wait_ms - monotonic_ms()
            await asyncio.wait({self._task}, timeout=max(left_ms, 0) / 1000)
        self._waited = True
        return self.caller

    async def verdict(self) -> Verdict | None:
        """The verdict, however long it takes; None where the trunk wants none."""
        return await self._task if self._task is not None else None

    async def refusal(self) -> tuple[int, str] | None:
        """(SIP status, reason) where the trunk refuses such numbers and this is one; None lets the call in."""
        if self.trunk.reject == "off" or self._task is None:
            return None
        await self.settled()
        if not self._task.done() or self._task.cancelled():
            return None
        verdict = self._task.result()
        absent = self.trunk.reject == "absent" and verdict.why in (Why.UNSIGNED, Why.UNSUPPORTED)
        if verdict.verification == "failed" or absent:
            return verdict.answer if not absent else Verdict(why=Why.UNSIGNED).answer
        return None

    def close(self) -> None:
        """The call is over: its verdict interests nobody any more."""
        if self._task is not None:
            self._task.cancel()

    async def _verify(self) -> Verdict:
        try:
            verdict = await self._signatures.verdict(self._identity, self._facts)
        except Exception:  # noqa: BLE001 - a header of a stranger must not cost a caller the call
            _log.exception("number.not_verified", trunk=self.trunk.name)
            verdict = Verdict(why=Why.UNSUPPORTED)
        took_ms = monotonic_ms() - self._began_ms
        self._signatures.count(verdict, took_ms)
        if verdict.verification != "none":  # ours goes before the peer's; having none leaves the peer's standing
            self.caller = replace(self.caller, verification=verdict.verification, attest=verdict.attest)
        self._journal.note(
            "number.verified",
            verification=verdict.verification,
            attest=verdict.attest,
            why=verdict.why.value,
            origid="" if self.caller.private else verdict.origid,
            took_ms=took_ms,
            late=self._waited,
        )
        return verdict
