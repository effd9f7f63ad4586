"""A call in one sentence: the summary an agent reads, in English, and the whisper an agent hears, in the language of
the call. From state only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ivr.model.identity import Level

SUMMARY_CHARS = 300
WORDS_PER_S = 2.5
WHISPER_MAX_MS = 8_000
WHISPER_KEYS = "Press one to take, two to return."

STATUSES = {
    "resolved": "solved by the bot",
    "informed": "answered by the bot",
    "failed": "the bot could not finish it",
    "open": "not finished",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    keys: str
    unknown: str
    recognised: str
    identified: str
    levels: Mapping[Level, str]
    statuses: Mapping[str, str]


_ENGLISH = _Words(
    keys=WHISPER_KEYS,
    unknown="Unknown caller",
    recognised="Recognised number",
    identified="Identified caller",
    levels={
        Level.L0: "level zero",
        Level.L1: "level one",
        Level.L2: "level two",
        Level.L3: "level three",
        Level.L4: "level four",
        Level.HUMAN: "checked by a person",
    },
    statuses=STATUSES,
)
_RUSSIAN = _Words(
    keys="Нажмите один, чтобы принять, два, чтобы вернуть.",
    unknown="Незнакомый абонент",
    recognised="Знакомый номер",
    identified="Абонент опознан",
    levels={
        Level.L0: "уровень ноль",
        Level.L1: "уровень один",
        Level.L2: "уровень два",
        Level.L3: "уровень три",
        Level.L4: "уровень четыре",
        Level.HUMAN: "проверил человек",
    },
    statuses={
        "resolved": "вопрос решён ботом",
        "informed": "бот ответил",
        "failed": "у бота не получилось",
        "open": "вопрос не закончен",
    },
)
_SPOKEN: Mapping[str, _Words] = {"en": _ENGLISH, "ru": _RUSSIAN}


def summary(name: str, level: Level, need: Mapping[str, Any], reason: str) -> str:
    """Who, what, how far, why a human: at most 300 characters. name: "" when it must not be written."""
    slots = ", ".join(f"{_plain(slot)} {value}" for slot, value in need["slots"].items())
    parts = [
        f"{_who(name, level, _ENGLISH)} ({level.name}).",
        f"Wants: {_plain(need['intent'])}." if need["intent"] else "",
        f"{STATUSES[need['status']].capitalize()}{': ' + need['why'] if need['why'] else ''}."
        if need["intent"]
        else "",
        f"Human because: {_plain(reason)}." if reason else "",
        f"Known: {slots}." if slots else "",
    ]
    text = " ".join(filter(None, parts))
    return text if len(text) <= SUMMARY_CHARS else text[: SUMMARY_CHARS - 1] + "…"


def whisper(name: str, level: Level, need: Mapping[str, Any], reason: str, *, language: str, max_ms: int) -> str:
    """Who, how surely and why, then the keys; at most max_ms (from 5,000) spoken at 150 words a minute.

    A voice reads its own language only: intents and reasons in Latin letters are left out of a Russian whisper, which
    tells how far the request came instead. Languages without words of their own get English.
    """
    words = _SPOKEN.get(language, _ENGLISH)
    about, because = need["intent"], need["why"] or reason
    if words is not _ENGLISH:
        about = words.statuses[need["status"]] if about else ""
        because = "" if because.isascii() else because
    told = [f"{_who(name, level, words)}, {words.levels[level]}."]
    told += [f"{_upper(_plain(part))}." for part in (about, because) if part]
    spoken = " ".join(told).split()
    room = int(max_ms / 1000 * WORDS_PER_S) - len(words.keys.split())
    kept = spoken if len(spoken) <= room else [*spoken[: room - 1], spoken[room - 1].rstrip(".,") + "."]
    return f"{' '.join(kept)[:180]} {words.keys}"


def accepted_words(accepted: Mapping[str, str], language: str) -> str:
    """Why a human, when the caller has said yes to an offer: in the language of the call, as the whisper is."""
    title = accepted["title"] or accepted["product"]
    return f"Согласие на предложение: {title}" if language == "ru" else f"Accepted an offer: {title}"


def accepted_step(accepted: Mapping[str, str]) -> str:
    """What is to be done next for a caller who said yes, and was told the price."""
    told = ", ".join(filter(None, (accepted["title"] or accepted["product"], accepted["price"])))
    return f"conclude, do not ask again: {told}"


def _who(name: str, level: Level, words: _Words) -> str:
    return name or {Level.L0: words.unknown, Level.L1: words.recognised}.get(level, words.identified)


def _upper(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _plain(identifier: str) -> str:
    return identifier.replace("_", " ").strip().rstrip(".")
