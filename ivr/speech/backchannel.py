"""What people say that is no turn of its own: "uh-huh" to be told more, "please" behind a "yes" already taken.

Owns the words. Once the prompt is over a nod is an answer; an afterthought never answers the next question.
"""

from __future__ import annotations

from ivr.model.hearing import ExpectationKind, Recognition
from ivr.speech.closed_list import SURE_MARGIN

SHORTEST_MS = 200  # no word of an open answer is shorter: a cough, or an echo that slipped
LONGEST_MS = 1200  # who murmurs longer has something to say
_HUMS = frozenset(
    """
    uh-huh uhhuh uh huh mm-hmm mm-hm mmhm mhm mm hm hmm hum mmm m aha ah oh ooh eh uh um er
    угу ага мгм м мм ммм хм гм э а о
    """.split()  # noqa: SIM905 - a list of words reads better as words
)
_NODS = frozenset("okay ok right yeah sure i see good fine so alright all хорошо так понятно ясно ладно да".split())  # noqa: SIM905


def is_backchannel(recognition: Recognition, kind: ExpectationKind) -> bool:
    """Did the caller only nod? To a question for yes or no a clear word is an answer at any time, a hum is not.

    A recogniser that must choose between yes and no makes either of a hum, but not by much.
    """
    lasted_ms = recognition.speech_ended_at_ms - recognition.speech_started_at_ms
    if lasted_ms > LONGEST_MS:
        return False
    if lasted_ms < SHORTEST_MS and recognition.hypothesis.value is None:
        return True
    margin = recognition.hypothesis.margin
    if kind is ExpectationKind.YES_NO and margin is not None and margin < SURE_MARGIN:
        return True
    words = set(recognition.hypothesis.text.replace("-", " ").split())
    nods = _HUMS if kind is ExpectationKind.YES_NO else _HUMS | _NODS
    return bool(words) and words <= nods


AFTERTHOUGHT_MS = 900  # after an answer: too soon for one to the next question, of which not half has been said
# A second half that means the same as the first, or nothing.
_POLITE = frozenset(
    """
    please|thanks|thank you|thank you very much|yes please|no thanks|no thank you
    пожалуйста|спасибо|да спасибо|нет спасибо|да пожалуйста
    """.strip()
    .replace("\n", "|")
    .split("|")
)
_SAME = {
    "yes": frozenset(
        """
        that's right|that is right|that's correct|it is|it was|it did|it does|i do|i am|i did|of course|sure|correct
        right|go ahead|yes|yes it is|yes it did|да|верно|все верно|всё верно|правильно|конечно|да верно
        """.strip()
        .replace("\n", "|")
        .split("|")
    ),
    "no": frozenset(
        """
        that's wrong|that's not right|that is not right|that's not correct|it isn't|it is not|it's not|i don't|i didn't
        wrong|not correct|no it isn't|no|неверно|неправильно|не так|это не так|нет
        """.strip()
        .replace("\n", "|")
        .split("|")
    ),
}


def is_afterthought(before: Recognition, after: Recognition) -> bool:
    """Is a turn only the second half of the answer before it, which was taken already: "yes" - "please"?

    What adds anything ("no" - "I want a person", "yes" - "no") is a turn.
    """
    if not 0 <= after.speech_started_at_ms - before.speech_ended_at_ms <= AFTERTHOUGHT_MS:
        return False
    text = after.hypothesis.text
    meant = before.hypothesis.value or ""
    opposite = _SAME.get({"yes": "no", "no": "yes"}.get(meant, ""), frozenset())
    return text in _SAME.get(meant, frozenset()) or (text in _POLITE and not set(text.split()) & opposite)
