"""The dialog as a pure function: advance(assistant, session, event) -> Turn(session, commands).

No clock, no I/O, no randomness: the same session and event always give the same turn. After every event the caller is
asked something (a Hear is in force), a service, the offer desk or a human is waited for, or the call ends with a
goodbye. Events that come when nothing waits for them change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ivr.dialog import after_yes, answers, choosing, knowing, offering, stated, survey
from ivr.dialog import steps as st
from ivr.dialog.asking import ended, fail, put
from ivr.dialog.assistant import Assistant
from ivr.dialog.everywhere import switch_language
from ivr.dialog.listening import hear
from ivr.dialog.run import Run, words_in
from ivr.dialog.session import Phase, Session, Wait
from ivr.dialog.stack import enter, escape, follow
from ivr.dialog.stepping import go_on
from ivr.dialog.steps import NEXT
from ivr.model import dialog as ev
from ivr.model.call import Outcome
from ivr.model.consent import ConsentKept
from ivr.model.routing import TransferResult

__all__ = ["Session", "Turn", "advance", "new_session"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The new state and what is to be done, in order."""

    session: Session
    commands: tuple[ev.Command, ...]


def new_session(assistant: Assistant, language: str) -> Session:
    """The state before a call. An unknown language becomes the assistant's first."""
    return Session(language=language if language in assistant.languages else assistant.languages[0])


def advance(assistant: Assistant, session: Session, event: ev.Event) -> Turn:
    """React to an event. Never raises for what a caller or a service does."""
    if session.wait is Wait.OVER:
        return Turn(session=session, commands=())
    run = Run(assistant, session)
    _ON[type(event)](run, event)
    if run.session.wait is Wait.RUNNING:
        go_on(run)
    commands = run.commands_made()
    return Turn(session=run.session, commands=commands)


# ---- the call -----------------------------------------------------------------------------------------------------


def _started(run: Run, event: ev.CallStarted) -> None:
    if run.session.wait is not Wait.START:
        return
    run.change(caller=event.caller, started_at=event.started_at, started_at_ms=event.at_ms, wait=Wait.RUNNING)
    if event.language in run.assistant.languages:
        switch_language(run, event.language)
    if event.cut_off:
        run.say_own("cut_off")
    enter(run, run.assistant.start)


def _hung_up(run: Run, _event: ev.CallerHungUp) -> None:
    if run.session.said_goodbye:
        stated.on_hung_up(run)
        return
    if run.session.wait is Wait.CALLER:
        ended(run, run.step, "hung_up")
    offering.on_hung_up(run)
    for frame in run.session.stack:
        if frame.request >= 0 and run.session.requests[frame.request]["result"] == "open":
            run.note("dialog.step", step=f"{frame.flow}/{frame.step}", left="hung_up")
    run.close("caller hung up", Outcome.ABANDONED)


def _said(run: Run, event: ev.PromptsEnded) -> None:
    """Silence is timed by the Hear, not here; an offer's read-back counts once it was heard to its end, and so does
    the answer to a request: whoever was asked whether it helped has been informed, also when hanging up then."""
    if run.session.wait is Wait.CLOSING:
        stated.on_said(run, event)
    elif run.session.wait is Wait.CALLER:
        offering.on_said(run, event)
        if isinstance(run.step, st.AskStep) and run.step.resolves and not event.interrupted:
            choosing.informed(run)


# ---- what the caller does -----------------------------------------------------------------------------------------


def _heard(run: Run, event: ev.UtteranceHeard) -> None:
    if run.session.wait is not Wait.CALLER:
        return
    if run.session.turns == 0 and event.recognition.language in run.assistant.languages:
        switch_language(run, event.recognition.language)  # the caller's first words tell which language it is
    text, session = event.recognition.hypothesis.text, run.session
    upset = words_in(text, _of_all_languages(run.assistant.negative_words))
    distressed = words_in(text, _of_all_languages(run.assistant.vulnerable_words))
    _count_turn(run)
    run.change(
        negative_words=tuple(dict.fromkeys((*session.negative_words, *upset))),
        vulnerable_words=tuple(dict.fromkeys((*session.vulnerable_words, *distressed))),
    )
    step = run.step
    if run.session.phase is Phase.STATED:
        stated.on_utterance(run, event)
    elif isinstance(step, st.HangupStep):
        survey.on_utterance(run, step, event)
    elif isinstance(step, st.OfferStep):
        offering.on_utterance(run, step, event)
    elif isinstance(step, st.QuestionStep):
        answers.on_utterance(run, step, event)


