"""Russian: figures and signs of fixed texts as people say them, in the case the words around them ask for."""

from __future__ import annotations

import re

from num2words import num2words

from ivr.speech.verbalization.rule import Rule, figure_groups, only_figures, pairs, rule
from ivr.speech.verbalization.russian_letters import FOREIGN, LATIN, foreign

_DIGITS = ("ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять")
_MONTHS = (
    *("января", "февраля", "марта", "апреля", "мая", "июня"),
    *("июля", "августа", "сентября", "октября", "ноября", "декабря"),
)
_MONEY = {
    "₽": (("рубль", "рубля", "рублей"), ("копейка", "копейки", "копеек")),
    "$": (("доллар", "доллара", "долларов"), ("цент", "цента", "центов")),
    "€": (("евро", "евро", "евро"), ("цент", "цента", "центов")),
    "£": (("фунт", "фунта", "фунтов"), ("пенс", "пенса", "пенсов")),
}
_NAMES = {"руб": "₽", "р": "₽", "rub": "₽", "usd": "$", "eur": "€", "gbp": "£"}
_UNITS = {
    "км": ("километр", "километра", "километров"),
    "кг": ("килограмм", "килограмма", "килограммов"),
    "см": ("сантиметр", "сантиметра", "сантиметров"),
    "гб": ("гигабайт", "гигабайта", "гигабайтов"),
    "мб": ("мегабайт", "мегабайта", "мегабайтов"),
    "мин": ("минута", "минуты", "минут"),
    "сек": ("секунда", "секунды", "секунд"),
    "ч": ("час", "часа", "часов"),
    "тыс": ("тысяча", "тысячи", "тысяч"),
    "млн": ("миллион", "миллиона", "миллионов"),
    "млрд": ("миллиард", "миллиарда", "миллиардов"),
}
_PERCENT = ("процент", "процента", "процентов")
_FEMININE = ("копейка", "минута", "секунда", "тысяча")
# Words after which a number stands in the genitive, the dative, the instrumental.
_CASES = {
    **dict.fromkeys(("от", "до", "с", "со", "без", "около", "более", "менее", "больше", "меньше", "после", "из"), "g"),
    **dict.fromkeys(("для", "свыше", "порядка", "течение", "кроме"), "g"),
    **dict.fromkeys(("к", "ко"), "d"),
    **dict.fromkeys(("между", "перед", "над"), "i"),
}
_BEFORE = rf"(?P<before>\b(?:{'|'.join(_CASES)})\s)?"
_NUMBER = r"\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?!\d)|\d+"
_ORDINAL_CASES = pairs(  # ending -> case and gender
    "й nm ый nm ой nm ий nm я nf ая nf е nn ое nn го gm ого gm му dm ому dm м pm ом pm ю af ую af"
)


def _bare(number: str) -> str:
    """A number with a decimal point and without separators of thousands."""
    return re.sub(r"[\s\u00a0\u202f]", "", number).replace(",", ".")


def _case(match: re.Match[str]) -> str:
    return _CASES.get((match["before"] or "").strip().lower(), "n")


def _words(number: int, case: str = "n", gender: str = "m") -> str:
    said = str(num2words(number, lang="ru", case=case, gender=gender))
    return said.removeprefix("одна ") if said.startswith("одна тысяча") else said


def _ordinal(number: int, case: str, gender: str = "m") -> str:
    return str(num2words(number, lang="ru", to="ordinal", case=case, gender=gender)).removeprefix("одна ")


def _decimal(text: str, case: str = "n", gender: str = "m") -> str:
    whole, _, fraction = _bare(text).partition(".")
    if not fraction:
        return _words(int(whole), case, gender)
    parts = ("десятая", "десятых") if len(fraction) == 1 else ("сотая", "сотых")
    if len(fraction) > 2:
        return f"{_words(int(whole))} запятая {' '.join(_DIGITS[int(d)] for d in fraction)}"
    small = int(fraction)
    one = whole[-1:] == "1" and int(whole) % 100 != 11
    unit = parts[0] if small % 10 == 1 and small != 11 else parts[1]
    return f"{_words(int(whole), 'n', 'f')} {'целая' if one else 'целых'} {_words(small, 'n', 'f')} {unit}"


