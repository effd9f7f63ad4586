"""What people said about being offered anything: "no offers" and who took it back, consent to advertising, who needs
care. Owns that each is kept with its moment and its author, and that what ended stays readable.
"""

from __future__ import annotations

from dataclasses import asdict

import sqlalchemy as sa

from ivr.model.objections import AdsConsent, CareMark, Objection
from ivr.storage.database import Database
from ivr.storage.objection_tables import ads_consents, care_marks, objections
from ivr.storage.tables import opt_outs

REFUSED, ALLOWED = "refused", "allowed"


class Objections:
    """The objections' part of the store."""

    _db: Database

    async def opted_out(self, *who: str) -> bool:
        """Does any of these households or numbers want no offers?"""
        return bool(await self._db.read(sa.select(opt_outs.c.household).where(opt_outs.c.household.in_(who)).limit(1)))

    async def opt_out(self, household: str, at: str, call_id: str, by: str = "") -> None:
        """No offers to this household (or "tel:" number) from now on. by: who noted it, "": the caller said so."""
        row = {"household": household, "at": at, "call_id": call_id}
        event = self._db.upsert(objections, {**row, "what": REFUSED, "by": by}, keep=True)
        await self._db.write((event, None), (self._db.upsert(opt_outs, row, keep=True), None))

    async def take_back(self, household: str, at: str, by: str) -> bool:
        """A person notes that this household asked for offers again. False when it never refused them."""
        event = {"household": household, "at": at, "what": ALLOWED, "by": by}
        gone = sa.delete(opt_outs).where(opt_outs.c.household == household)
        if not await self.opted_out(household):
            return False
        return bool(await self._db.write((self._db.upsert(objections, event, keep=True), None), (gone, None)))

    async def objections(self, household: str) -> list[Objection]:
        """What this household or number said, oldest first."""
        query = sa.select(objections).where(objections.c.household == household).order_by(objections.c.at)
        return [Objection(**row._mapping) for row in await self._db.read(query)]

    async def opt_out_moments(self) -> dict[str, tuple[str, ...]]:
        """Household -> each time it said "no offers", UTC ISO 8601, oldest first; also what was taken back later."""
        found: dict[str, list[str]] = {}
        query = sa.select(objections.c.household, objections.c.at).where(objections.c.what == REFUSED)
        for row in await self._db.read(query.order_by(objections.c.at)):
            found.setdefault(row.household, []).append(row.at)
        return {household: tuple(moments) for household, moments in found.items()}

    async def save_ads_consent(self, consent: AdsConsent) -> None:
        """Store a consent to advertising. Raises StorageError when it lacks its moment, its text or its source, or was
        given in a call without key 1 or a clear yes to the question."""
        await self._db.write((sa.insert(ads_consents), [asdict(consent)]))

    async def ads_consents(self, customer_id: str) -> list[AdsConsent]:
        """Every consent of a customer, oldest first, withdrawn ones too."""
        query = sa.select(ads_consents).where(ads_consents.c.customer_id == customer_id)
        return [AdsConsent(**row._mapping) for row in await self._db.read(query.order_by(ads_consents.c.given_at))]

    async def withdraw_ads_consent(self, customer_id: str, at: str, by: str) -> bool:
        """The consents of a customer end. False when there was none."""
        live = (ads_consents.c.customer_id == customer_id) & (ads_consents.c.withdrawn_at == "")
        change = sa.update(ads_consents).where(live).values(withdrawn_at=at, withdrawn_by=by)
        return bool(await self._db.write((change, None)))

    async def note_care(self, customer_id: str, at: str, by: str, call_id: str, why: str = "") -> None:
        """Somebody found that this customer needs care: nothing is offered from now on. why: a CareReason, or "".
        Raises StorageError for any other."""
        row = {"customer_id": customer_id, "at": at, "by": by, "call_id": call_id, "why": why}
        await self._db.write((self._db.upsert(care_marks, row, keep=True), None))

    async def needs_care(self, customer_id: str) -> CareMark | None:
        """The newest mark nobody has cleared."""
        return next((mark for mark in reversed(await self.care_marks(customer_id)) if not mark.cleared_at), None)

    async def clear_care(self, customer_id: str, at: str, by: str) -> bool:
        """A supervisor takes it back. False when nobody had noted it."""
        live = (care_marks.c.customer_id == customer_id) & (care_marks.c.cleared_at == "")
        change = sa.update(care_marks).where(live).values(cleared_at=at, cleared_by=by)
        return bool(await self._db.write((change, None)))

    async def care_marks(self, customer_id: str) -> list[CareMark]:
        """Who ever found that this customer needs care, oldest first."""
        query = sa.select(care_marks).where(care_marks.c.customer_id == customer_id).order_by(care_marks.c.at)
        return [CareMark(**row._mapping) for row in await self._db.read(query)]
