"""The slots of domain.yml: reading their options, with a fault for each that makes no sense for its type."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

import phonenumbers

from ivr.dialog.checksums import CHECKSUMS
from ivr.dialog.slots import MEASURED, REGIONAL, TYPES, ChoiceValue, Slot
from ivr.dialog.source import Node, did_you_mean
from ivr.dialog.tongues import CURRENCIES

ORDERS = ("DMY", "MDY")

OPTIONS = {
    "type": frozenset(TYPES),
    "sensitive": frozenset(TYPES),
    "pattern": frozenset(TYPES) - {"yes_no", "choice", "any"},
    "length": frozenset({"digits", "text", "number"}),
    "checksum": frozenset({"digits"}),
    "values": frozenset({"choice"}),
    "past": frozenset({"date"}),
    "order": frozenset({"date"}),
    "region": REGIONAL,
    "currency": frozenset({"money"}),
    "between": MEASURED,
    "candidates": frozenset({"name"}),
    "called": frozenset(TYPES) - {"any"},
}
"""Option -> types it says something about."""


MONEY_OF = {"GB": "GBP", "US": "USD", "RU": "RUB"}
"""The currency of a region; of the others it is EUR."""


def read_slots(node: Node | None, currency: str, region: str = "") -> dict[str, Slot]:
    """The slots of domain.yml; faults are collected in the node. currency: of amounts that name none (ISO 4217).
    region: of values whose slot names none (ISO 3166)."""
    return {name: _read_slot(name, entry, currency, region) for name, entry in node.items()} if node else {}


def _read_slot(name: str, node: Node, currency: str, region: str) -> Slot:
    node.only(OPTIONS)
    kind, sensitive, past = (node.get(k) for k in ("type", "sensitive", "past"))
    if kind is None:
        node.fault("missing", f"slot {name} has no type", f"Add type: one of {', '.join(TYPES)}.")
    slot_type = kind.one_of(TYPES) if kind else "any"
    _check_options(name, slot_type, node)
    values, checksum, order = (node.get(k) for k in ("values", "checksum", "order"))
    choices = tuple(_read_choice(v, entry) for v, entry in values.items()) if values else ()
    if slot_type == "choice" and not choices:
        node.fault("missing", f"choice slot {name} has no values", "Add values: {car: {en: [car]}}.")
    low, high = _read_length(node.get("length"))
    least, most = _read_between(slot_type, node.get("between"))
    candidates, candidates_from = _read_candidates(name, slot_type, node)
    own_region, called = read_region(node.get("region")), node.get("called")
    currency = MONEY_OF.get(own_region, "EUR") if own_region else currency
    return Slot(
        name=name,
        type=slot_type,
        min_length=low,
        max_length=high,
        pattern=_read_pattern(node.get("pattern")),
        sensitive=sensitive.flag() if sensitive else False,
        choices=choices,
        checksum=checksum.one_of(CHECKSUMS) if checksum else "",
        past=past.flag() if past else False,
        order=order.one_of(ORDERS) if order else "",
        region=own_region or (region if slot_type in REGIONAL else ""),
        currency=_read_currency(node.get("currency")) or (currency if slot_type == "money" else ""),
        least=least,
        most=most,
        candidates=candidates,
        candidates_from=candidates_from,
        called=_read_called(called),
    )


def _read_called(node: Node | None) -> dict[str, tuple[str, ...]]:
    """language -> what callers call a slot."""
    return {language: tuple(p.lower() for p in entry.texts()) for language, entry in node.items()} if node else {}


def _check_options(name: str, slot_type: str, node: Node) -> None:
    for option, types in OPTIONS.items():
        if node.has(option) and slot_type not in types:
            fix = f"Remove it, or make the type one of {', '.join(sorted(types))}."
            node.key(option).fault("slot-option", f"{option} says nothing about a {slot_type} ({name})", fix)


def _read_pattern(node: Node | None) -> str:
    regex = node.text() if node else ""
    try:
        re.compile(regex)
    except re.error as error:
        if node:
            node.fault("pattern", f"not a regular expression: {error}", "Mend the pattern.")
        return ""
    return regex


def _read_length(node: Node | None) -> tuple[int, int]:
    """`6` or `[4, 8]`."""
    if node is None:
        return 0, 0
    if node.is_list():
        ends = [entry.whole(1, 64) for entry in node.entries()]
        if len(ends) == 2 and ends[0] <= ends[1]:
            return ends[0], ends[1]
        node.fault("type", "length must be one number or [least, most]", "Write length: 6 or length: [4, 8].")
        return 0, 0
    exact = node.whole(1, 64)
    return exact, exact


def _read_between(slot_type: str, node: Node | None) -> tuple[str, str]:
    """`[1, 500]`, `["08:00", "20:00"]`, `[2020-01-01, 2030-12-31]`."""
    if node is None or slot_type not in MEASURED:
        return "", ""
    ends = [str(end) for end in node.plain()] if node.is_list() else []
    shape = {"date": r"\d{4}-\d\d-\d\d", "time": r"\d\d:\d\d"}.get(slot_type, r"-?\d+(\.\d+)?")
    if len(ends) == 2 and all(re.fullmatch(shape, end) for end in ends) and _rising(slot_type, ends[0], ends[1]):
        return ends[0], ends[1]
    example = {"date": "[2020-01-01, 2030-12-31]", "time": '["08:00", "20:00"]'}.get(slot_type, "[1, 500]")
    node.fault("type", "between must be [least, most]", f"Write it as between: {example}.")
    return "", ""


def _rising(slot_type: str, least: str, most: str) -> bool:
    if slot_type in ("date", "time"):
        return least <= most
    try:
        return Decimal(least) <= Decimal(most)
    except InvalidOperation:
        return False


def read_region(node: Node | None) -> str:
    """A country of ISO 3166, "" when absent or unknown."""
    region = node.text() if node else ""
    if node and region and region not in phonenumbers.SUPPORTED_REGIONS:
        node.fault("region", f"no country {region!r}", "Write two capital letters of ISO 3166, such as GB, US or RU.")
        return ""
    return region


def _read_currency(node: Node | None) -> str:
    currency = node.text() if node else ""
    if node and currency and currency not in CURRENCIES:
        node.fault("currency", f"no currency {currency!r}", did_you_mean(currency, CURRENCIES))
        return ""
    return currency


def _read_candidates(name: str, slot_type: str, node: Node) -> tuple[tuple[str, ...], str]:
    """A list of names, or the slot that a service fills with them."""
    entry = node.get("candidates")
    if entry is None:
        if slot_type == "name":
            fix = "Add candidates: [Ann Lee, Bo Li], or the name of a slot that holds a list of names."
            node.fault(
                "no-candidates", f"slot {name} has no names to choose from: whatever is said fits", fix, "warning"
            )
        return (), ""
    if entry.is_list():
        return entry.texts(), ""
    return (), entry.text()


def _read_choice(value: str, node: Node) -> ChoiceValue:
    phrases: dict[str, tuple[str, ...]] = {}
    key = ""
    for name, entry in node.items():
        if name == "dtmf":
            key = entry.dtmf()
        elif len(name) == 2:
            phrases[name] = tuple(p.lower() for p in entry.texts())
        else:
            entry.fault("unknown-key", f"unknown word {name!r} in {value}", did_you_mean(name, ("dtmf", "en")))
    return ChoiceValue(value=value, phrases=phrases, dtmf=key)