def _counted(text: str, forms: tuple[str, str, str], case: str = "n") -> str:
    """A number with its noun: двадцать один процент, две минуты; до двадцати процентов."""
    number = _bare(text)
    if "." in number:
        return f"{_decimal(text)} {forms[1]}"
    value = int(number)
    last, gender = value % 10, "f" if forms[0] in _FEMININE else "m"
    if value % 100 in range(11, 15) or last not in (1, 2, 3, 4):
        noun = forms[2]
    elif last == 1:
        noun = forms[0] if case == "n" else forms[1]
    else:
        noun = forms[1] if case == "n" else forms[2]
    return f"{_words(value, case, gender)} {noun}"


def _figures(text: str) -> str:
    return ", ".join(" ".join(_DIGITS[int(d)] for d in group) for group in figure_groups(only_figures(text)))


def _phone(match: re.Match[str]) -> str:
    groups = [only_figures(g) for g in re.split(r"[\s().-]+", match[0].lstrip("+")) if only_figures(g)]
    said = ", ".join(_words(int(g)) if len(g) in (2, 3) and g[0] != "0" else _figures(g) for g in groups)
    return f"плюс {said}" if match[0].startswith("+") else said


def _money(match: re.Match[str]) -> str:
    sign = match["sign"] or _NAMES[(match["name"] or "").lower().rstrip(".")]
    units, hundredths = _MONEY[sign]
    whole, _, rest = _bare(match["number"]).partition(".")
    before, case, scale = match["before"] or "", _case(match), (match["scale"] or "").rstrip(".").lower()
    if scale:
        return f"{before}{_counted(match['number'], _UNITS[scale], case)} {units[2]}"
    said = _counted(whole, units, case)
    small = int(rest.ljust(2, "0")[:2]) if rest else 0
    return f"{before}{said} {_counted(str(small), hundredths, case)}" if small else f"{before}{said}"


def _clock(match: re.Match[str]) -> str | None:
    hour, minute = int(match["hour"]), int(match["minute"])
    if hour > 24 or minute > 59:
        return None
    before, case = match["before"] or "", _case(match)
    if not minute:
        return before + _counted(str(hour), _UNITS["ч"], case)
    small = f"{_words(0, case)} {_words(minute, case, 'f')}" if minute < 10 else _words(minute, case, "f")
    return f"{before}{_words(hour, case)} {small}"


def _date(year: str, month: int, day: int) -> str | None:
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    said = f"{_ordinal(day, 'g')} {_MONTHS[month - 1]}"
    return f"{said} {_ordinal(int(year), 'g')} года" if year else said


def _year(match: re.Match[str]) -> str:
    word = match["word"].lower()
    case = {"году": "p", "годом": "i", "год": "n"}.get(word, "g")
    if word == "г.":
        case = (
            "p" if re.fullmatch(r"(?:в|о)\s", match["before"] or "", re.IGNORECASE) else "g" if match["before"] else "n"
        )
    full = {"p": "году", "g": "года", "n": "год", "i": "годом"}[case]
    return f"{match['before'] or ''}{_ordinal(int(match['year']), case)} {full}"


def _before_noun(match: re.Match[str]) -> str:
    """A number before any noun: one and two follow its gender as its ending tells it."""
    number, noun, case = int(_bare(match["number"])), match["noun"].lower(), _case(match)
    before, said = match["before"] or "", ""
    if number % 10 == 1 and number % 100 != 11 and case == "n" and noun.endswith(("а", "я")):
        said = _words(number, "n", "f")
    elif number % 10 == 1 and number % 100 != 11 and case == "n" and noun.endswith(("у", "ю")):
        said = _words(number, "a", "f")
    elif number % 10 == 1 and number % 100 != 11 and case == "n" and noun.endswith(("о", "е")):
        said = _words(number, "n", "n")
    elif number % 10 == 2 and number % 100 != 12 and case == "n" and noun.endswith(("ы", "и")):
        said = _words(number, "n", "f")
    return f"{before}{said or _words(number, case)} {match['noun']}"


def _long_figures(match: re.Match[str]) -> str | None:
    number = match[0]
    return _figures(number) if number[0] == "0" or (len(number) > 4 and not number.endswith("000")) else None


_SCALE = r"(?:\s?(?P<scale>тыс\.?|млн\.?|млрд\.?)(?!\w))?"
_DECIMAL = rf"(?P<number>(?:{_NUMBER})(?:[.,]\d+)?)"

