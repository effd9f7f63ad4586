"""The grade before the goodbye: asked of everybody an offer was drawn for, in the same words, whatever the arm.

Owns that it is asked once and never in the way: a grade is a key or a number said, silence and other words are none,
and the goodbye follows. What is alive in every question is alive here: no offers, a person, a request that comes to
mind.
"""

from __future__ import annotations

from ivr.dialog import steps as st
from ivr.dialog.everywhere import do_global, refuse_offers, switch_language
from ivr.dialog.run import Run
from ivr.dialog.session import Phase, Wait
from ivr.dialog.steps import Global
from ivr.dialog.taking_up import nameable, named, take_up
from ivr.model.dialog import BargeIn, DigitsDialed, Hear, Keys, RecordSurvey, UtteranceHeard
from ivr.model.hearing import EndpointProfile, Expectation, ExpectationKind

WAIT_MS = 6000
_GRADES = {"1": 1, "2": 2, "3": 3, "4": 4, "5": 5}
_FEW_WORDS = 3  # "a four please"; "two of you called me" names no grade


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
            intents=(*(each.intent for each in run.assistant.globals), *(each.intent for each in nameable(run))),
            slot_types=("number",),
            speech=run.session.hearing,
        )
    )
    run.change(wait=Wait.CALLER)
    return True


def on_utterance(run: Run, step: st.HangupStep, event: UtteranceHeard) -> None:
    """Words: a number in few of them is the grade, else what they ask for is done."""
    heard, intent, least = event.recognition.hypothesis, event.understanding.intent, run.assistant.policy.accept
    number = event.understanding.entity("number")
    if number is not None and number.value in _GRADES and len(heard.text.split()) <= _FEW_WORDS:
        answered(run, _GRADES[number.value] if heard.confidence >= least else 0)
        return
    choice = next((g for g in run.assistant.globals if g.intent == intent.name), None)
    if choice is not None and intent.confidence >= least:
        _do(run, step, choice)
    elif (request := named(run, event, least)) is not None:
        answered(run)
        take_up(run, request, event, step.id)
    else:
        answered(run)


def on_keys(run: Run, step: st.HangupStep, event: DigitsDialed) -> None:
    """A key: a grade before anything else."""
    choice = next((g for g in run.assistant.globals if g.dtmf and g.dtmf == event.digits), None)
    if event.digits in _GRADES or choice is None:
        answered(run, _GRADES.get(event.digits, 0))
    else:
        _do(run, step, choice)


def answered(run: Run, grade: int = 0) -> None:
    """The question is over. grade: 0 for none."""
    due = run.session.survey
    if due is not None:
        run.emit(RecordSurvey(decision=due, grade=grade))
    run.change(survey=None, phase=Phase.MAIN, wait=Wait.RUNNING)


def _do(run: Run, step: st.HangupStep, choice: Global) -> None:
    """What is alive everywhere. Nobody is kept for a grade: it is not asked twice, except of who did not hear it."""
    if choice.does == "repeat" and "survey" not in run.session.said_again:
        run.change(said_again=run.session.said_again | {"survey"})
        ask(run)
        return
    answered(run)
    if choice.go:
        do_global(run, step, choice)
    elif choice.does == "no_offers":
        refuse_offers(run)
        run.say_own("no_offers")
    elif choice.does == "language":
        switch_language(run, choice.language)
