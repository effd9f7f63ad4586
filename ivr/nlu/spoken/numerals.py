"""Words that mean numbers, one table a language. A new language is a new table, not new code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Numerals:
    """How a language says numbers. All words lower case, without ё.

    small: 0..19. tens: 20..90. hundreds: words that are hundreds by themselves (двести). hundred/thousand/million:
    words that multiply what stands before them. joiners: "and" inside a number. repeat: "double five". times: "два раза
    пять". group: "две пятерки". homophones: words that mean a digit only between digits. skip: words allowed inside a
    number ("dash", "then"). correction: what comes after them replaces what came before. negation: what comes after
    does not count ("not two, three"). ending: words before a count of digits ("the last four are").
    """

    small: Mapping[str, int]
    tens: Mapping[str, int]
    hundreds: Mapping[str, int] = field(default_factory=dict)
    hundred: frozenset[str] = frozenset()
    thousand: frozenset[str] = frozenset()
    million: frozenset[str] = frozenset()
    joiners: frozenset[str] = frozenset()
    repeat: Mapping[str, int] = field(default_factory=dict)
    times: frozenset[str] = frozenset()
    group: Mapping[str, int] = field(default_factory=dict)
    homophones: Mapping[str, int] = field(default_factory=dict)
    skip: frozenset[str] = frozenset()
    correction: frozenset[str] = frozenset()
    negation: frozenset[str] = frozenset()
    ending: frozenset[str] = frozenset()


def _table(**forms: str) -> Mapping[str, int]:
    """n5="five" -> {"five": 5}; several forms are separated by spaces."""
    return {form: int(name[1:]) for name, words in forms.items() for form in words.split()}


_ENGLISH = Numerals(
    small=_table(
        n0="zero nought naught nil null", n1="one", n2="two", n3="three", n4="four", n5="five", n6="six", n7="seven",
        n8="eight", n9="nine niner", n10="ten", n11="eleven", n12="twelve", n13="thirteen", n14="fourteen",
        n15="fifteen", n16="sixteen", n17="seventeen", n18="eighteen", n19="nineteen",
    ),
    tens=_table(
        n20="twenty", n30="thirty", n40="forty fourty", n50="fifty", n60="sixty", n70="seventy", n80="eighty",
        n90="ninety",
    ),
    hundred=frozenset(("hundred", "hundreds")),
    thousand=frozenset(("thousand", "thousands", "grand")),
    million=frozenset(("million", "millions")),
    joiners=frozenset(("and",)),
    repeat={"double": 2, "twice": 2, "triple": 3, "treble": 3, "quadruple": 4},
    group=_table(
        n0="zeros zeroes ohs", n1="ones", n2="twos", n3="threes", n4="fours", n5="fives", n6="sixes", n7="sevens",
        n8="eights", n9="nines",
    ),
    homophones={"o": 0, "oh": 0, "won": 1, "to": 2, "too": 2, "for": 4, "fore": 4, "ate": 8},
    skip=frozenset(
        ("uh", "um", "er", "erm", "hmm", "dash", "hyphen", "then", "and", "comma", "point", "next", "space", "slash",
         "please", "yeah", "okay", "ok")
    ),
    correction=frozenset(("no", "sorry", "wait", "actually", "correction", "rather", "mean", "oops", "make")),
    negation=frozenset(("not",)), ending=frozenset(("last", "final")),
)  # fmt: skip

_RUSSIAN = Numerals(
    small=_table(
        n0="ноль нуль нолик нуля ноля нулю нолю", n1="один единица единичка одна одну одно одного одной одному раз",
        n2="два двойка две двух двум двумя", n3="три тройка трех трем тремя", n4="четыре четверка четырех четырем",
        n5="пять пятерка пяти пятью", n6="шесть шестерка шести шестью", n7="семь семерка семи семью",
        n8="восемь восьмерка восьми восемью", n9="девять девятка девяти девятью", n10="десять десяти десятью",
        n11="одиннадцать одиннадцати", n12="двенадцать двенадцати", n13="тринадцать тринадцати",
        n14="четырнадцать четырнадцати", n15="пятнадцать пятнадцати", n16="шестнадцать шестнадцати",
        n17="семнадцать семнадцати", n18="восемнадцать восемнадцати", n19="девятнадцать девятнадцати",
    ),
    tens=_table(
        n20="двадцать двадцати", n30="тридцать тридцати", n40="сорок сорока", n50="пятьдесят пятидесяти",
        n60="шестьдесят шестидесяти", n70="семьдесят семидесяти", n80="восемьдесят восьмидесяти",
        n90="девяносто девяноста",
    ),
    hundreds=_table(
        n100="сто ста", n200="двести двухсот", n300="триста трехсот", n400="четыреста четырехсот",
        n500="пятьсот пятисот", n600="шестьсот шестисот", n700="семьсот семисот", n800="восемьсот восьмисот",
        n900="девятьсот девятисот",
    ),
    thousand=frozenset(("тысяча", "тысячи", "тысяч", "тысячу", "тысячам", "тысячами", "тысячах", "тыща", "тыщи",
        "тыщ", "тыщу", "тыс")),
    million=frozenset(("миллион", "миллиона", "миллионов", "миллионами", "миллионам", "млн")),
    repeat={"дважды": 2, "трижды": 3},
    times=frozenset(("раза", "раз")),
    group=_table(
        n0="нуля нолей нулей ноля нолика", n1="единицы единиц единички", n2="двойки двоек", n3="тройки троек",
        n4="четверки четверок", n5="пятерки пятерок", n6="шестерки шестерок", n7="семерки семерок",
        n8="восьмерки восьмерок", n9="девятки девяток",
    ),
    skip=frozenset(("э", "эм", "это", "тире", "дефис", "потом", "дальше", "и", "ну", "так", "да", "номер", "дробь",
        "пробел", "затем", "далее", "запятая", "точка")),
    correction=frozenset(("нет", "извините", "простите", "ой", "точнее", "вернее", "стоп", "есть")),
    negation=frozenset(("не",)), ending=frozenset(("последние", "последних")),
)  # fmt: skip

LANGUAGES: Mapping[str, Numerals] = MappingProxyType({"en": _ENGLISH, "ru": _RUSSIAN})


def numerals(language: str) -> Numerals | None:
    """The table of a language ("en", "en-GB"), or None."""
    return LANGUAGES.get(language.lower().partition("-")[0])
