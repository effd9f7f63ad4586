"""What a recogniser makes of a name said over the telephone: other spellings, other letters, words cut or joined.

Owns the ways a name gets damaged, each by chance from a seed. Modelled on what Whisper and Vosk write for Russian and
English names; a test set made with one seed says nothing about tuning done with it, so tuning uses another.
"""

from __future__ import annotations

from random import Random

from ivr.demo.crm_names import latin_name
from ivr.identity.given_names import also_called

SCHEMES = ("passport", "library", "german", "french")
_LATIN_SLIPS = (
    ("v", "w"), ("v", "f"), ("ov", "off"), ("ova", "over"), ("ph", "f"), ("th", "t"), ("c", "k"), ("k", "c"),
    ("ck", "k"), ("z", "s"), ("s", "z"), ("b", "p"), ("p", "b"), ("d", "t"), ("t", "d"), ("g", "k"), ("m", "n"),
    ("n", "m"), ("sh", "s"), ("ch", "sh"), ("ee", "i"), ("i", "ee"), ("ie", "y"), ("y", "i"), ("a", "e"), ("e", "a"),
    ("o", "a"), ("a", "o"), ("ll", "l"), ("l", "ll"), ("nn", "n"), ("n", "nn"), ("tt", "t"), ("son", "sen"),
    ("er", "a"), ("ey", "y"), ("oo", "u"),
)  # fmt: skip
_RUSSIAN_SLIPS = (
    ("о", "а"), ("а", "о"), ("е", "и"), ("и", "е"), ("ё", "е"), ("ё", "о"), ("я", "е"), ("в", "ф"), ("б", "п"),
    ("п", "б"), ("д", "т"), ("т", "д"), ("г", "к"), ("з", "с"), ("с", "з"), ("щ", "ш"), ("ш", "щ"), ("ж", "ш"),
    ("м", "н"), ("н", "м"), ("нн", "н"), ("лл", "л"), ("ь", ""), ("ий", "ей"), ("ов", "ав"), ("ова", "ого"),
    ("ц", "с"), ("йо", "ё"), ("э", "е"),
)  # fmt: skip


def misheard(name: str, language: str, chance: Random, slips: float = 1.0) -> str:
    """A name ("Anna Petrova", "Анна Петровна Петрова") as it may come out of recognition. slips: how many letters are
    wrong on average."""
    words = name.split()
    if len(words) == 3 and chance.random() < 0.6:
        del words[1]  # most leave the patronymic or the second name out
    if chance.random() < 0.12:
        called = [other for other in also_called(words[0]) if _same_script(other, words[0])]
        words[0] = chance.choice(called).title() if called else words[0]
    if len(words) == 2 and chance.random() < (0.25 if language == "ru" else 0.05):
        words.reverse()
    if language == "ru" and chance.random() < 0.2:
        scheme = chance.choice(SCHEMES)  # an English recogniser, or one that has changed languages
        words, language = [latin_name(word, scheme) for word in words], "en"
    words = [_slipped(word, language, chance, slips / len(words)) for word in words]
    said = _cut_and_joined(words, chance)
    return said.lower() if chance.random() < 0.5 else said


def _same_script(one: str, other: str) -> bool:
    return one.isascii() == other.isascii()


def _slipped(word: str, language: str, chance: Random, slips: float) -> str:
    """With letters replaced, seldom lost."""
    table = _RUSSIAN_SLIPS if language == "ru" else _LATIN_SLIPS
    while chance.random() < slips:
        slips -= 1
        usable = [(old, new) for old, new in table if old in word.lower()[1:]]
        if usable and chance.random() < 0.85:
            old, new = chance.choice(usable)
            at = word.lower().index(old, 1)
            word = word[:at] + new + word[at + len(old) :]
        elif len(word) > 4:
            at = chance.randrange(1, len(word))
            word = word[:at] + word[at + 1 :]
    return word


def _cut_and_joined(words: list[str], chance: Random) -> str:
    drawn = chance.random()
    if drawn < 0.07:  # "Petrov a"
        return " ".join([*words[:-1], f"{words[-1][:-1]} {words[-1][-1]}"]) if len(words[-1]) > 4 else " ".join(words)
    if drawn < 0.10 and len(words[-1]) > 6:
        at = len(words[-1]) // 2
        return " ".join([*words[:-1], words[-1][:at], words[-1][at:].title()])
    if drawn < 0.14:
        return ", ".join(words) + "."
    if drawn < 0.17:
        return "uh " + " ".join(words) if words[0].isascii() else "э " + " ".join(words)
    return " ".join(words)
