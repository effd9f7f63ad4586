"""Slots: typed values a dialog collects, from speech and from keys alike.

Owns which readings of an answer a slot accepts. The parsing of words
belongs to the understanding of the utterance; here its readings are chosen. The typed values, as text: number "2.5",
money "1250.50 EUR", date "1982-03-05", time "16:30", phone "+442079460123" (E.164), yes_no "yes" | "no".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from ivr.dialog import keyed_values as keys
from ivr.dialog.checksums import correct
from ivr.model.dialog import UtteranceHeard
from ivr.model.understanding import SlotContext

TYPES = ("digits", "number", "yes_no", "choice", "text", "money", "date", "time", "phone", "name", "any")
KEYED = frozenset({"digits", "number", "yes_no", "choice", "money", "date", "time", "phone"})
MEASURED = frozenset({"number", "money", "date", "time"})

CLEAR_MARGIN = 0.15
WHOLE_NAME = 0.95
"""Score of a name said in full: reading it back is enough, however near another one is."""
_MOST_INDEXED = 9
REGIONS = {"en": "US", "ru": "RU"}
"""Whose phone numbers are meant, by language, where neither a slot nor the assistant says."""
REGIONAL = frozenset({"phone", "date", "number", "money"})
"""Types of values that are written differently from country to country."""
_MONTH_FIRST = frozenset({"US"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceValue:
    """One value of a choice slot. phrases: language -> ways to say it. dtmf: its key, "" = none."""

    value: str
    phrases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    dtmf: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A slot of domain.yml. min_length/max_length: characters, 0 = any. "any" is set by services, never collected.

    sensitive: masked in logs and transcripts, silenced in recordings, never passed on in a handoff. checksum: of
    ivr.dialog.checksums, "" = none. past: a date that has been. order: "DMY" | "MDY", "" = by region. region: country
    of phone numbers and of the way dates and amounts are written, "" = by language. currency: of amounts, "" = the
    assistant's. least/most: bounds of a value that has a size, "" = none. candidates: names one of which is meant;
    candidates_from: the slot that holds them instead. called: language -> what callers call it ("policy number").
    """

    name: str
    type: str
    min_length: int = 0
    max_length: int = 0
    pattern: str = ""
    sensitive: bool = False
    choices: tuple[ChoiceValue, ...] = ()
    checksum: str = ""
    past: bool = False
    order: str = ""
    region: str = ""
    currency: str = ""
    least: str = ""
    most: str = ""
    candidates: tuple[str, ...] = ()
    candidates_from: str = ""
    called: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def keyed(self) -> bool:
        """Can it be given by keypad?"""
        return self.type in KEYED and (self.type != "choice" or any(c.dtmf for c in self.choices))

    @property
    def most_keys(self) -> int:
        """How many keys its value takes; 0 when one key, or none, gives it."""
        most = keys.MOST_KEYS.get(self.type, 0)
        return self.max_length or most if self.type in ("digits", "number") else most

    def accepts(self, value: str) -> bool:
        """Does a typed value fit the slot's length, pattern, checksum, bounds and choices?"""
        if self.min_length and len(value) < self.min_length:
            return False
        if self.max_length and len(value) > self.max_length:
            return False
        if self.type == "digits" and not (value.isascii() and value.isdigit()):
            return False
        if self.type == "phone" and not value.startswith("+"):
            return False
        if self.type == "choice" and value not in {c.value for c in self.choices}:
            return False
        if self.candidates and value not in self.candidates:
            return False
        if self.checksum and not correct(self.checksum, value):
            return False
        return self.within(value) and (not self.pattern or re.fullmatch(self.pattern, value) is not None)

    def within(self, value: str) -> bool:
        """Is a typed value between least and most?"""
        if not self.least and not self.most:
            return True
        if self.type in ("date", "time"):
            return (not self.least or self.least <= value) and (not self.most or value <= self.most)
        try:
            amount = Decimal(value.partition(" ")[0])
            return (not self.least or Decimal(self.least) <= amount) and (not self.most or amount <= Decimal(self.most))
        except InvalidOperation:
            return False

    def typed(self, value: str) -> Any:
        """The value conditions and services see. Money is {amount, currency}."""
        if self.type == "number":
            return _figure(value)
        if self.type == "money":
            amount, _, currency = value.partition(" ")
            return {"amount": _figure(amount), "currency": currency or self.currency}
        if self.type == "yes_no":
            return value == "yes"
        return value


def _figure(value: str) -> Any:
    if re.fullmatch(r"[+-]?\d+", value):
        return int(value)
    return float(value) if re.fullmatch(r"[+-]?\d+\.\d+", value) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """What an answer may mean for a slot. fitting: acceptable values, likeliest first; heard: was anything of the
    slot's type there at all (then an empty fitting is a rejection, else a nomatch); unsure: read it back, whatever
    the confidence of recognition; tied: the first two fit equally well; outside: the likeliest value that fits but for
    the slot's bounds, "" = none."""

    fitting: tuple[str, ...]
    heard: bool
    unsure: bool = False
    outside: str = ""
    tied: bool = False


