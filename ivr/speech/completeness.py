"""Does what was heard so far look like a whole answer? Decides how long a pause ends the turn.

Owns the judgement of a text against an expectation; knows nothing of time.
"""

from __future__ import annotations

import itertools
import re
from enum import StrEnum

from ivr.model.hearing import Expectation, ExpectationKind, Hypothesis
from ivr.speech.closed_list import SURE_MARGIN

SURE_TEXT = 0.5  # mean probability of a token: below it a sentence may be half of one
LOOPED = -3.45  # log-probability from which a string without the digits said again is likely what was said
LOOPED_AGAIN = 0.4  # and so much lower for every digit more that was made up
LOOPED_EARLIER = -2.5  # the same where the digits said again are not the last: callers say doubles, too

# Words that are an answer and often its beginning: "yes, please", "no, that's wrong", "да, конечно".
_FIRST_WORDS = frozenset("yes yeah yep no nope okay ok right sure correct да нет ага угу верно хорошо".split())  # noqa: SIM905

# Words a sentence does not end with: the caller is still looking for the next one.
_DANGLING = frozenset(
    """
    a an the my your his her our their its this these some any every no each which whose
    and or but because if that than so as while when where who since until unless although then also
    of in on at with from about to for by into onto over under between through during without near per
    i i'm i'd i've i'll we we're they he she it's there's that's what's
    am is are was were be been do does did has had can could will would should may might must shall
    want wants wanted need needs like let
    very really just not only even more most such
    um uh er hmm ah mm well
    и а но или мой моя моё мои мне у меня я это эта этот эти в во на с со по для от из к ко о об до за при про без
    над под между через что чтобы если потому когда где который которая как какой какая не ни бы же ли хочу хотел
    хотела могу можно нужно надо буду был была есть мы вы они он она ваш ваша очень просто эм э ээ эээ ну мм
    """.split()  # noqa: SIM905 - a list of words reads better as words
)
_ENDS_ALL_THE_SAME = (
    "got it",
    "what is it",
    "who is it",
    "that is it",
    "that's it",
    "i am",
    "yes it is",
    "i can",
    "if so",
)
# Sentences do end with these, but as often an object follows.
_WEAK = frozenset(
    """
    get got make made give tell call say said put take change check pay send have find ask order cancel
    изменить поменять узнать оплатить проверить заказать отменить сказать сделать получить
    """.split()  # noqa: SIM905
)
_STRANDED = frozenset("to for from with about of in on at by do does did is are was were have has can".split())  # noqa: SIM905
_QUESTION = frozenset("what which who whom where when how why".split())  # noqa: SIM905
_ANNOUNCED = re.compile(r"\b(my|is|card|claim|policy|account|order|phone|мой|карты|договора|телефона) (number|номер)$")
_ANNOUNCEMENT_WORDS = 5
_FILLERS = frozenset("um uh er hmm ah mm eh well so э ээ эээ эм ну мм так вот".split())  # noqa: SIM905
# Words that make a run of words a clause: without one it is a fragment that may go on.
_CLAUSE = frozenset(
    """
    i i'm i'd i've i'll you we they he she it is are was were do does did don't doesn't didn't have has can can't could
    will would please what when where how why who let's want need someone there my
    я мы вы он она они меня мне мой моя хочу могу нужно надо можно есть где когда как почему сколько что пожалуйста
    """.split()  # noqa: SIM905
)
_CLAUSE_WORDS = 3
_DIGIT_WORDS = frozenset(
    """
    zero oh one two three four five six seven eight nine double triple
    ноль один два три четыре пять шесть семь восемь девять
    """.split()  # noqa: SIM905
)
# Short answers to a question for a number that are meant; any other word or two are digits misread so far.
_COMMANDS = frozenset(
    """
    operator agent person human somebody someone help repeat again stop cancel back menu yes no nope what why sorry
    none nothing unknown don't know later goodbye bye
    оператор человек помощь помогите повторите назад меню да нет что не знаю стоп отмена
    """.split()  # noqa: SIM905
)
FASTEST_DIGIT_MS = 200  # five digits a second are read out by nobody faster: then some were made up


class Completeness(StrEnum):
    COMPLETE = "complete"  # exactly what was asked for
    WHOLE = "whole"  # a clause that is over as far as grammar can tell, or an answer that often has a second half
    PLAIN = "plain"  # words that could be all
    OPEN_ENDED = "open_ended"  # digits that may go on
    INCOMPLETE = "incomplete"  # more must come


def digits_in(text: str) -> int:
    """How many digits a text holds, spoken or written."""
    return sum(len(w) if w.isdigit() else w in _DIGIT_WORDS for w in re.findall(r"\d+|[^\W\d]+", text))


