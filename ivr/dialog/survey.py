"""The grade by key before the goodbye: asked of everybody an offer was drawn for, in the same words, whatever the arm.

Owns that it is asked once and never in the way: silence, words and other keys are no grade, and the goodbye follows.
"""

from __future__ import annotations

from ivr.dialog.run import Run
from ivr.dialog.session import Phase, Wait
from ivr.model.dialog import BargeIn, Hear, Keys, RecordSurvey
from ivr.model.hearing import EndpointProfile, Expectation, ExpectationKind

WAIT_MS = 6000
_GRADES = {"1": 1, "2": 2, "3": 3, "4": 4, "5": 5}


def ask(run: Run) -> bool:
    """Ask for the grade, when one is due. True when it was asked: the goodbye waits for the answer."""
    due = run.session.survey
    if due is None:
        return False
    run.change(phase=Phase.SURVEY)
    run.say_text(due.survey, "offer.survey", BargeIn())
    run.emit(
        Hear(
            step=run.place,
            expectation=Expectation(kind=ExpectationKind.OPEN, profile=EndpointProfile.SHORT),
            keys=Keys(max_digits=1, terminator="", inter_digit_ms=run.assistant.policy.inter_digit_ms),
            noinput_ms=WAIT_MS,
            speech=False,
        )
    )
    run.change(wait=Wait.CALLER)
    return True


def answered(run: Run, digits: str = "") -> None:
    """The caller pressed something, or did not."""
    due = run.session.survey
    if due is not None:
        run.emit(RecordSurvey(decision=due, grade=_GRADES.get(digits, 0)))
    run.change(survey=None, phase=Phase.MAIN, wait=Wait.RUNNING)
