"""Telephone numbers as E.164: digits in any grouping, checked against the numbering plan of a country."""

from __future__ import annotations

import re

import phonenumbers

from ivr.model.understanding import Entity, SlotContext
from ivr.nlu.spoken.digits import find_digits

_REGIONS = {"en": ("US", "GB"), "ru": ("RU",)}
_PLUS = re.compile(r"\+|\bplus\b|\bплюс\b", re.IGNORECASE)


def find_phone(text: str, language: str, context: SlotContext) -> Entity | None:
    """The number said in text as E.164 with its readings, or None: what no country assigns is no number.

    context.region: whose national numbers are meant; without it the countries of the language.
    """
    digits = find_digits(text, language)
    if digits is None:
        return None
    regions = (context.region,) if context.region else _REGIONS.get(language[:2].lower(), ())
    international = _PLUS.search(text) is not None
    found: dict[str, None] = {}
    for reading in digits.readings:
        for region in regions:
            number = _number(f"+{reading}", None) if international else _number(reading, region)
            if number:
                found[number] = None
    if not found:
        return None
    readings = tuple(found)
    return Entity(
        entity="phone",
        value=readings[0],
        readings=readings,
        start=digits.start,
        end=digits.end,
        confidence=1.0 if len(readings) == 1 else digits.confidence,
    )


def _number(written: str, region: str | None) -> str:
    try:
        parsed = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(parsed):
        return ""
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
