"""What came by letter, at a counter or by mail: objections to offers and their end, consent to advertising and its end.

Owns under which names they are kept: a household hears offers or none, a customer signs, a number calls.
"""

from __future__ import annotations

from datetime import UTC, datetime

from ivr.config import Settings
from ivr.model.errors import ConfigError
from ivr.model.ids import new_id
from ivr.model.objections import AdsConsent, CareMark, Objection
from ivr.storage.store import Store
from ivr.supervisor.offer_report import opened


async def refuse(settings: Settings, who: str, by: str) -> tuple[str, ...]:
    """No offers to this customer's household, or this number (with +), from now on; a consent to advertising ends with
    it. Returns the names it is kept under. Raises StorageError."""
    async with opened(settings) as store:
        names, at = await names_of(store, who), now()
        for name in names:
            await store.opt_out(name, at, "", by)
        await store.withdraw_ads_consent(who, at, by)
    return names


async def allow(settings: Settings, who: str, by: str) -> tuple[str, ...]:
    """A person notes that they asked for offers again. Returns the names an objection was kept under, () when there was
    none. Raises StorageError."""
    async with opened(settings) as store:
        at = now()
        return tuple([name for name in await names_of(store, who) if await store.take_back(name, at, by)])


async def said_by(settings: Settings, who: str) -> tuple[list[Objection], list[AdsConsent], list[CareMark]]:
    """Everything on record of this customer or number, oldest first. Raises StorageError."""
    async with opened(settings) as store:
        objections = [said for name in await names_of(store, who) for said in await store.objections(name)]
        consents, marks = await store.ads_consents(who), await store.care_marks(who)
    return sorted(objections, key=lambda said: said.at), consents, marks


async def consent(
    settings: Settings, customer_id: str, *, text: str, source: str, recording: str, given: str, by: str
) -> None:
    """Note a consent to advertising. given: ISO 8601, "" for now. Raises StorageError when it lacks text or source."""
    given_at = moment(datetime.fromisoformat(given)) if given else now()
    record = AdsConsent(
        consent_id=new_id(),
        customer_id=customer_id,
        text_version=text,
        given_at=given_at,
        source=source,
        recording=recording,
        noted_by=by,
    )
    async with opened(settings) as store:
        await store.save_ads_consent(record)


async def withdraw(settings: Settings, customer_id: str, by: str) -> bool:
    """A consent to advertising ends. False when there was none. Raises StorageError."""
    async with opened(settings) as store:
        return await store.withdraw_ads_consent(customer_id, now(), by)


async def note_care(settings: Settings, customer_id: str, by: str, why: str) -> None:
    """Somebody found that a customer needs care: nothing is offered from now on. why: a CareReason, or "". Raises
    StorageError."""
    async with opened(settings) as store:
        await store.note_care(customer_id, now(), by, "", why)


async def clear_care(settings: Settings, customer_id: str, by: str) -> bool:
    """A supervisor takes back that a customer needs care. False when nobody had noted it. Raises StorageError."""
    async with opened(settings) as store:
        return await store.clear_care(customer_id, now(), by)


async def names_of(store: Store, who: str) -> tuple[str, ...]:
    """The household as far as it is known here, and the customer: with a customer system of its own the household is
    known from earlier offers only, and whoever objects must be found all the same. A number stands for itself. Raises
    ConfigError for nobody."""
    if not who.strip():
        raise ConfigError("say whose word it is: a customer's id, or a number with +")
    if who.startswith("+"):
        return (f"tel:{who}",)
    imported = await store.customer(who)
    offered = await store.opportunities_of(customer_id=who)
    households = [imported.household if imported else "", *(each.decision.household for each in offered)]
    return tuple(dict.fromkeys(name for name in (*households, who) if name))


def now() -> str:
    """As everything is stored."""
    return moment(datetime.now(UTC))


def moment(at: datetime) -> str:
    """UTC ISO 8601, milliseconds; what says no offset is UTC."""
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
