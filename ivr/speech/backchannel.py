"""What people say to a speaker to be told more, not to take the turn: "uh-huh", "mm-hm", "угу".

Owns the words, for a listener who hears a prompt. Once the prompt is over the same words are an answer.
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
