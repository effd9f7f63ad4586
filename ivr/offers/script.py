"""The words of an offer: placeholders filled once at load, and the checks a script must pass to be said to a caller.

Owns what a script may say about money and what it must disclose; a literal amount is refused, so that the price said is
always the price of the catalogue.
"""

from __future__ import annotations

import hashlib
import string
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from ivr.model.offers import OfferScript
from ivr.offers.price import mentions_money

PARTS = ("ask", "pitch", "confirm", "accepted", "declined")
FOLLOWING = ("otherwise", "sms")
"""Of products whose yes does not lead to a call by a colleague; see ivr.offers.fulfilment."""
MAX_SPOKEN_WORDS = 53
"""Pitch and confirmation together: 20 s at 160 words a minute, because the caller is promised 20 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The templates of one product in one language, as the designer wrote them."""

    language: str
    ask: str
    pitch: str
    confirm: str
    accepted: str
    declined: str
    otherwise: str = ""
    sms: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What is wrong with one part of a wording."""

    part: str
    code: str
    what: str
    fix: str


_PURPOSE = {"en": ("offer", "sales", "advert"), "ru": ("предлож", "реклам")}
_DISCLOSED: Mapping[str, tuple[str, Callable[[Wording], bool]]] = {
    "seller": ("Write {seller} into ask or pitch.", lambda w: "{seller}" in w.ask + w.pitch),
    "sales_purpose": (
        "Say in ask that this is an offer.",
        lambda w: any(word in w.ask.lower() for word in _PURPOSE.get(w.language, ())),
    ),
    "total_cost": ("Write {price} into confirm.", lambda w: "{price}" in w.confirm),
    "renewal": ("Write {cancel} into pitch or confirm.", lambda w: "{cancel}" in w.pitch + w.confirm),
    "refund": ("Write {refund} into pitch or confirm.", lambda w: "{refund}" in w.pitch + w.confirm),
}
DISCLOSURES = frozenset(_DISCLOSED)


def complaints(wording: Wording, values: Mapping[str, str], disclosures: tuple[str, ...]) -> Iterator[Complaint]:
    """Everything that keeps a wording from being said. values: placeholder -> text; disclosures: of DISCLOSURES."""
    broken = False
    for part in PARTS:
        template = getattr(wording, part)
        for complaint in broken_placeholders(part, template, values):
            broken = True
            yield complaint
    if "{price}" not in wording.confirm:
        yield Complaint(
            part="confirm",
            code="offer-price-unread",
            what="the price is not read back before the answer",
            fix="Write {price} into confirm.",
        )
    for name in disclosures:
        fix, disclosed = _DISCLOSED[name]
        if not disclosed(wording):
            yield Complaint(part="ask", code="offer-disclosure", what=f"{name} is not disclosed", fix=fix)
    if not broken:
        words = len(f"{wording.pitch} {wording.confirm}".format(**values).split())
        if words > MAX_SPOKEN_WORDS:
            yield Complaint(
                part="pitch",
                code="offer-long",
                what=f"pitch and confirm take {words} words, more than 20 seconds",
                fix=f"Cut them to {MAX_SPOKEN_WORDS} words.",
            )


def render(wording: Wording, values: Mapping[str, str]) -> OfferScript:
    """The script with every placeholder filled. version names the exact words: it is part of the proof."""
    texts = {part: getattr(wording, part).format(**values) for part in PARTS}
    texts |= {part: getattr(wording, part).format(**values) for part in FOLLOWING if getattr(wording, part)}
    return OfferScript(**texts, version=_version(wording.language, *texts.values()))


def with_notice(script: OfferScript, notice: str) -> OfferScript:
    """The script with the sentence said with a household's first offer."""
    return replace(script, notice=notice, version=_version(script.version, notice)) if notice else script


def with_consent(script: OfferScript, question: str) -> OfferScript:
    """The script with the question that asks for consent to advertising in the place of its own."""
    return replace(script, ask=question, version=_version(script.version, question))


def consent_complaints(template: str, values: Mapping[str, str], named: tuple[str, ...]) -> Iterator[Complaint]:
    """What keeps a question from being one for consent to advertising. named: beginnings of words, one of which says
    what it is about."""
    yield from broken_placeholders("ask_consent", template, values)
    if "{seller}" not in template:
        yield Complaint(
            part="ask_consent",
            code="offer-consent",
            what="it does not say whose advertising a yes agrees to",
            fix="Write {seller} into it.",
        )
    if named and not any(word in template.lower() for word in named):
        yield Complaint(
            part="ask_consent",
            code="offer-consent",
            what="it does not say that a yes is consent to advertising",
            fix=f"Say so, with a word like {' or '.join(f'{word}…' for word in named)}",
        )


def broken_placeholders(part: str, template: str, values: Mapping[str, str]) -> Iterator[Complaint]:
    """What keeps one template from being rendered and said."""
    try:
        pieces = list(string.Formatter().parse(template))
    except ValueError as error:
        yield Complaint(part=part, code="offer-placeholder", what=str(error), fix="Close every brace.")
        return
    literal = "".join(text for text, _, _, _ in pieces)
    for _, name, spec, conversion in pieces:
        if name is not None and (name not in values or spec or conversion):
            known = ", ".join(f"{{{value}}}" for value in sorted(values))
            yield Complaint(
                part=part, code="offer-placeholder", what=f"unknown placeholder {{{name}}}", fix=f"Use {known}."
            )
    if mentions_money(literal):
        yield Complaint(
            part=part,
            code="offer-price",
            what="an amount is written out, and may differ from the price",
            fix="Write {price} instead.",
        )
    if not template.strip():
        yield Complaint(part=part, code="offer-empty", what=f"{part} says nothing", fix="Write a sentence.")


def _version(*texts: str) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:12]
