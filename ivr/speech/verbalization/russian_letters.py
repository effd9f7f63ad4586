"""Latin letters in Russian text: a Russian voice cannot read them. Known words as people say them, others by letter."""

from __future__ import annotations

import re

from ivr.speech.verbalization.rule import pairs

LATIN = "A-Za-z"
FOREIGN = rf"[{LATIN}]+(?:['’-][{LATIN}]+)*"

_KNOWN = pairs(
    "sms эсэмэс pin пин wi-fi вай-фай wifi вай-фай e-mail имэйл email имэйл internet интернет online онлайн vip вип "
    "ok окей visa виза sim сим mastercard мастеркард mir мир google гугл apple эппл pay пэй app приложение "
    "whatsapp вотсап telegram телеграм viber вайбер android андроид iphone айфон id айди it айти pdf пэдээф "
    "usb юэсби gps джипиэс tv тэвэ www три-вэ"
)
_LETTERS = pairs(
    "a эй b би c си d ди e и f эф g джи h эйч i ай j джей k кей l эл m эм n эн o оу p пи q кью r ар s эс t ти u ю v ви "
    "w даблъю x икс y уай z зед"
)
_PAIRS = pairs("sh ш ch ч ee и oo у th т ph ф ck к zh ж ya я yu ю")
_SINGLE = pairs(
    "a а b б c к d д e е f ф g г h х i и j й k к l л m м n н o о p п q к r р s с t т u у v в w у x кс y и z з"
)


def foreign(match: re.Match[str]) -> str:
    """How a word in Latin letters is said in Russian: known words, capitals by letter, the rest by sound."""
    word = match.group()
    known = _KNOWN.get(word.lower())
    if known is not None:
        return known
    if word.isupper() and len(word) <= 5:
        return " ".join(_LETTERS[letter] for letter in word.lower() if letter in _LETTERS)
    said, at, lower = "", 0, word.lower()
    while at < len(lower):
        pair = _PAIRS.get(lower[at : at + 2])
        said += pair or _SINGLE.get(lower[at], "")
        at += 2 if pair else 1
    return said