def completeness(expectation: Expectation, heard: Hypothesis, spoken_ms: int) -> Completeness:
    """How whole the hypothesis is as an answer to the expectation. An empty one is a plain end.

    spoken_ms: from the first to the last voice of the turn.
    """
    if expectation.kind is ExpectationKind.DIGITS:
        return _digits(expectation, heard, spoken_ms)
    if heard.value is not None:
        return _closed(expectation, heard)
    found = _sentence(heard)
    # Of somebody who says something else than the list, the list tells nothing: half a sentence is likelier.
    return Completeness.PLAIN if found is Completeness.WHOLE and expectation.phrases else found


def _closed(expectation: Expectation, heard: Hypothesis) -> Completeness:
    if heard.margin is not None and heard.margin < SURE_MARGIN:
        return Completeness.PLAIN
    goes_on = heard.text in _FIRST_WORDS or any(
        phrase.text.lower().startswith(f"{heard.text} ") for phrase in expectation.phrases
    )
    return Completeness.WHOLE if goes_on else Completeness.COMPLETE


def _digits(expectation: Expectation, heard: Hypothesis, spoken_ms: int) -> Completeness:
    """A known length or a known string is complete, unless the decoder may have looped to get there.

    Five digits decoded as the six that were wanted have the five among the alternatives, and hardly less likely.
    """
    value = heard.value if heard.value is not None else ""
    if value and value in expectation.candidates:
        longer = any(c != value and c.startswith(value) for c in expectation.candidates)
        return Completeness.OPEN_ENDED if longer else Completeness.COMPLETE
    count = len(value) or digits_in(heard.text)
    if count == 0:
        words = heard.text.split()
        misread = bool(words) and len(words) < _CLAUSE_WORDS and not _COMMANDS & set(words)
        return Completeness.INCOMPLETE if misread else _sentence(heard)
    if expectation.max_length and count >= expectation.max_length:
        made_up = spoken_ms < FASTEST_DIGIT_MS * count or _looped(value, heard)
        return Completeness.OPEN_ENDED if made_up else Completeness.COMPLETE
    return Completeness.INCOMPLETE if count < expectation.min_length else Completeness.OPEN_ENDED


def _looped(value: str, heard: Hypothesis) -> bool:
    """Is a shorter string among the readings that the decoder may have made this one of, by saying digits twice?

    "152152" is one whatever the readings are.
    """
    if any(value == value[:size] * (len(value) // size) for size in range(1, len(value) // 2 + 1)):
        return True
    others = ((re.sub(r"\D", "", each.text), each.log_probability) for each in heard.alternatives)
    return any(
        (_said_again_at_the_end(shorter, value) and likely >= LOOPED - LOOPED_AGAIN * (len(value) - len(shorter) - 1))
        or (_said_again(shorter, value) and likely >= LOOPED_EARLIER)
        for shorter, likely in others
        if 0 < len(shorter) < len(value)
    )


def _said_again_at_the_end(shorter: str, value: str) -> bool:
    """Is value what shorter becomes when its last digits are said again? "12345" makes no "123456"."""
    rest = value[len(shorter) :]
    return value.startswith(shorter) and any(
        (shorter[-size:] * len(rest)).startswith(rest) for size in (1, 2, len(rest))
    )


def _said_again(shorter: str, value: str) -> bool:
    """Is value what shorter becomes when single digits of it are said again?"""
    runs, other = _runs(value), _runs(shorter)
    return [digit for digit, _ in runs] == [digit for digit, _ in other] and all(
        count <= most for (_, most), (_, count) in zip(runs, other, strict=True)
    )


def _runs(digits: str) -> list[tuple[str, int]]:
    return [(digit, len(list(same))) for digit, same in itertools.groupby(digits)]


def _sentence(heard: Hypothesis) -> Completeness:
    text = heard.text
    words = text.split()
    if not words:
        return Completeness.PLAIN
    if all(word in _FILLERS for word in words):
        return Completeness.INCOMPLETE
    if _dangles(words) and not text.endswith(_ENDS_ALL_THE_SAME):
        return Completeness.INCOMPLETE
    dictated = [word.isdigit() or word in _DIGIT_WORDS for word in words[-2:]]
    if words[-1].isdigit() or (len(dictated) == 2 and all(dictated)):
        return Completeness.OPEN_ENDED  # but "a new one" is no dictated number
    clause = len(words) >= _CLAUSE_WORDS and bool(_CLAUSE & set(words))
    over = clause and words[-1] not in _WEAK | _DANGLING and heard.confidence >= SURE_TEXT
    return Completeness.WHOLE if over else Completeness.PLAIN


def _dangles(words: list[str]) -> bool:
    """Does another word have to follow? Questions strand their prepositions: "which folder is it in"."""
    if len(words) <= _ANNOUNCEMENT_WORDS and _ANNOUNCED.search(" ".join(words)):
        return True
    asked = bool(_QUESTION & set(words[:2])) and len(words) > _CLAUSE_WORDS
    return words[-1] in _DANGLING and not (asked and words[-1] in _STRANDED)
