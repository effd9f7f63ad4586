"""What callers said of the offers they heard, asked after the goodbye. Describes those who answered, compares nobody,
and decides nothing: who was annoyed has hung up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ivr.model.offers import STATED_ASKED, ExperimentRow, Stated
from ivr.offers.effects.figures import wilson

STATED = "stated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One of the answers. share: of those who answered, 0..1, with its 95 % interval (Wilson)."""

    answer: str
    count: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """asked, answered: how many. said: every answer there is; empty when nobody answered."""

    asked: int
    answered: int
    said: tuple[Answer, ...]


def answers_of(rows: Sequence[ExperimentRow]) -> Answers | None:
    """Of these opportunities; None when nobody was asked. Whoever was held out heard no offer to speak of."""
    asked = [r.outcomes for r in rows if r.arm == "treat" and (STATED_ASKED in r.outcomes or STATED in r.outcomes)]
    if not asked:
        return None
    counts = Counter(Stated(round(told[STATED])) for told in asked if STATED in told)
    answered = counts.total()
    return Answers(
        asked=len(asked),
        answered=answered,
        said=tuple(_answer(each, counts[each], answered) for each in Stated) if answered else (),
    )


def _answer(each: Stated, count: int, answered: int) -> Answer:
    low, high = wilson(count / answered, answered)
    return Answer(answer=each.name.lower(), count=count, share=count / answered, low=low, high=high)
