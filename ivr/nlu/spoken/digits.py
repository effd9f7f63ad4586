"""Strings of digits as people say them: claim numbers, policies, codes. All readings, likeliest first.

"eight hundred five" is 8005 or 805, "twenty five" 25 or 205: only the slot's length, pattern or look-up can tell, so
nothing is thrown away here. Refuses to know slots. Text of any recogniser and typed figures go the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from ivr.model.understanding import Entity
from ivr.nlu.spoken.numbers import Word, cardinal
from ivr.nlu.spoken.numerals import Numerals, numerals
from ivr.nlu.words import spans

MAX_READINGS = 12
AMBIGUOUS_CONFIDENCE = 0.7

_MAX_SKIPPED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """Digits said in one breath: words first..after, its readings; whether it corrects, or denies, what it says."""

    first: int
    after: int
    readings: tuple[str, ...]
    corrects: bool
    denied: bool


def find_digits(text: str, language: str) -> Entity | None:
    """The digits said in text with every reading, or None. Corrections replace, other digits in the text come last."""
    table = numerals(language)
    if table is None:
        return None
    said = list(spans(text))
    runs = list(_runs(said, table))
    runs = [run for run in runs if not run.denied] or runs
    if not runs:
        return None
    readings = _settle(runs)
    return Entity(
        entity="digits",
        value=readings[0],
        readings=readings,
        start=said[runs[0].first][1],
        end=said[runs[-1].after - 1][2],
        confidence=1.0 if len(readings) == 1 else AMBIGUOUS_CONFIDENCE,
    )


def _settle(runs: Sequence[_Run]) -> tuple[str, ...]:
    """Readings of the whole: within uncorrected runs the longest (of equals the last); then each correction applied."""
    readings: tuple[str, ...] = ()
    for run in runs:
        if not readings or (not run.corrects and len(run.readings[0]) >= len(readings[0])):
            readings = run.readings
        elif run.corrects:
            readings = _corrected(readings, run.readings)
    together = "".join(run.readings[0] for run in runs)
    return _distinct((*readings, together))


def _corrected(before: tuple[str, ...], after: tuple[str, ...]) -> tuple[str, ...]:
    """What was meant when after follows "no, ...": all anew, or only the last digits when they are few."""
    if len(after[0]) >= len(before[0]):
        # "eight one five, I mean four, zero nine two": the correction went on with the rest.
        continued = tuple(old[:-cut] + new for old in before for new in after for cut in range(1, len(old)))
        return _distinct((*after, *continued))
    patched = tuple(old[: -len(new)] + new for old in before for new in after if len(new) < len(old))
    return _distinct((*patched, *after) if 2 * len(after[0]) < len(before[0]) else (*after, *patched))


def _distinct(readings: Sequence[str]) -> tuple[str, ...]:
    return tuple(islice(dict.fromkeys(readings), MAX_READINGS))


def _runs(said: Sequence[Word], table: Numerals) -> Iterator[_Run]:
    """Stretches of number words; a few skippable words inside do not end one, anything else does."""
    numeric = _numeric(said, table)
    at, corrects, denied, any_yet = 0, False, False, False
    while at < len(said):
        word = said[at][0]
        if not numeric[at]:
            corrects |= any_yet and word in table.correction
            denied = word in table.negation or (denied and word in table.skip)
            at += 1
            continue
        after = _run_end(said, at, numeric, table)
        readings = _readings(said[at:after], table)
        if readings:
            yield _Run(first=at, after=after, readings=readings, corrects=corrects, denied=denied)
            corrects, denied, any_yet = False, False, True
        at = after


def _run_end(said: Sequence[Word], at: int, numeric: Sequence[bool], table: Numerals) -> int:
    end, skipped = at + 1, 0
    for here in range(at + 1, len(said)):
        if numeric[here]:
            end, skipped = here + 1, 0
        elif said[here][0] in table.skip and skipped < _MAX_SKIPPED:
            skipped += 1
        else:
            break
    return end


def _numeric(said: Sequence[Word], table: Numerals) -> list[bool]:
    """Which words are part of a number. Homophones count between digits; zero's ("oh") next to one."""
    always = {*table.small, *table.tens, *table.hundreds, *table.hundred, *table.thousand}
    numeric = [_figures(word) or word in always for word, _, _ in said]
    for at, (word, _, _) in enumerate(said):
        # "The last four are ..." counts the digits, it is none of them.
        if at and said[at - 1][0] in table.ending and table.small.get(word, 0) > 1:
            numeric[at] = False
        after = said[at + 1][0] if at + 1 < len(said) else ""
        # "Oh double seven": what multiplies the next digit is part of the number, and so is the zero before it.
        multiplies = after in table.repeat and at + 2 < len(said) and numeric[at + 2]
        follows = bool(after) and (numeric[at + 1] or multiplies or table.homophones.get(after) == 0)
        behind = at > 0 and numeric[at - 1]
        if word in table.homophones:
            zero = table.homophones[word] == 0
            numeric[at] = (behind or follows) if zero else behind and (follows or at + 1 == len(said))
        elif word in table.repeat:
            numeric[at] = follows
        elif word in table.group or word in table.times:
            numeric[at] = numeric[at] or behind
    return numeric


