"""The words about what follows a yes: said instead when it cannot be, written to whoever ordered, and whether they
speak of what really follows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ivr.model.fulfilment import LEAD, ORDER, queue_of
from ivr.offers.script import Complaint, Wording, broken_placeholders

ORDER_NUMBER = "{order}"
"""Stays in a rendered message until there is an order."""
_LINKS = ("://", "www.")
_SPOKEN: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    LEAD: {"en": ("call", "ring", "phone", "touch"), "ru": ("звон", "свяж")},
    ORDER: {"en": ("text", "message", "sms"), "ru": ("сообщен", "смс", "sms")},
    "transfer": {"en": ("through", "connect", "transfer"), "ru": ("соедин", "перевед", "переключ")},
}
"""Beginnings of words, one of which a caller hears who is told what follows."""


def complaints(wording: Wording, values: Mapping[str, str], fulfil: str) -> Iterator[Complaint]:
    """What is missing, or cannot be, in the words for what follows. values: placeholder -> text."""
    if fulfil == LEAD:
        yield from _needless("otherwise", wording.otherwise, "a colleague calls anyway")
    elif not wording.otherwise.strip():
        what = "nothing is said for when this cannot be, and a colleague calls instead"
        fix = "Write otherwise: with who calls, and by when."
        yield Complaint(part="otherwise", code="offer-fulfil", what=what, fix=fix)
    else:
        yield from broken_placeholders("otherwise", wording.otherwise, values)
    if fulfil != ORDER:
        yield from _needless("sms", wording.sms, "no message is sent")
        return
    yield from broken_placeholders("sms", wording.sms, {**values, "order": ORDER_NUMBER})
    for placeholder in ("{product}", "{price}", ORDER_NUMBER):
        if placeholder not in wording.sms:
            what = f"the message that asks to confirm does not tell {placeholder}"
            yield Complaint(part="sms", code="offer-fulfil", what=what, fix=f"Write {placeholder} into sms.")
    if any(link in wording.sms.lower() for link in _LINKS):
        fix = "Say how to confirm without one: by an answer, or a call."
        yield Complaint(part="sms", code="offer-fulfil", what="a link in a message is taken for a fraud", fix=fix)


def speaks_of(fulfil: str, language: str, text: str) -> bool:
    """Does a text say what follows? True in languages nobody has words for here."""
    words = _SPOKEN["transfer" if queue_of(fulfil) else fulfil].get(language)
    return words is None or any(word in text.lower() for word in words)


def _needless(part: str, text: str, why: str) -> Iterator[Complaint]:
    if text:
        yield Complaint(part=part, code="offer-fulfil", what=f"nobody is told {part}: {why}", fix=f"Remove {part}.")
