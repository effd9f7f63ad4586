"""Russian: values as people say them on the telephone, with the cases, genders and plurals they take."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from num2words import num2words

from ivr.dialog.tongues.tongue import Tongue, amount, clock, day, decimal, digit_groups, phone_groups

_DIGITS = ("ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять")
_MONTHS = (
    *("января", "февраля", "марта", "апреля", "мая", "июня"),
    *("июля", "августа", "сентября", "октября", "ноября", "декабря"),
)
_CURRENCIES = {
    "EUR": (("евро", "евро", "евро"), ("цент", "цента", "центов")),
    "USD": (("доллар", "доллара", "долларов"), ("цент", "цента", "центов")),
    "GBP": (("фунт", "фунта", "фунтов"), ("пенс", "пенса", "пенсов")),
    "RUB": (("рубль", "рубля", "рублей"), ("копейка", "копейки", "копеек")),
}
_HOME = 7  # calling code of numbers that are read with an 8 in front instead


def plural(value: Decimal | int, one: str, few: str, many: str) -> str:
    """The form a number demands: 1 день, 2 дня, 5 дней, 11 дней, 21 день; a fraction takes the second (2,5 дня)."""
    if value % 1:
        return few
    last_two = abs(int(value)) % 100
    last = last_two % 10
    if last == 1 and last_two != 11:
        return one
    return few if 2 <= last <= 4 and not 12 <= last_two <= 14 else many


def gender(noun: str) -> str:
    """m, f or n of a noun in the nominative, by its ending."""
    if noun.endswith(("а", "я", "ость", "сть")):
        return "f"
    return "n" if noun.endswith(("о", "е")) and noun != "евро" else "m"


def words(value: Decimal | int, gender: str = "m") -> str:
    """A number in words, nominative."""
    said = str(num2words(value, lang="ru", gender=gender))
    return said.removeprefix("одна ") if said.startswith("одна тысяча") else said


def counted(value: Decimal | int, forms: tuple[str, str, str]) -> str:
    """ "двадцать одна неделя", "два дня"."""
    noun = plural(value, *forms)
    return f"{words(value, gender(forms[0].split()[-1]))} {noun}"


def digits(value: Any, _extra: str) -> str:
    return ", ".join(_spelled(group) for group in digit_groups(value))


def _spelled(group: str) -> str:
    return " ".join(_DIGITS[int(d)] for d in group)


def number(value: Any, _extra: str) -> str:
    return words(decimal(value))


def money(value: Any, currency: str) -> str:
    whole, rest, currency = amount(value, currency)
    units, hundredths = _CURRENCIES[currency]
    said = counted(whole, units)
    if not rest:
        return said
    return f"{'минус ' if rest < 0 else ''}{said} {counted(abs(rest), hundredths)}"


def date(value: Any, today: str) -> str:
    """Genitive, as an answer to "when": "пятого марта тысяча девятьсот восемьдесят второго года"."""
    found = day(value)
    said = f"{_ordinal(found.day)} {_MONTHS[found.month - 1]}"
    return said if today[:4] == str(found.year) else f"{said} {_ordinal(found.year)} года"


def _ordinal(value: int) -> str:
    return str(num2words(value, lang="ru", to="ordinal", case="g", gender="m")).removeprefix("одна ")


def time(value: Any, _extra: str) -> str:
    found = clock(value)
    hours = counted(found.hour, ("час", "часа", "часов"))
    return f"{hours} {counted(found.minute, ('минута', 'минуты', 'минут'))}" if found.minute else hours


def phone(value: Any, _extra: str) -> str:
    code, rest = phone_groups(value, _HOME)
    start = [f"плюс {_spelled(code)}"] if code else ["восемь"] if str(value).startswith("+") else []
    return ", ".join([*start, *(_group(group) for group in rest)])


def _group(group: str) -> str:
    """Two and three figures are read as one number, unless they begin with a zero."""
    return _spelled(group) if len(group) not in (2, 3) or group[0] == "0" else words(int(group))


def name(value: Any, _extra: str) -> str:
    return " ".join(str(value).split())


def count(value: Any, forms: str) -> str:
    nouns = [form.strip() for form in forms.split("/")]
    if len(nouns) != 3:
        raise ValueError(f"a counted noun has three forms in Russian, not {forms!r}")
    return counted(decimal(value), (nouns[0], nouns[1], nouns[2]))


def masked(value: Any, _extra: str) -> str:
    """Enough for the caller to recognise a long number, nothing of a short one."""
    text = str(value)
    return f"номер, который заканчивается на {digits(text[-2:], '')}" if len(text) >= 8 else "номер, который вы назвали"


def _set(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


RUSSIAN = Tongue(
    yes=("да", "да верно", "верно", "правильно", "конечно", "ага", "угу", "да спасибо", "все верно"),
    no=("нет", "неверно", "неправильно", "нет спасибо", "не надо", "не верно", "неа"),
    formatters={
        "digits": digits,
        "number": number,
        "money": money,
        "date": date,
        "time": time,
        "phone": phone,
        "name": name,
        "count": count,
        "masked": masked,
    },
    plural_forms=3,
    abbreviations=_set("г ул д кв стр им пр пл обл руб коп тыс млн т.е т.к т.д т.п др см мин сек гр тел доб"),
    closing=_set("руб коп тыс млн т.д т.п др мин сек"),
    before_names=_set("г д"),
    denials=(
        *("нет", "не", "неа", "неверно", "неправильно", "не так", "это не так", "я сказал", "я сказала"),
        *("я имел в виду", "я имела в виду", "имел в виду", "имела в виду", "исправьте", "поменяйте"),
    ),
    amendments=(
        *("извините", "простите", "ой", "точнее", "вернее", "стоп", "подождите", "погодите", "постойте"),
        *("на самом деле", "ошибся", "ошиблась", "я ошибся", "я ошиблась", "хотя"),
    ),
    tail=_set("последние последняя последний конец конце концу оканчивается заканчивается"),
    head=_set("первые первая первый начало начале начинается"),
    counted=_set("последние последняя последний первые первая первый"),
    negations=_set("не"),
    stated=(
        ("один", "полезно", "было полезно", "полезное", "полезным", "очень полезно", "пригодится", "интересно"),
        (
            *("два", "не помешало", "не мешало", "не мешает", "не против", "всё равно", "все равно", "нейтрально"),
            *("не раздражает", "не раздражало", "нормально"),
        ),
        (
            *("три", "раздражает", "раздражало", "очень раздражает", "раздражающее", "помешало", "мешает", "мешало"),
            *("надоело", "надоели", "навязчиво", "неприятно"),
        ),
    ),
)
