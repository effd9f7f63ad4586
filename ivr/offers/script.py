"""The words of an offer: placeholders filled once at load, and the checks a script must pass to be said to a caller.

Owns what a script may say about money and what it must disclose; a literal amount is refused, so that the price said is
always the price of the catalogue.
"""

from __future__ import annotations

import hashlib
import math
import re
import string
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from ivr.model.offers import OfferScript
from ivr.offers.price import mentions_money

PARTS = ("ask", "pitch", "confirm", "accepted", "declined")
FOLLOWING = ("otherwise", "sms")
"""Of products whose yes does not lead to a call by a colleague; see ivr.offers.fulfilment."""
LONGEST_S = 20.0
"""From the first word of ask to the last of confirm, without the caller's answers."""
_PACE_MS: Mapping[str, tuple[float, float]] = {"en": (51.5, 140.0), "ru": (78.5, 158.0)}
"""Language -> ms for each character and for each sentence: fitted to the 323 English and 327 Russian prompts of the
insurance assistant as the shipped voices speak them; one sentence is off by a quarter of a second (one sigma)."""
_SENTENCE_END = re.compile(r"[.!?…]+(?=\s|$)")


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
        spoken = f"{wording.ask} {wording.pitch} {wording.confirm}".format(**values)
        took_s, per_character_ms = seconds(spoken, wording.language), _pace(wording.language)[0]
        if took_s > LONGEST_S:
            spare = math.ceil((took_s - LONGEST_S) * 1000 / per_character_ms)
            yield Complaint(
                part="pitch",
                code="offer-long",
                what=f"ask, pitch and confirm take {took_s:.1f} seconds, more than {LONGEST_S:.0f}",
                fix=f"Cut about {spare} characters.",
            )


def seconds(spoken: str, language: str) -> float:
    """How long this takes to say, in seconds; in a language that was not measured as long as in the slowest."""
    per_character_ms, per_sentence_ms = _pace(language)
    sentences = max(1, len(_SENTENCE_END.findall(spoken)))
    return (len(spoken) * per_character_ms + sentences * per_sentence_ms) / 1000


def _pace(language: str) -> tuple[float, float]:
    return _PACE_MS.get(language) or max(_PACE_MS.values())


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
