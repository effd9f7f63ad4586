"""Typed values in spoken text: digits, numbers, yes and no. English and Russian, one table of words per language.

Owns the registry of slot types that speech can fill. Parsers are pure: text in, an Entity with all its readings out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from ivr.model.understanding import NO_CONTEXT, Entity, SlotContext
from ivr.nlu.spoken.digits import find_digits
from ivr.nlu.spoken.numbers import find_number
from ivr.nlu.spoken.yes_no import find_yes_no

Parser = Callable[[str, str], Entity | None]

PARSERS: Mapping[str, Parser] = MappingProxyType({"digits": find_digits, "number": find_number, "yes_no": find_yes_no})


def find(slot_type: str, text: str, language: str, context: SlotContext = NO_CONTEXT) -> Entity | None:
    """The value of that slot type in text, or None: nothing found, no such parser, or no table for the language."""
    parser = PARSERS.get(slot_type)
    return parser(text, language) if parser else None
