"""What a caller's words say to an offer: an answer to it, or something else that is wanted.

Owns which of the two holds: words that are an answer and nothing else are that answer; among other words a global or a
request that was surely meant goes before it. Whoever sounds upset or in distress has not said yes.
"""

from __future__ import annotations

from ivr.dialog import steps as st
from ivr.dialog.run import Run, words_in
from ivr.dialog.steps import Global, Option
from ivr.dialog.taking_up import named
from ivr.model.dialog import UtteranceHeard

# Of ivr.nlu.spoken.offer_answers. PLAIN: nothing but a yes; LIKELY: a yes among other words, or a half-hearted one.
PLAIN, LIKELY, NO, PRICE, ABOUT = "yes", "likely", "no", "price", "about"
YES = (PLAIN, LIKELY)
INTEREST = (*YES, PRICE, ABOUT)
SURE_YES = 0.9


def read(run: Run, step: st.OfferStep, event: UtteranceHeard) -> str | Global | Option:
    """The answer (PLAIN, LIKELY, NO, PRICE, ABOUT; "" for anything else), or what is wanted instead."""
    found = event.understanding.entity("offer_reply")
    answer = found.value if found is not None else _of_closed_list(event)
    alone = found.confidence >= 1 if found is not None else bool(answer)
    wanted = None if alone else _wanted(run, event, step.policy.accept)
    if wanted is not None:
        return wanted
    if answer in INTEREST and _troubled(run, event.recognition.hypothesis.text):
        return ""
    intent = event.understanding.intent
    if not answer and intent.name == "affirm" and intent.confidence >= SURE_YES:
        return LIKELY
    return answer


def _troubled(run: Run, text: str) -> bool:
    """Words after which nothing is offered, in any of the assistant's languages."""
    lists = (*run.assistant.negative_words.values(), *run.assistant.vulnerable_words.values())
    return any(words_in(text, words) for words in lists)


def _of_closed_list(event: UtteranceHeard) -> str:
    """The recogniser's own yes or no, where nothing reads the words."""
    value = event.recognition.hypothesis.value or ""
    return value if value in (PLAIN, NO) else ""


def _wanted(run: Run, event: UtteranceHeard, least: float) -> Global | Option | None:
    intent = event.understanding.intent
    found = next((g for g in run.assistant.globals if g.intent == intent.name), None)
    if found is not None:
        return found if intent.confidence >= least else None
    return named(run, event, least)
