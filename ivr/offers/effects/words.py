"""Outcomes, verdicts and checks by name, and amounts as they are read, in English and Russian."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

OUTCOMES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "csat": "satisfaction, 1 to 5",
        "annoyed": "annoyed callers",
        "accepted": "accepted",
        "revenue_30d": "revenue within 30 days",
        "repeat_7d": "called again for the same within 7 days",
        "early_hangup": "hung up early",
        "aht_s": "handling time, s",
        "complaint_14d": "complained within 14 days",
        "churned_90d": "left within 90 days",
        "optout": "no offers any more",
    },
    "ru": {
        "csat": "оценка от 1 до 5",
        "annoyed": "раздражённые звонящие",
        "accepted": "принято",
        "revenue_30d": "доход за 30 дней",
        "repeat_7d": "позвонили с тем же за 7 дней",
        "early_hangup": "рано положили трубку",
        "aht_s": "время разговора, с",
        "complaint_14d": "пожаловались за 14 дней",
        "churned_90d": "ушли за 90 дней",
        "optout": "больше не предлагать",
    },
}
MEASURED = ("csat", "revenue_30d", "aht_s")
"""Outcomes that are amounts; the others are shares of callers."""
VERDICTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "hates": "hates it",
        "likes": "likes it",
        "does_not_mind": "does not mind",
        "not_known_yet": "not known yet",
    },
    "ru": {"hates": "против", "likes": "нравится", "does_not_mind": "не против", "not_known_yet": "пока не известно"},
}
STATED: Mapping[str, Mapping[str, str]] = {
    "en": {"useful": "useful", "did_not_mind": "did not mind", "annoying": "annoying"},
    "ru": {"useful": "полезно", "did_not_mind": "не помешало", "annoying": "раздражает"},
}
"""What callers said of an offer."""
CHECKS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "holdout": "somebody held out, somebody not",
        "draw": "one draw",
        "arms": "size of the arms",
        "probabilities": "probabilities logged",
        "ghosts": "ghosts drawn",
        "counts": "counts against the call log",
        "before": "balance before the call",
        "missing": "as complete in both arms: {outcome}",
        "untold": "told by nobody: {outcome}",
    },
    "ru": {
        "holdout": "есть и контроль, и предложения",
        "draw": "один жребий",
        "arms": "размер групп",
        "probabilities": "вероятности записаны",
        "ghosts": "призраки вытянуты",
        "counts": "счёт по журналу звонков",
        "before": "равенство до звонка",
        "missing": "одинаково полно в обеих группах: {outcome}",
        "untold": "никто не сообщает: {outcome}",
    },
}
MONTHS: Mapping[str, Sequence[str]] = {
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    "ru": (
        *("января", "февраля", "марта", "апреля", "мая", "июня"),
        *("июля", "августа", "сентября", "октября", "ноября", "декабря"),
    ),
}
DAYS: Mapping[str, str] = {"en": "{day} {month} {year}", "ru": "{day} {month} {year} года"}


def title_of(check: str, language: str) -> str:
    """The name of a check as it is read."""
    kind, _, outcome = check.partition(" ")
    return CHECKS[language][kind].format(outcome=OUTCOMES[language].get(outcome, outcome))


def amount(outcome: str, value: float, *, signed: bool = True) -> str:
    """A mean or an effect: shares in percent, amounts in their unit."""
    digits, unit = (2, "") if outcome in MEASURED else (1, " %")
    return format(value if unit == "" else 100.0 * value, f"{'+' if signed else ''}.{digits}f") + unit


def number(value: float, language: str, digits: int = 0) -> str:
    """Thousands apart as the language does."""
    return f"{value:,.{digits}f}".replace(",", "\N{NO-BREAK SPACE}" if language == "ru" else ",")


def numbers(value: float) -> Mapping[str, str]:
    """The same in every language, as a fact of a note."""
    return {language: number(value, language) for language in OUTCOMES}


def percent(share: float) -> str:
    """A share in whole percent."""
    return f"{100.0 * share:.0f} %"


def day(moment: str, language: str) -> str:
    """The day of a moment (ISO 8601), UTC, as it is read."""
    at = datetime.fromisoformat(moment)
    return DAYS[language].format(day=at.day, month=MONTHS[language][at.month - 1], year=at.year)


def likelihood(share: float) -> str:
    """A probability in whole percent; never nought and never a hundred."""
    percent = round(100.0 * share)
    return "< 1 %" if percent < 1 else "> 99 %" if percent > 99 else f"{percent} %"


def about(value: int) -> int:
    """Two figures are enough of what is only known roughly; upwards."""
    size = int(10 ** max(0, len(str(value)) - 2))
    return -(-value // size) * size
