"""Slots: typed values a dialog collects, from speech and from keys alike.

Owns which readings of an answer a slot accepts and how a partial correction changes a number. The parsing of words
belongs to the understanding of the utterance; here its readings are chosen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ivr.dialog.source import Node, did_you_mean
from ivr.model.dialog import UtteranceHeard

KEYED = frozenset({"digits", "number", "yes_no", "choice"})
TYPES = ("digits", "number", "yes_no", "choice", "text", "money", "date", "time", "phone", "name", "any")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceValue:
    """One value of a choice slot. phrases: language -> ways to say it. dtmf: its key, "" = none."""

    value: str
    phrases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    dtmf: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A slot of domain.yml. min_length/max_length: characters, 0 = any. "any" is set by services, never collected.

    sensitive: masked in logs and transcripts, silenced in recordings, never passed on in a handoff.
    """

    name: str
    type: str
    min_length: int = 0
    max_length: int = 0
    pattern: str = ""
    sensitive: bool = False
    choices: tuple[ChoiceValue, ...] = ()

    @property
    def keyed(self) -> bool:
        """Can it be given by keypad?"""
        return self.type in KEYED and (self.type != "choice" or any(c.dtmf for c in self.choices))

    def accepts(self, value: str) -> bool:
        """Does a typed value fit the slot's length, pattern and choices?"""
        if self.min_length and len(value) < self.min_length:
            return False
        if self.max_length and len(value) > self.max_length:
            return False
        if self.type == "digits" and not (value.isascii() and value.isdigit()):
            return False
        if self.type == "choice" and value not in {c.value for c in self.choices}:
            return False
        return not self.pattern or re.fullmatch(self.pattern, value) is not None

    def typed(self, value: str) -> Any:
        """The value conditions and services see."""
        if self.type == "number":
            return int(value) if re.fullmatch(r"[+-]?\d+", value) else value
        if self.type == "yes_no":
            return value == "yes"
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """What an answer may mean for a slot. fitting: acceptable values, likeliest first; heard: was anything of the
    slot's type there at all (then an empty fitting is a rejection, else a nomatch)."""

    fitting: tuple[str, ...]
    heard: bool


def spoken(slot: Slot, event: UtteranceHeard, language: str) -> Readings:
    """The readings of an utterance for this slot."""
    hypothesis, meaning = event.recognition.hypothesis, event.understanding
    if slot.type == "text":
        return _fitting(slot, [hypothesis.text])
    found: list[str] = []
    if slot.type == "choice":
        said = f" {hypothesis.text.lower()} "
        for choice in slot.choices:
            if hypothesis.value == choice.value or any(f" {p} " in said for p in choice.phrases.get(language, ())):
                found.append(choice.value)
    elif hypothesis.value is not None and (slot.type != "digits" or hypothesis.value.isdigit()):
        found.append(hypothesis.value)
    for entity in meaning.entities:
        if entity.entity in (slot.type, slot.name):
            found.extend(entity.readings or (entity.value,))
    return _fitting(slot, found)


def keyed(slot: Slot, digits: str) -> Readings:
    """The readings of keys for this slot."""
    if slot.type == "yes_no":
        return _fitting(slot, [{"1": "yes", "2": "no"}.get(digits, digits)], values=("yes", "no"))
    if slot.type == "choice":
        return _fitting(slot, [c.value for c in slot.choices if c.dtmf == digits] or [digits])
    return _fitting(slot, [digits])


def _fitting(slot: Slot, found: list[str], values: tuple[str, ...] = ()) -> Readings:
    readings = tuple(dict.fromkeys(v for v in found if v))
    return Readings(
        fitting=tuple(v for v in readings if slot.accepts(v) and (not values or v in values)), heard=bool(readings)
    )


def corrected(slot: Slot, pending: str, said: str) -> str | None:
    """The value after "no, seven two": said whole when it fits, else put where it changes least (the later place when
    equal). None when it makes no acceptable, different value."""
    if slot.accepts(said):
        return said
    if slot.type != "digits" or not said.isdigit() or not 0 < len(said) < len(pending):
        return None
    best: tuple[int, str] | None = None
    for start in range(len(pending) - len(said) + 1):
        value = pending[:start] + said + pending[start + len(said) :]
        changed = sum(a != b for a, b in zip(value, pending, strict=True))
        if changed and slot.accepts(value) and (best is None or changed <= best[0]):
            best = (changed, value)
    return best[1] if best else None


# ---- reading domain.yml -------------------------------------------------------------------------------------------


def read_slots(node: Node | None) -> dict[str, Slot]:
    """The slots of domain.yml; faults are collected in the node."""
    return {name: _read_slot(name, entry) for name, entry in node.items()} if node else {}


def _read_slot(name: str, node: Node) -> Slot:
    node.only(("type", "length", "pattern", "sensitive", "values"))
    kind, length, pattern, sensitive = (node.get(k) for k in ("type", "length", "pattern", "sensitive"))
    low, high = _read_length(length)
    if kind is None:
        node.fault("missing", f"slot {name} has no type", f"Add type: one of {', '.join(TYPES)}.")
    regex = pattern.text() if pattern else ""
    try:
        re.compile(regex)
    except re.error as error:
        (pattern or node).fault("pattern", f"not a regular expression: {error}", "Mend the pattern.")
        regex = ""
    values = node.get("values")
    slot_type = kind.one_of(TYPES) if kind else "any"
    choices = tuple(_read_choice(v, entry) for v, entry in values.items()) if values else ()
    if slot_type == "choice" and not choices:
        node.fault("missing", f"choice slot {name} has no values", "Add values: {car: {en: [car]}}.")
    return Slot(
        name=name,
        type=slot_type,
        min_length=low,
        max_length=high,
        pattern=regex,
        sensitive=sensitive.flag() if sensitive else False,
        choices=choices,
    )


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