def _figures(word: str) -> bool:
    return word.isascii() and word.isdigit()


def _readings(run: Sequence[Word], table: Numerals) -> tuple[str, ...]:
    """The likeliest digit strings of one run, best first: shortest paths over its words."""
    best: list[dict[str, int]] = [{} for _ in range(len(run) + 1)]
    best[0][""] = 0
    for at in range(len(run)):
        likeliest = sorted(best[at].items(), key=lambda reading: reading[1])[:MAX_READINGS]
        for after, digits, cost in _elements(run, at, table):
            for before, spent in likeliest:
                reading, total = before + digits, spent + cost
                best[after][reading] = min(total, best[after].get(reading, total))
    found = sorted((r for r in best[-1].items() if r[0]), key=lambda reading: reading[1])
    return tuple(reading for reading, _ in found[:MAX_READINGS])


def _elements(run: Sequence[Word], at: int, table: Numerals) -> Iterator[tuple[int, str, int]]:
    """Every (position after, digits, cost) the word at this place can begin. Cost 0 is how most people mean it."""
    word = run[at][0]
    following = run[at + 1][0] if at + 1 < len(run) else ""
    if _figures(word):
        yield at + 1, word, 0
    elif word in table.skip:
        yield at + 1, "", 0
    if word in table.homophones:
        yield at + 1, str(table.homophones[word]), 0
        if at == 0 and table.homophones[word] == 0:
            yield at + 1, "", 1
    if word in table.repeat and (digit := _digit(following, table)):
        yield at + 2, digit * table.repeat[word], 0
    count = table.small.get(word, 0)
    if 2 <= count <= 9 and following in table.group:
        yield at + 2, str(table.group[following]) * count, 0
    if 2 <= count <= 9 and following in table.times and at + 2 < len(run) and (digit := _digit(run[at + 2][0], table)):
        yield at + 3, digit * count, 0
    if at == 0 or word not in table.hundred | table.thousand:
        yield from _numbers(run, at, table)


def _numbers(run: Sequence[Word], at: int, table: Numerals) -> Iterator[tuple[int, str, int]]:
    """The number that begins here, whole and cut short: "сто двадцать три" is 123, 100 23 or 120 3."""
    if _figures(run[at][0]) and (at + 1 == len(run) or run[at + 1][0] not in table.hundred | table.thousand):
        return
    counted = at + 1 < len(run) and (run[at + 1][0] in table.group or run[at + 1][0] in table.times)
    whole, after = cardinal(run, at, table)
    apart = _said_apart(run, at, after, table)
    seen = {at}
    for limit in range(after, at, -1):
        value, end = cardinal(run[:limit], at, table)
        if end not in seen:
            seen.add(end)
            natural = value % 100 == 0 if apart else value == whole
            yield end, str(value), 0 if natural and not counted else 1


def _said_apart(run: Sequence[Word], at: int, after: int, table: Numerals) -> bool:
    """Whether "eight hundred five" stands here: a unit after "hundred" without "and" is mostly 800, then 5."""
    ends_in_unit = after - at >= 3 and 1 <= table.small.get(run[after - 1][0], 0) <= 9
    return ends_in_unit and run[after - 2][0] in table.hundred


def _digit(word: str, table: Numerals) -> str:
    """A single digit as a figure, "" when the word is none."""
    if len(word) == 1 and _figures(word):
        return word
    value = table.small.get(word, table.homophones.get(word, table.group.get(word, 10)))
    return str(value) if value <= 9 else ""
