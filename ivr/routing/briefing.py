"""A call in one sentence: the summary an agent reads and the whisper an agent hears. From state only, in English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ivr.model.identity import Level

SUMMARY_CHARS = 300
WORDS_PER_S = 2.5
WHISPER_S = 8
WHISPER_KEYS = "Press one to take, two to return."

_WHO = {Level.L0: "Unknown caller", Level.L1: "Recognised number"}
_SPOKEN_LEVELS = {
    Level.L0: "level zero",
    Level.L1: "level one",
    Level.L2: "level two",
    Level.L3: "level three",
    Level.L4: "level four",
    Level.HUMAN: "checked by a person",
}
STATUSES = {
    "resolved": "solved by the bot",
    "informed": "answered by the bot",
    "failed": "the bot could not finish it",
    "open": "not finished",
}


def summary(name: str, level: Level, need: Mapping[str, Any], reason: str) -> str:
    """Who, what, how far, why a human: at most 300 characters. name: "" when it must not be written."""
    slots = ", ".join(f"{_plain(slot)} {value}" for slot, value in need["slots"].items())
    parts = [
        f"{_who(name, level)} ({level.name}).",
        f"Wants: {_plain(need['intent'])}." if need["intent"] else "",
        f"{STATUSES[need['status']].capitalize()}{': ' + need['why'] if need['why'] else ''}."
        if need["intent"]
        else "",
        f"Human because: {_plain(reason)}." if reason else "",
        f"Known: {slots}." if slots else "",
    ]
    text = " ".join(filter(None, parts))
    return text if len(text) <= SUMMARY_CHARS else text[: SUMMARY_CHARS - 1] + "…"


def whisper(name: str, level: Level, need: Mapping[str, Any], reason: str) -> str:
    """Who, how surely and why, then the keys; at most 8 s spoken at 150 words a minute."""
    about = f"{_plain(need['intent'])}." if need["intent"] else ""
    because = f"{_plain(need['why'] or reason)}." if need["why"] or reason else ""
    told = f"{_who(name, level)}, {_SPOKEN_LEVELS[level]}. {_upper(about)} {_upper(because)}".split()
    room = int(WHISPER_S * WORDS_PER_S) - len(WHISPER_KEYS.split())
    words = told if len(told) <= room else [*told[: room - 1], told[room - 1].rstrip(".,") + "."]
    return f"{' '.join(words)[:200]} {WHISPER_KEYS}"


def _who(name: str, level: Level) -> str:
    return name or _WHO.get(level, "Identified caller")


def _upper(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _plain(identifier: str) -> str:
    return identifier.replace("_", " ").strip().rstrip(".")
