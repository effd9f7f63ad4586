"""Typed values in spoken text: digits, amounts, dates, names, yes and no. One table of words per language.

Owns the registry of slot types that speech can fill. Parsers are pure: text and context in, an Entity with all its
readings out; the day of the call comes in as data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from ivr.model.understanding import NO_CONTEXT, Entity, SlotContext
from ivr.nlu.spoken.choices import find_choice
from ivr.nlu.spoken.corrections import with_corrections
from ivr.nlu.spoken.dates import find_date
from ivr.nlu.spoken.digits import find_digits
from ivr.nlu.spoken.figures import as_written
from ivr.nlu.spoken.money import find_money
from ivr.nlu.spoken.names import find_name
from ivr.nlu.spoken.offer_answers import find_offer_reply
from ivr.nlu.spoken.phones import find_phone
from ivr.nlu.spoken.quantities import find_number
from ivr.nlu.spoken.times import find_time
from ivr.nlu.spoken.yes_no import find_yes_no
from ivr.nlu.words import words

Parser = Callable[[str, str, SlotContext], Entity | None]


def find_text(text: str, _language: str, _context: SlotContext) -> Entity | None:
    """Whatever was said, without spare blanks; None when it was hesitation alone."""
    said = " ".join(text.split())
    if not words(said):
        return None
    return Entity(entity="text", value=said, readings=(said,), start=0, end=len(text))


PARSERS: Mapping[str, Parser] = MappingProxyType(
    {
        "digits": lambda text, language, _context: find_digits(text, language),
        "number": with_corrections(lambda text, language, _context: find_number(text, language)),
        "yes_no": lambda text, language, _context: find_yes_no(text, language),
        "money": with_corrections(find_money),
        "date": with_corrections(find_date),
        "time": with_corrections(lambda text, language, _context: find_time(text, language)),
        "phone": find_phone,
        "choice": find_choice,
        "name": with_corrections(find_name),
        "text": find_text,
        "offer_reply": lambda text, language, _context: find_offer_reply(text, language),
    }
)


def find(slot_type: str, text: str, language: str, context: SlotContext = NO_CONTEXT) -> Entity | None:
    """The value of that slot type in text, or None: nothing found, no such parser, or no table for the language."""
    parser = PARSERS.get(slot_type)
    if slot_type in ("number", "money"):
        text = as_written(text, context.region)
    return parser(text, language, context) if parser else None
