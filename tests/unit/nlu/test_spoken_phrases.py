"""What callers say for values: tests/data/spoken.*.tsv, read on Wednesday 18 November 2026.

Each set was written before the parsers were mended for it; what it scored then is in docs/understanding.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.model.understanding import SlotContext
from ivr.nlu.spoken import find

DATA = Path(__file__).parents[2] / "data"
LEAST_RIGHT = 0.97
LEAST_PHRASES = 300

NAMES = (
    *("John Smith", "Katherine Johnson", "Stephen O'Brien", "Maria Garcia", "Peter Schmidt", "Philip Moore"),
    *("Priya Raman", "Nguyen Van An", "Niels Andersen", "Wolfgang Bauer", "Иван Петров", "Анна Кузнецова"),
    *("Алексей Смирнов", "Наталья Соколова", "Дмитрий Воронцов", "Ольга Иванова", "James Wilson", "Sarah Miller"),
)
CHOICES = {
    "en": (
        *(("car", "car"), ("my car", "car"), ("auto", "car"), ("flat", "flat"), ("apartment", "flat")),
        *(("country house", "dacha"), ("dacha", "dacha"), ("summer house", "dacha"), ("life insurance", "life")),
        ("life", "life"),
    ),
    "ru": (
        *(("машина", "car"), ("автомобиль", "car"), ("квартира", "flat"), ("дача", "dacha"), ("дачный дом", "dacha")),
        *(("страхование жизни", "life"), ("жизнь", "life")),
    ),
}


def phrases(table: str) -> Iterator[tuple[str, str, str]]:
    for line in (DATA / f"{table}.tsv").read_text(encoding="utf-8").splitlines():
        slot_type, text, expected = line.split("\t")
        yield slot_type, text, expected


def read(slot_type: str, text: str, language: str) -> str:
    """The readings joined by |; of digits with a length those that have it; "-" for none."""
    name, *options = slot_type.split()
    context = SlotContext(today="2026-11-18", choices=CHOICES[language], candidates=NAMES)
    length = 0
    for option in options:
        if option.isdigit():
            length = int(option)
        elif option == "past":
            context = replace(context, past=True)
        elif option in ("DMY", "MDY"):
            context = replace(context, order=option)
        else:
            context = replace(context, **{"currency" if len(option) == 3 else "region": option})
    found = find(name, text, language, context)
    readings = [r for r in (found.readings if found else ()) if not length or len(r) == length]
    if name in ("name", "digits", "phone"):
        readings = readings[:1]
    return "|".join(readings) or "-"


def wrong(language: str, lines: list[tuple[str, str, str]]) -> list[str]:
    return [
        f"{slot_type}: {text!r} is {found}, not {expected}"
        for slot_type, text, expected in lines
        if (found := read(slot_type, text, language)) != expected
    ]


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("table", ["spoken", "spoken.second", "spoken.third", "spoken.fourth"])
def test_what_callers_say_for_values_is_read_right(table: str, language: str) -> None:
    lines = list(phrases(f"{table}.{language}"))
    mistakes = wrong(language, lines)
    assert len(lines) >= LEAST_PHRASES
    assert 1 - len(mistakes) / len(lines) >= LEAST_RIGHT, "\n".join(mistakes)
