"""Taking up: a request named where another question stands, with the words it was named with.

Owns which requests can be named there: those of the questions this call came by, and of the first flow. What was being
done is not gone on with; it was answered, or it is not wanted now.
"""

from __future__ import annotations

from collections.abc import Iterator

from ivr.dialog import steps as st
from ivr.dialog.run import Run
from ivr.dialog.session import Phase, Tries, Wait
from ivr.dialog.stack import enter
from ivr.dialog.steps import Option
from ivr.dialog.volunteering import keep
from ivr.model.dialog import UtteranceHeard

COMPLAINT = "complaint"
"""The intent of a complaint, as experiment.complaints of offers.yml has it."""


def nameable(run: Run) -> tuple[Option, ...]:
    """The requests a caller can name now, the nearest question's first; one for each intent."""
    flows = dict.fromkeys([*(frame.flow for frame in reversed(run.session.stack)), run.assistant.start])
    found: dict[str, Option] = {}
    for name in flows:
        for option in _requests(run, name):
            found.setdefault(option.intent, option)
    return tuple(found.values())


def _requests(run: Run, flow: str) -> Iterator[Option]:
    for step in run.assistant.flows[flow].steps.values():
        if isinstance(step, st.QuestionStep):
            yield from (o for o in step.options if o.call and run.assistant.flows[o.call].request)


def named(run: Run, event: UtteranceHeard, least: float) -> Option | None:
    """The request these words name with this confidence at least."""
    intent = event.understanding.intent
    if intent.confidence < least:
        return None
    return next((option for option in nameable(run) if option.intent == intent.name), None)


def another(run: Run, event: UtteranceHeard, least: float) -> Option | None:
    """The same, if it is another request than the one being done."""
    wanted, done = named(run, event, least), {run.assistant.flows[frame.flow].request for frame in run.session.stack}
    return wanted if wanted is not None and run.assistant.flows[wanted.call].request not in done else None


def take_up(run: Run, option: Option, event: UtteranceHeard, back_to: str = "") -> None:
    """Begin the request. back_to: the step of the flow being done that follows it, "" = that flow is over."""
    keep(run, event)
    words = event.recognition.hypothesis.text
    run.change(words=words, phase=Phase.MAIN, tries=Tries(), pending="", others=(), wait=Wait.RUNNING)
    run.move(back_to)
    enter(run, option.call)
