"""What proves that an offer was accepted: the one place that says so, for our calls, for agents and for the API.

A proof names what was read back (product and whole price), when it was asked and answered, and how the yes came: key 1,
a yes heard clearly, or a person who answers for it and ticked what was told. The database refuses what lacks a part
(storage/tables.py, PROVEN); whether the parts can be true is said here.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ivr.model.offers import OfferProof
from ivr.offers.catalogue import Product
from ivr.offers.price import Price, speak

CLEAR = 0.9
"""A yes heard with less confidence is none."""
SKEW = timedelta(minutes=1)
"""So far other systems' clocks may be ahead of ours, or behind."""


def faults(proof: OfferProof | None, product: Product | None, *, decided_at: str, now: datetime) -> tuple[str, ...]:
    """Why this proves no acceptance of the product, in words; nothing when it does. product: None when it is gone from
    the catalogue, so that its price cannot be told; decided_at: ISO 8601, "" where it is not known."""
    if proof is None:
        return ("an acceptance needs its proof: what was read back, when, and key 1 or a clear yes",)
    found = [*_times(proof, decided_at, now)]
    if not proof.read_back.strip():
        found.append("read_back is empty: say what was read back")
    elif product is None or not _holds(proof.read_back, product):
        found.append("read_back does not hold the whole price of the script")
    if not _answered(proof):
        found.append(f"the yes is key 1 (dtmf), or was heard with confidence {CLEAR} and up (speech)")
    return tuple(found)


def sealed(proof: OfferProof) -> OfferProof:
    """The proof with its times as everything is stored: UTC, milliseconds, so that they compare as text. Raises
    ValueError for a time that is none."""
    return replace(proof, asked_at=_utc(proof.asked_at), answered_at=_utc(proof.answered_at))


def _times(proof: OfferProof, decided_at: str, now: datetime) -> list[str]:
    try:
        asked, answered = (datetime.fromisoformat(each) for each in (proof.asked_at, proof.answered_at))
    except ValueError:
        return ["asked_at and answered_at are moments in ISO 8601"]
    if asked.tzinfo is None or answered.tzinfo is None:
        return ["asked_at and answered_at need their offset from UTC"]
    found = []
    if answered < asked:
        found.append("answered_at is before asked_at")
    if max(asked, answered) > now + SKEW:
        found.append("nobody can have asked or answered in the future")
    if decided_at and asked < datetime.fromisoformat(decided_at) - SKEW:
        found.append("asked_at is before the offer was decided")
    return found


def _answered(proof: OfferProof) -> bool:
    match proof.method:
        case "dtmf":
            return proof.digits == "1"
        case "speech":
            return bool(proof.heard.strip()) and CLEAR <= proof.confidence <= 1
        case "agent":
            return bool(proof.agent.strip()) and bool(proof.disclosures.strip())
    return False


def _holds(read_back: str, product: Product) -> bool:
    """Was the whole price in it, in the words of a script or in figures?"""
    said = " ".join(read_back.lower().split())
    spoken = (speak(product.price, language) for language in product.scripts)
    return any(words.lower() in said for words in spoken) or _in_figures(product.price).search(said) is not None


def _in_figures(price: Price) -> re.Pattern[str]:
    units, hundredths = divmod(price.minor, 100)
    rest = rf"[.,]{hundredths:02d}" if hundredths else r"(?:[.,]00)?"
    return re.compile(rf"(?<![\d.,]){units}{rest}(?![\d]|[.,]\d)")


def _utc(moment: str) -> str:
    at = datetime.fromisoformat(moment).astimezone(UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
