"""Letters said one by one: "P E T R O V A", "P as in Peter", "пэ как Пётр". Owns the words for letters.

A spelled word stands beside the name as it was heard and is likelier right; whoever asks decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ivr.nlu.words import spans

LEAST_LETTERS = 3


def _letters(table: str) -> Mapping[str, str]:
    """ "a: ay eh; b: bee" -> {"a": "a", "ay": "a", ...}."""
    found: dict[str, str] = {}
    for entry in table.split(";"):
        letter, _, words = entry.strip().partition(":")
        found |= dict.fromkeys((letter, *words.split()), letter)
    return MappingProxyType(found)


_LETTERS: Mapping[str, Mapping[str, str]] = {
    "en": _letters(
        """a: ay alpha alfa; b: bee bravo; c: cee see charlie; d: dee delta; e: ee echo; f: ef eff foxtrot; g: gee golf;
        h: aitch hotel; i: eye india; j: jay juliet; k: kay kilo; l: el ell lima; m: em mike; n: en november;
        o: oh oscar; p: pee papa; q: cue queue quebec; r: ar are romeo; s: ess sierra; t: tee tango; u: you uniform;
        v: vee victor; w: whiskey; x: ex xray; y: why yankee; z: zee zed zulu"""
    ),
    "ru": _letters(
        """а: анна; б: бэ бе борис; в: вэ ве василий; г: гэ ге григорий; д: дэ де дмитрий; е: елена; ё: ; ж: жэ же жук;
        з: зэ зе зоя зинаида; и: иван; й: краткое; к: ка константин; л: эль эл леонид; м: эм михаил; н: эн николай;
        о: ольга; п: пэ пе павел; р: эр роман; с: эс семен; т: тэ те татьяна; у: ульяна; ф: эф федор; х: ха харитон;
        ц: цэ це цапля; ч: че человек; ш: ша шура; щ: ща щука; ы: игрек; ь: знак; э: эхо; ю: юрий; я: яков"""
    ),
}
_AS_IN = {"en": (("as", "in"), ("like",), ("for",)), "ru": (("как",), ("как", "в", "слове"))}
_BETWEEN = frozenset(("and", "then", "и", "потом", "дальше", "мягкий", "твердый", "и-краткое"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelled:
    """A word put together of its letters; start and end: characters of the text."""

    word: str
    start: int
    end: int


def find_spelled(text: str, language: str) -> Spelled | None:
    """The longest run of letters in text, None when there are fewer than three."""
    table = _LETTERS.get(language[:2].lower())
    if table is None:
        return None
    said = list(spans(text))
    best: Spelled | None = None
    at = 0
    while at < len(said):
        letters, after, single = _run(said, at, table, _AS_IN[language[:2].lower()])
        if len(letters) >= LEAST_LETTERS and single >= 2 and (best is None or len(letters) > len(best.word)):
            best = Spelled(word=letters.title(), start=said[at][1], end=said[after - 1][2])
        at = max(after, at + 1)
    return best


def _run(
    said: list[tuple[str, int, int]], at: int, table: Mapping[str, str], as_in: tuple[tuple[str, ...], ...]
) -> tuple[str, int, int]:
    """(letters from here on, place after them, how many of them were plain letters or named by a word)."""
    letters, plain, after = "", 0, at
    while after < len(said):
        word = said[after][0]
        if word in _BETWEEN and letters:
            after += 1
            continue
        if word not in table:
            break
        letters += table[word]
        named = _named(said, after + 1, as_in)
        plain += len(word) == 1 or named > after + 1
        after = named
    while after > at and said[after - 1][0] in _BETWEEN:
        after -= 1
    return letters, after, plain


def _named(said: list[tuple[str, int, int]], at: int, as_in: tuple[tuple[str, ...], ...]) -> int:
    """The place after "as in Peter", or at."""
    for words in sorted(as_in, key=len, reverse=True):
        if tuple(word for word, _, _ in said[at : at + len(words)]) == words and at + len(words) < len(said):
            return at + len(words) + 1
    return at