RUSSIAN: tuple[Rule, ...] = (
    rule(r"[\u2010-\u2012\u2212]", "-"),
    rule(r"(?<![\w.-])-(?=\d)", "минус "),
    rule(r"(?:\bс\s)?(\d{1,2}:\d\d)\s?[-–]\s?(?=\d{1,2}:\d\d)", r"с \1 до "),
    rule(r"\b24\s?/\s?7(?:\s?/\s?365)?\b", "двадцать четыре на семь"),
    rule(r"(?:№|#|\bномер\s№)\s?(?=\d)", "номер "),
    rule(r"\+\d[\d\s().-]{8,}\d|\b8[\s-]\(?\d{3}\)?[\s-]\d{3}(?:[\s-]?\d\d){2}\b|\b\d{3}-\d\d-\d\d\b", _phone),
    rule(rf"{_BEFORE}(?P<sign>[$€£₽])\s?{_DECIMAL}{_SCALE}(?P<name>)", _money),
    rule(
        rf"{_BEFORE}(?<![\d.,]){_DECIMAL}{_SCALE}\s?(?:(?P<sign>[$€£₽])|(?P<name>руб|р|rub|usd|eur|gbp)(?:\b\.|\b(?!\.)))",
        _money,
    ),
    rule(r"(?<=\d)\s?коп\b\.?", " копеек"),
    rule(r"\b(\d{4})-(\d\d)-(\d\d)\b", lambda m: _date(m[1], int(m[2]), int(m[3]))),
    rule(r"\b(\d{1,2})\.(\d\d)\.(\d{4})\b(?:\s?г(?:ода\b|\.))?", lambda m: _date(m[3], int(m[2]), int(m[1]))),
    rule(
        rf"\b(\d{{1,2}})(?:-го)?\s({'|'.join(_MONTHS)})\b(?:\s(\d{{4}})\b(?:\s?г(?:ода\b|\.))?)?",
        lambda m: _date(m[3] or "", _MONTHS.index(m[2].lower()) + 1, int(m[1])),
    ),
    rule(rf"{_BEFORE}\b(?P<hour>\d{{1,2}}):(?P<minute>\d\d)\b", _clock),
    rule(
        r"(?P<before>\b(?:в|о|с|до|от|после)\s)?\b(?P<year>1[1-9]\d\d|20\d\d)-?(?:м|го|й)?\s?(?P<word>году|года|годом|год\b|г\.)",
        _year,
    ),
    rule(
        rf"\b(\d+)-({'|'.join(sorted(_ORDINAL_CASES, key=len, reverse=True))})\b",
        lambda m: _ordinal(int(m[1]), *_ORDINAL_CASES[m[2].lower()]),
    ),
    rule(rf"{_BEFORE}{_DECIMAL}\s?%", lambda m: (m["before"] or "") + _counted(m["number"], _PERCENT, _case(m))),
    rule(
        rf"{_BEFORE}{_DECIMAL}\s?(?P<unit>{'|'.join(_UNITS)})(?:\b\.|\b(?!\.))",
        lambda m: (m["before"] or "") + _counted(m["number"], _UNITS[m["unit"].lower()], _case(m)),
    ),
    rule(
        r"(?<![\w.,])(\d{1,4})\s?[-–]\s?(\d{1,4})(?!\w)",
        lambda m: f"от {_words(int(m[1]), 'g')} до {_words(int(m[2]), 'g')}",
    ),
    rule(r"(?<![\w.,])(?:\d{4,}|0\d+)(?![\w]|[.,]\d)", _long_figures),
    rule(rf"{_BEFORE}(?<![\w.,])(?P<number>{_NUMBER})\s(?P<noun>[а-яё]{{3,}})", _before_noun),
    rule(rf"{_BEFORE}(?<![\w.,]){_DECIMAL}(?!\w)", lambda m: (m["before"] or "") + _decimal(m["number"], _case(m))),
    rule(r"\d+", lambda m: f" {_figures(m[0])} "),
    rule(r"\b(?:т\.\s?е\.)", "то есть"),
    rule(r"\b(?:т\.\s?к\.)", "так как"),
    rule(r"\b(?:т\.\s?д\.)", "так далее."),
    rule(r"\b(?:т\.\s?п\.)", "тому подобное."),
    rule(r"\bул\.", "улица"),
    rule(r"\bтел\.", "телефон"),
    rule(r"\bдоб\.", "добавочный"),
    rule(r"\s*&\s*", " и "),
    rule(r"\s\+\s", " плюс "),
    rule(r"(?<=\w)/(?=\w)", " или "),
    rule(r"\s*[–—]\s*", ", "),
    rule(FOREIGN, foreign),
    rule(rf"[{LATIN}]", ""),
    rule(r"[*_#<>\[\]{}|~^\\«»\"„“”]", " "),
    rule(r"\s+([,.!?;:])", r"\1"),
)
