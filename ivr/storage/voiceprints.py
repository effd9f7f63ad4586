"""Voiceprints and the consent they rest on. Owns that there is none without consent, and that deleting one leaves the
record of the consent and its end, and nothing of the voice."""

from __future__ import annotations

import sqlalchemy as sa

from ivr.model.voiceprint import VoiceConsent, Voiceprint, VoiceSample
from ivr.storage.database import Database
from ivr.storage.tables import METADATA


def _text(name: str, *, key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=key, nullable=False, server_default=None if key else "")


consents = sa.Table(
    "voice_consents",
    METADATA,
    _text("consent_id", key=True),
    *(_text(name) for name in ("customer_id", "text_version", "source", "given_at", "withdrawn_at")),
    sa.Column("form", sa.Text, nullable=False, server_default="spoken"),
    sa.CheckConstraint("text_version <> '' AND source <> '' AND given_at <> ''", name="is_told"),
    sa.Index(None, "customer_id"),
)

voiceprints = sa.Table(
    "voiceprints",
    METADATA,
    _text("customer_id", key=True),
    sa.Column("consent_id", sa.Text, sa.ForeignKey("voice_consents.consent_id"), nullable=False),
    _text("engine"),
    sa.Column("vector", sa.JSON, nullable=False),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("snr_db", sa.Float, nullable=False),
    _text("enrolled_at"),
)


class Voiceprints:
    """The voiceprints' part of the store."""

    _db: Database

    async def save_voiceprint(self, enrolled: Voiceprint) -> None:
        """Store a voiceprint with its consent; it replaces an older one of the customer, whose consent then ends."""
        consent, sample = enrolled.consent, enrolled.sample
        row = {
            "customer_id": enrolled.customer_id,
            "consent_id": consent.consent_id,
            "engine": sample.engine,
            "vector": list(sample.vector),
            "seconds": sample.seconds,
            "snr_db": sample.snr_db,
            "enrolled_at": enrolled.enrolled_at,
        }
        await self._db.write(
            (_ended(enrolled.customer_id, enrolled.enrolled_at), None),
            (sa.insert(consents), [_consent_row(consent)]),
            (self._db.upsert(voiceprints, row), None),
        )

    async def voiceprint(self, customer_id: str) -> Voiceprint | None:
        """The voiceprint of a customer, None when there is none."""
        found = await self._voiceprints(voiceprints.c.customer_id == customer_id)
        return found[0] if found else None

    async def all_voiceprints(self) -> list[Voiceprint]:
        """Every voiceprint, by customer."""
        return await self._voiceprints(sa.true())

    async def voice_consents(self, customer_id: str) -> list[VoiceConsent]:
        """Every consent a customer ever gave, oldest first, those that ended too."""
        query = sa.select(consents).where(consents.c.customer_id == customer_id).order_by(consents.c.given_at)
        return [VoiceConsent(**row._mapping) for row in await self._db.read(query)]

    async def delete_voiceprint(self, customer_id: str, withdrawn_at: str) -> bool:
        """Forget a voice; its consent ends at withdrawn_at. False when there was none."""
        end = (_ended(customer_id, withdrawn_at), None)
        gone = (sa.delete(voiceprints).where(voiceprints.c.customer_id == customer_id), None)
        return bool(await self._db.write(end, gone))

    async def _voiceprints(self, which: sa.ColumnElement[bool]) -> list[Voiceprint]:
        query = (
            sa.select(voiceprints, *(column.label(f"c_{column.name}") for column in consents.c))
            .join(consents, consents.c.consent_id == voiceprints.c.consent_id)
            .where(which)
            .order_by(voiceprints.c.customer_id)
        )
        return [_voiceprint(row) for row in await self._db.read(query)]


def _ended(customer_id: str, at: str) -> sa.Update:
    open_ones = (consents.c.customer_id == customer_id) & (consents.c.withdrawn_at == "")
    return sa.update(consents).where(open_ones).values(withdrawn_at=at)


def _consent_row(consent: VoiceConsent) -> dict[str, str]:
    return {name: str(getattr(consent, name)) for name in consents.c.keys()}  # noqa: SIM118 - columns, not a mapping


def _voiceprint(row: sa.Row[tuple[object, ...]]) -> Voiceprint:
    data = row._mapping
    return Voiceprint(
        customer_id=data["customer_id"],
        sample=VoiceSample(
            engine=data["engine"], vector=tuple(data["vector"]), seconds=data["seconds"], snr_db=data["snr_db"]
        ),
        enrolled_at=data["enrolled_at"],
        consent=VoiceConsent(**{name: data[f"c_{name}"] for name in consents.c.keys()}),  # noqa: SIM118
    )
