"""What [keep] of ivr.toml says is too old is forgotten, and what would be is told before anybody says so."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from ivr.config import Settings
from ivr.log import get_log
from ivr.model.errors import DesignError
from ivr.offers.catalogue import load_catalogue
from ivr.offers.experiment import Experiment
from ivr.storage.store import Store

LONGEST_YEARS = 5
"""As long a proof is kept where no pack can be read: of a broken catalogue nothing may be forgotten too early."""
YEAR = timedelta(days=366)

_log = get_log("supervisor.retention")


@dataclass(frozen=True, slots=True, kw_only=True)
class TooOld:
    """What is older than it is to be kept, and proves nothing. recordings: (call id, path); offers: (id, call id)."""

    calls: Sequence[str]
    recordings: Sequence[tuple[str, str]]
    offers: Sequence[tuple[str, str]]


async def too_old(store: Store, settings: Settings, now: datetime) -> TooOld:
    """What would be forgotten now. Raises StorageError."""
    keep, proven_since = settings.keep, _moment(now - await asyncio.to_thread(_proof_years, settings) * YEAR)
    listened = min(filter(None, (keep.recordings_days, keep.calls_days)), default=0)  # no file outlives its record

    def before(days: int) -> str:
        return _moment(now - timedelta(days=days))

    return TooOld(
        calls=await store.calls_before(before(keep.calls_days), proven_since) if keep.calls_days else (),
        recordings=await store.recordings_before(before(listened), proven_since) if listened else (),
        offers=await store.offers_before(before(keep.offers_days), proven_since) if keep.offers_days else (),
    )


async def forget(store: Store, settings: Settings, now: datetime) -> TooOld:
    """Forget it: the files first, so that no file is left of which nobody knows. Raises StorageError."""
    if not any((settings.keep.calls_days, settings.keep.recordings_days, settings.keep.offers_days)):
        return TooOld(calls=(), recordings=(), offers=())
    found = await too_old(store, settings, now)
    gone = await asyncio.to_thread(_unlinked, settings.recording.dir, found.recordings)
    await store.forget_recordings(gone)
    left = {call_id for call_id, _ in found.recordings}.difference(gone)
    await store.forget_calls([call_id for call_id in found.calls if call_id not in left])
    if settings.keep.offers_days:
        await _note_counted(store, settings, now)
    await store.forget_offers(found.offers)
    if found.calls or gone or found.offers:
        _log.info("retention.forgotten", calls=len(found.calls), recordings=len(gone), offers=len(found.offers))
    return found


async def _note_counted(store: Store, settings: Settings, now: datetime) -> None:
    """Those whose first opportunity is too old now, also where a proof of it stays: in the treated arm only do proofs
    stay, and in the treated arm only is somebody not offered anything any more."""
    experiment = Experiment(salt=settings.offers.salt, holdout=settings.offers.holdout)
    drawn = await store.households_before(_moment(now - timedelta(days=settings.keep.offers_days)))
    await store.note_forgotten(experiment.pseudonym(unit) for unit, phase in drawn if experiment.drew(phase))


def _unlinked(folder: Path, recordings: Sequence[tuple[str, str]]) -> list[str]:
    """Calls whose file is gone. What lies elsewhere is not ours to delete."""
    gone, home = [], folder.resolve()
    for call_id, name in recordings:
        path = (home / name).resolve()
        if not path.is_relative_to(home):
            _log.warning("retention.elsewhere", call=call_id, path=str(path))
            continue
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            _log.error("retention.not_deleted", call=call_id, path=str(path), error=str(error))
            continue
        gone.append(call_id)
    return gone


def _proof_years(settings: Settings) -> int:
    try:
        packs = load_catalogue(settings.server.assistant / "offers.yml").terms.packs
    except DesignError:
        return LONGEST_YEARS
    return max((pack.proof_years for pack in packs), default=LONGEST_YEARS)


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