def _of_all_languages(words: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Whoever is upset need not be so in the language of the call."""
    return tuple(word for of_language in words.values() for word in of_language)


def _dialed(run: Run, event: ev.DigitsDialed) -> None:
    if run.session.wait is not Wait.CALLER:
        return
    _count_turn(run)
    step = run.step
    if run.session.phase is Phase.STATED:
        stated.on_keys(run, event)
    elif isinstance(step, st.HangupStep):
        survey.on_keys(run, step, event)
    elif isinstance(step, st.OfferStep):
        offering.on_keys(run, step, event)
    elif isinstance(step, st.QuestionStep):
        answers.on_keys(run, step, event)


def _unusable(kind: str) -> Callable[[Run, Any], None]:
    def react(run: Run, _event: ev.SilenceElapsed | ev.UtteranceRejected) -> None:
        if run.session.wait is not Wait.CALLER:
            return
        step = run.step
        if run.session.phase is Phase.STATED:
            stated.on_nothing(run)
        elif isinstance(step, st.HangupStep):
            survey.answered(run)
        elif isinstance(step, st.OfferStep):
            offering.on_nothing(run)
        elif isinstance(step, st.QuestionStep):
            fail(run, step, kind)

    return react


def _count_turn(run: Run) -> None:
    run.change(turns=run.session.turns + 1, quiet_turns=run.session.quiet_turns + 1)


# ---- what we waited for -------------------------------------------------------------------------------------------


def _service_ended(run: Run, event: ev.ServiceEnded) -> None:
    knowing.believe(run, event.identity)
    if run.session.wait is not Wait.SERVICE or event.service != run.session.service:
        knowing.looked_up_beside(run, event)
        return
    step = run.step
    if not isinstance(step, st.ActionStep):
        return
    _take_values(run, event)
    run.change(service="", wait=Wait.RUNNING)
    target = step.outcomes.get(event.outcome)
    if target is None and event.outcome == "timeout":
        target = step.outcomes.get("error")
    if target is not None:
        if event.outcome in ("error", "timeout"):
            run.change(handoff_reason=f"{event.service}: {event.outcome}")
        follow(run, target)
    elif event.outcome in ("error", "timeout"):
        run.say_own("trouble")
        escape(run, f"{event.service}: {event.outcome}")
    else:
        follow(run, NEXT)


def _take_values(run: Run, event: ev.ServiceEnded) -> None:
    for name, value in event.values.items():
        if name in run.assistant.slots:
            run.set_slot(name, value)
    knowing.take_service(run, event)


def _hold(run: Run, event: ev.HoldElapsed) -> None:
    if run.session.wait is not Wait.SERVICE or event.service != run.session.service:
        return
    step = run.step
    if not (isinstance(step, st.ActionStep) and run.say(step.hold_utter)):
        run.say_own("hold")


def _offer_decided(run: Run, event: ev.OfferDecided) -> None:
    if run.session.wait is Wait.OFFER_DESK:
        offering.on_decided(run, event)


def _consent_kept(run: Run, event: ConsentKept) -> None:
    if run.session.wait is Wait.OFFER_DESK:
        offering.on_consent_kept(run, event)


def _transfer_ended(run: Run, event: ev.TransferEnded) -> None:
    step = run.step if run.session.wait is Wait.HUMAN else None
    if not isinstance(step, st.HandoffStep | st.OfferStep):
        return
    if isinstance(step, st.OfferStep):
        after_yes.settle(run, taken=event.result is TransferResult.ANSWERED)
    if event.result is TransferResult.ANSWERED:
        run.change(outcome=Outcome.TRANSFERRED, disposition="handed to a human")
        return
    if run.session.outcome is Outcome.TRANSFERRED:
        run.change(outcome=Outcome.OPEN, disposition="")
    outcomes = step.outcomes if isinstance(step, st.HandoffStep) else {}
    follow(run, outcomes.get(event.result.value) or outcomes.get("") or NEXT)


# ---- hearing ------------------------------------------------------------------------------------------------------


def _hearing_lost(run: Run, _event: ev.HearingLost) -> None:
    if not run.session.hearing:
        return
    run.change(hearing=False, hearing_excuse=True)
    if run.session.wait is not Wait.CALLER:
        return
    step = run.step
    if run.session.phase is Phase.STATED:
        stated.on_nothing(run)
        return
    if isinstance(step, st.QuestionStep):
        put(run, step)
        return
    run.change(hearing_excuse=False)
    run.say_own("no_hearing")
    run.speak(run.session.last_said)
    hear(run, step, run.assistant.policy.barge_in)


def _hearing_restored(run: Run, _event: ev.HearingRestored) -> None:
    """The question that stands is not disturbed; the next one hears again."""
    run.session = replace(run.session, hearing=True, hearing_excuse=False)


_ON: dict[type[ev.Event], Callable[[Run, Any], None]] = {
    ev.CallStarted: _started,
    ev.CallerIdentified: knowing.identified,
    ev.CallerHungUp: _hung_up,
    ev.PromptsEnded: _said,
    ev.UtteranceHeard: _heard,
    ev.DigitsDialed: _dialed,
    ev.SilenceElapsed: _unusable("noinput"),
    ev.UtteranceRejected: _unusable("nomatch"),
    ev.ServiceEnded: _service_ended,
    ev.HoldElapsed: _hold,
    ev.OfferDecided: _offer_decided,
    ConsentKept: _consent_kept,
    ev.TransferEnded: _transfer_ended,
    ev.HearingLost: _hearing_lost,
    ev.HearingRestored: _hearing_restored,
}