def context(
    slots: Sequence[Slot], *, language: str, names: Mapping[str, Any], today: str, currency: str
) -> SlotContext:
    """What the parsers of these slots' values need to know. names: what is known in the call.

    currency: of amounts said without one, where no slot says.

    A question that several slots of one type may answer takes the strictest knowledge all of them share.
    """
    dates = [s for s in slots if s.type == "date"]
    region = next((s.region for s in slots if s.region), "") or REGIONS.get(language[:2], "")
    stated = next((s.order for s in dates if s.order), "")
    by_region = ("MDY" if region in _MONTH_FIRST else "DMY") if any(s.region for s in slots) else ""
    own_currency = next((s.currency for s in slots if s.type == "money" and s.currency), "")
    offered = [(p, c.value) for s in slots for c in s.choices for p in c.phrases.get(language, (c.value,))]
    return SlotContext(
        today=today[:10],
        order=stated or by_region,
        past=bool(dates) and all(s.past for s in dates),
        region=region,
        currency=own_currency or currency,
        choices=tuple(offered),
        candidates=tuple(dict.fromkeys(n for s in slots for n in candidates(s, names))),
    )


def candidates(slot: Slot, names: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of which one is meant, its own or those a service found. names: what is known in the call."""
    listed = names.get(slot.candidates_from) if slot.candidates_from else slot.candidates
    return tuple(str(n) for n in listed) if isinstance(listed, list | tuple) else ()


def distinctive(one: str, other: str) -> tuple[str, ...]:
    """The words of a name that the other one has not: "John" of John Smith beside Joan Smith."""
    theirs = set(other.lower().split())
    return tuple(word for word in one.split() if word.lower() not in theirs)


def spoken(slot: Slot, event: UtteranceHeard, language: str) -> Readings:
    """The readings of an utterance for this slot."""
    hypothesis, meaning = event.recognition.hypothesis, event.understanding
    if slot.type == "text":
        return _fitting(slot, [hypothesis.text])
    entities = [e for e in meaning.entities if e.entity in (slot.type, slot.name)]
    found: list[str] = []
    if slot.type == "choice":
        found += [c.value for c in slot.choices if hypothesis.value == c.value]
        said = f" {hypothesis.text.lower()} "
        if not entities:
            found += [c.value for c in slot.choices if any(f" {p} " in said for p in c.phrases.get(language, ()))]
    elif hypothesis.value is not None and (slot.type != "digits" or hypothesis.value.isdigit()):
        found.append(hypothesis.value)
    for entity in entities:
        found.extend(entity.readings or (entity.value,))
    close = any(len(e.scores) > 1 and e.scores[0] - e.scores[1] < CLEAR_MARGIN for e in entities)
    # No score tells a right name from a wrong one: a name is always read back.
    readings = _fitting(slot, found, unsure=close or slot.type == "name")
    whole = any(e.scores and e.scores[0] >= WHOLE_NAME for e in entities)
    rivals = len(readings.fitting) > 1 and (slot.type == "choice" or (slot.type == "name" and close and not whole))
    return replace(readings, tied=rivals)


def keyed(slot: Slot, digits: str, *, today: str = "", language: str = "") -> Readings:
    """The readings of keys for this slot; names and free text have none. today: ISO 8601, decides the century of a date
    keyed with six figures."""
    if slot.type in ("text", "name"):
        return Readings(fitting=(), heard=False)
    if slot.type == "yes_no":
        return _fitting(slot, [{"1": "yes", "2": "no"}.get(digits, digits)], values=("yes", "no"))
    if slot.type == "choice":
        return _fitting(slot, [c.value for c in slot.choices if c.dtmf == digits] or [_indexed(slot, digits) or digits])
    order = slot.order or ("MDY" if slot.region in _MONTH_FIRST else "DMY")
    value = {
        "number": lambda: keys.number(digits),
        "money": lambda: keys.money(digits, slot.currency),
        "date": lambda: keys.date(digits, order, today, past=slot.past),
        "time": lambda: keys.time(digits),
        "phone": lambda: keys.phone(digits, slot.region or REGIONS.get(language[:2], "US")),
    }.get(slot.type, lambda: digits)()
    readings = _fitting(slot, [value])
    # Keys that make no value of this type were still an answer: it is rejected, not misunderstood.
    return readings if readings.heard or not digits else Readings(fitting=(), heard=True)


def _indexed(slot: Slot, digits: str) -> str:
    """Values without keys of their own are counted as they stand in domain.yml, 1 is the first."""
    if any(c.dtmf for c in slot.choices) or len(slot.choices) > _MOST_INDEXED or not digits.isdigit():
        return ""
    return slot.choices[int(digits) - 1].value if 1 <= int(digits) <= len(slot.choices) else ""


def _fitting(slot: Slot, found: Sequence[str], values: tuple[str, ...] = (), *, unsure: bool = False) -> Readings:
    readings = tuple(dict.fromkeys(v for v in found if v))
    fitting = tuple(v for v in readings if slot.accepts(v) and (not values or v in values))
    unbounded = replace(slot, least="", most="")
    beyond = (v for v in readings if not slot.within(v) and unbounded.accepts(v))
    outside = "" if fitting else next(beyond, "")
    return Readings(fitting=fitting, heard=bool(readings), unsure=unsure, outside=outside)
