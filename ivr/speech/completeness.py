"""Does what was heard so far look like a whole answer? Decides how long a pause ends the turn.

Owns the judgement of a text against an expectation; knows nothing of time.
"""

from __future__ import annotations

import re
from enum import StrEnum

from ivr.model.hearing import Expectation, ExpectationKind, Hypothesis

SURE_MARGIN = 2.0  # nats: below it a closed-list match is worth waiting a little longer for

# Words a sentence does not end with, English and Russian: the caller is still looking for the next one.
_DANGLING = frozenset(
    """
    a an and the my is it's its are was to for of in on at with from about or but because if that um uh er hmm so number
    и а но или мой моя мои это в на с по для от из о что чтобы если потому эм э номер
    """.split()  # noqa: SIM905 - a list of words reads better as words
)
_DIGIT_WORDS = frozenset(
    """
    zero oh one two three four five six seven eight nine double triple
    ноль один два три четыре пять шесть семь восемь девять
    """.split()  # noqa: SIM905
)
_WHOLE_SHORT = frozenset({"what is it", "who is it", "that is it", "that's it", "hello", "i am", "yes it is"})


class Completeness(StrEnum):
    COMPLETE = "complete"  # exactly what was asked for
    PLAIN = "plain"  # a sentence that could be over
    OPEN_ENDED = "open_ended"  # digits that may go on
    INCOMPLETE = "incomplete"  # more must come


def digits_in(text: str) -> int:
    """How many digits a text holds, spoken or written."""
    return sum(len(w) if w.isdigit() else w in _DIGIT_WORDS for w in re.findall(r"\d+|[^\W\d]+", text))


def completeness(expectation: Expectation, heard: Hypothesis) -> Completeness:
    """How whole the hypothesis is as an answer to the expectation. An empty one is a plain end."""
    if expectation.kind is ExpectationKind.DIGITS:
        return _digits(expectation, heard)
    if heard.value is not None:
        sure = heard.margin is None or heard.margin >= SURE_MARGIN
        return Completeness.COMPLETE if sure else Completeness.PLAIN
    return _sentence(heard.text)


def _digits(expectation: Expectation, heard: Hypothesis) -> Completeness:
    value = heard.value if heard.value is not None else ""
    if value and value in expectation.candidates:
        return Completeness.COMPLETE
    count = len(value) or digits_in(heard.text)
    if count == 0:
        return _sentence(heard.text)
    if expectation.max_length and count >= expectation.max_length:
        return Completeness.COMPLETE
    return Completeness.INCOMPLETE if count < expectation.min_length else Completeness.OPEN_ENDED


def _sentence(text: str) -> Completeness:
    words = text.split()
    if not words or text in _WHOLE_SHORT:
        return Completeness.PLAIN
    if words[-1] in _DANGLING:
        return Completeness.INCOMPLETE
    dictated = [word.isdigit() or word in _DIGIT_WORDS for word in words[-2:]]
    if words[-1].isdigit() or (len(dictated) == 2 and all(dictated)):
        return Completeness.OPEN_ENDED  # but "a new one" is a plain end
    return Completeness.PLAIN
