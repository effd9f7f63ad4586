"""Choosing a phrase of a closed list by how well it explains the audio.

Owns the decision from scores; refuses to compute them. Phrases with one value are one answer: their probabilities add
up, so "yes" and "yes please" do not compete.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from ivr.model.hearing import Alternative, Phrase

FIT_NATS = 3.0  # how much less likely than the free text a phrase may be and still be what was said
FIT_PER_MARGIN = 2.0  # and so much for every nat it is ahead of the next value: garbage fits all equally badly
LOOSE_FIT_NATS = 10.0  # never more; the same when the words agree
SHORT_LIST_FIT_NATS = 6.0  # never more where few values compete: garbage, too, may be nearer to one of two
_SHORT_LIST = 5
_SAME_WORDS = 80.0  # rapidfuzz ratio, 0..100
_EXTRA_WORDS = 2  # "yes please", "no thank you": more words carry news of their own
_LONE_MARGIN = 10.0  # nats, when the list has one value only
SURE_MARGIN = 2.0  # nats: right choices are hardly ever nearer to the next value, wrong ones mostly are
_OWN, _OTHER = 2, 4  # phrases scored first of the value that was read, and of all other values


@dataclass(frozen=True, slots=True)
class Scored:
    """A phrase and its log-probability given the audio, nats."""

    phrase: Phrase
    log_probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The best phrase; margin to the best phrase of another value, behind: the free text by so much, both in nats."""

    best: Scored
    margin: float
    behind: float
    alternatives: tuple[Alternative, ...]


def spelled(text: str) -> str:
    """A phrase as the model would write it: the full stop marks its end, so a prefix of it does not win."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")


def shortlist(phrases: Sequence[Phrase], heard: str) -> Sequence[Phrase]:
    """The phrases worth scoring first when the free text is one of them: it and what is written most like it.

    All of them when it is none. A thin margin among these says nothing yet: then all have to be scored.
    """
    said = next((phrase for phrase in phrases if phrase.text.lower() == heard), None)
    if said is None or len(phrases) <= _OWN + _OTHER:
        return phrases
    ranked = sorted(phrases, key=lambda phrase: -fuzz.ratio(phrase.text.lower(), heard))
    own = [phrase for phrase in ranked if phrase.value == said.value][:_OWN]
    return [*own, *[phrase for phrase in ranked if phrase.value != said.value][:_OTHER]]


def choose(scored: list[Scored], heard: str, heard_score: float) -> Choice | None:
    """The phrase that fits, or None when the free text (normal form, with its score) is plainly something else."""
    values: dict[str, list[Scored]] = {}
    for each in scored:
        values.setdefault(each.phrase.value, []).append(each)
    ranked = sorted(values.values(), key=_total, reverse=True)
    best = max(ranked[0], key=lambda s: s.log_probability)
    margin = _total(ranked[0]) - _total(ranked[1]) if len(ranked) > 1 else _LONE_MARGIN
    most = LOOSE_FIT_NATS if len(ranked) > _SHORT_LIST else SHORT_LIST_FIT_NATS
    if not _fits(best, heard, heard_score, min(most, FIT_NATS + FIT_PER_MARGIN * margin)):
        return None
    others = tuple(
        Alternative(text=max(group, key=lambda s: s.log_probability).phrase.text.lower(), log_probability=_total(group))
        for group in ranked[1:4]
    )
    return Choice(best=best, margin=margin, behind=heard_score - best.log_probability, alternatives=others)


def _total(group: list[Scored]) -> float:
    top = max(s.log_probability for s in group)
    return top + math.log(sum(math.exp(s.log_probability - top) for s in group))


def _fits(best: Scored, heard: str, heard_score: float, most: float) -> bool:
    phrase = best.phrase.text.lower()
    words = heard.split()
    if len(words) > len(phrase.split()) + _EXTRA_WORDS:
        return False
    behind = heard_score - best.log_probability
    if fuzz.ratio(phrase, heard) >= _SAME_WORDS or set(phrase.split()) <= set(words):
        return behind <= LOOSE_FIT_NATS
    return behind <= most
