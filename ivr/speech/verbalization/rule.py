"""What a rule of verbalisation is, and what all languages share: how long strings of figures are grouped."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """Where pattern matches, words(match) is said instead; None leaves it as it stands."""

    pattern: re.Pattern[str]
    words: Callable[[re.Match[str]], str | None]


def rule(pattern: str, words: Callable[[re.Match[str]], str | None] | str) -> Rule:
    """A rule that ignores case; words may be a template of re.sub."""
    compiled = re.compile(pattern, re.IGNORECASE)
    if isinstance(words, str):
        template = words
        return Rule(compiled, lambda match: match.expand(template))
    return Rule(compiled, words)


def apply(rules: Iterable[Rule], text: str) -> str:
    """Rules one after the other: an earlier one takes what a later one would misread."""
    for each in rules:
        text = each.pattern.sub(lambda match, each=each: _said(each, match), text)  # type: ignore[misc]
    return " ".join(text.split())


def _said(each: Rule, match: re.Match[str]) -> str:
    words = each.words(match)
    return match.group() if words is None else words


def figure_groups(figures: str) -> list[str]:
    """Figures as people say them: by threes, by fours when that comes out even, a last single one never alone."""
    if len(figures) <= 4:
        return [figures]
    size = 4 if len(figures) % 4 == 0 and len(figures) % 3 else 3
    groups = [figures[at : at + size] for at in range(0, len(figures), size)]
    if len(groups[-1]) == 1:
        last = groups.pop()
        groups[-1] += last
    return groups


def only_figures(text: str) -> str:
    """The figures in a text."""
    return "".join(c for c in text if c.isascii() and c.isdigit())


def bare(number: str) -> str:
    """A whole number without separators of thousands."""
    return re.sub(r"[\s,\u00a0\u202f]", "", number)


def pairs(listed: str) -> dict[str, str]:
    """ "km kilometres kg kilograms" as a table; an underscore stands for a space."""
    words = iter(listed.split())
    return {key.replace("_", " "): value.replace("_", " ") for key, value in zip(words, words, strict=True)}
