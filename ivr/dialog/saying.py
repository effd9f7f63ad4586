"""From a sentence with its values to what is said: markup resolved into words, and the borders where a voice may begin.

Owns what `<say-as>` means in each language, and which parts of a sentence with values are always the same. The grammar
of the markup is ivr.model.markup; how breaks and rates sound is the voice's business.
"""

from __future__ import annotations

import re
from dataclasses import replace

from ivr.dialog.source import Node
from ivr.dialog.tongues import TONGUES, sentences
from ivr.model.dialog import Prompt
from ivr.model.markup import MarkupError, Words, marked, parse, plain, written

_FORMATTERS = {"digits": "digits", "date": "date", "telephone": "phone", "currency": "money"}
_CYRILLIC = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        (
            *("а", "бэ", "вэ", "гэ", "дэ", "е", "ё", "жэ", "зэ", "и", "и краткое", "ка", "эль", "эм", "эн", "о", "пэ"),
            *("эр", "эс", "тэ", "у", "эф", "ха", "цэ", "че", "ша", "ща", "твёрдый знак", "ы", "мягкий знак", "э"),
            *("ю", "я"),
        ),
        strict=True,
    )
)
_VALUE = re.compile(r"\{[^{}]*\}")
LEAST_CHARACTERS = 12  # of a part that is always the same: a shorter one sounds clipped
# No voice rests between these and what follows; before the second kind it may rest.
_BOUND = re.compile(r"\b(?:a|an|the|of|and|or|your|our|no|number|и|или|номер|ваш|ваша|ваше|сумму|на\sсумму)\s*$", re.I)
_LEANING = re.compile(
    r"\s(?:on|in|at|for|to|by|from|until|after|в|во|на|до|от|с|со|к|ко|по|за|из|у|для|через|после)\s*$", re.I
)


def resolved(text: str, language: str, today: str = "", currency: str = "EUR") -> str:
    """The text with every say-as in words; breaks and rates stay. What cannot be read so stays as it is written."""
    if not marked(text):
        return text
    try:
        found = parse(text)
    except MarkupError:
        return plain(text)
    return written(tuple(_in_words(p, language, today, currency) if isinstance(p, Words) else p for p in found))


def _in_words(piece: Words, language: str, today: str, currency: str) -> Words:
    if not piece.interpret:
        return piece
    try:
        said = read_as(piece.interpret, piece.text.strip(), language, today, currency)
    except ValueError:
        said = piece.text
    return replace(piece, text=said, interpret="")


def read_as(interpret: str, text: str, language: str, today: str = "", currency: str = "EUR") -> str:
    """Text as the interpretation reads it. Raises ValueError when it cannot be read so."""
    if not interpret or language not in TONGUES:
        return text
    formatters = TONGUES[language].formatters
    if interpret == "characters":
        names = _CYRILLIC if language == "ru" else {}
        said = (formatters["digits"](c, "") if c in "0123456789" else names.get(c.lower(), c.upper()) for c in text)
        return ", ".join(each for each in said if any(c.isalnum() for c in each))
    return formatters[_FORMATTERS[interpret]](text, {"date": today, "currency": currency}.get(interpret, ""))


def marked_sentences(text: str, language: str) -> tuple[str, ...]:
    """Sentences of a text; one whose markup goes over several stays whole."""
    found = sentences(text, language)
    if not marked(text):
        return found
    try:
        for sentence in found:
            parse(sentence)
    except MarkupError:
        return (text.strip(),)
    return found


def parts(sentence: str) -> tuple[str, ...]:
    """A sentence with placeholders, cut where a speaker may rest and one side is always the same; () = nowhere."""
    if marked(sentence):
        return ()
    found, begin = list[str](), 0
    for value in _VALUE.finditer(sentence):
        fixed = sentence[begin : value.start()]
        leaning = _LEANING.search(fixed)
        cut = begin + (leaning.start() if leaning else len(fixed.rstrip()))
        if not _BOUND.search(fixed) and not _VALUE.search(sentence[begin:cut]) and cut - begin >= LEAST_CHARACTERS:
            found.append(_resting(sentence[begin:cut].strip()))
            begin = cut
        behind = re.match(r"[,;:]\s", sentence[value.end() :])
        if behind and len(sentence) - value.end() - 2 >= LEAST_CHARACTERS:
            found.append(sentence[begin : value.end() + 1].strip())
            begin = value.end() + 2
    rest = sentence[begin:].strip()
    return (*found, rest) if found and rest else ()


def _resting(text: str) -> str:
    """Before a value the voice does not fall as at the end of a sentence."""
    return text if text[-1:] in ",;:—–-" else f"{text},"


def fixed_parts(sentence: str) -> tuple[str, ...]:
    """The parts of a sentence with placeholders that are the same in every call."""
    return tuple(part for part in parts(sentence) if not _VALUE.search(part))


def prompt(text: str, language: str, name: str = "", **more: object) -> Prompt:
    """A prompt of a text with markup or without: its words, and the markup for the voice."""
    said = resolved(text, language)
    return Prompt(text=plain(said), language=language, name=name, markup=said if marked(said) else "", **more)  # type: ignore[arg-type]


def check(text: str, language: str, node: Node) -> None:
    """A fault at the node for markup that cannot be read."""
    if not marked(text):
        return
    try:
        for piece in parse(text):
            if isinstance(piece, Words) and piece.interpret and not _VALUE.search(piece.text):
                read_as(piece.interpret, piece.text.strip(), language)
    except MarkupError as error:
        node.fault("markup", error.what, error.fix)
    except ValueError as error:
        node.fault(
            "markup", f"cannot be read so: {error}", "Write a value of that kind: 2025-03-31, +4930123456, 12.50."
        )
