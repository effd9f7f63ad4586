"""Choosing: which option or global was meant, where a yes or no leads, and a doubtful intent asked back."""

from __future__ import annotations

from ivr.dialog import steps as st
from ivr.dialog.amending import amend
from ivr.dialog.asking import ended, fail, put
from ivr.dialog.everywhere import do_global
from ivr.dialog.run import Run
from ivr.dialog.session import Phase, Tries, Wait
from ivr.dialog.stack import enter, escape, follow
from ivr.dialog.steps import Global, Option
from ivr.dialog.taking_up import COMPLAINT, another, take_up
from ivr.dialog.volunteering import forget, keep, keep_beside
from ivr.model.dialog import UtteranceHeard

Choice = Option | Global


def yes_or_no(event: UtteranceHeard, least: float) -> tuple[bool | None, bool]:
    """(yes, no or neither; is that all that was said?). least: confidence an intent needs. A recognised phrase and an
    understood intent that contradict each other are neither."""
    value, entity = event.recognition.hypothesis.value, event.understanding.entity("yes_no")
    intent = event.understanding.intent
    votes = set()
    if value in ("yes", "no"):
        votes.add(value == "yes")
    if entity is not None and entity.value in ("yes", "no"):
        votes.add(entity.value == "yes")
    if not votes and intent.name in ("affirm", "deny") and intent.confidence >= least:
        votes.add(intent.name == "affirm")
    if len(votes) != 1:
        return None, False
    plain = value in ("yes", "no") or (entity is not None and entity.confidence >= 0.99) or entity is None
    return votes.pop(), plain


def choose(run: Run, step: st.QuestionStep, event: UtteranceHeard) -> None:
    """Words while a yes/no question or an open one stands."""
    choice, sure = picked(run, step, event)
    yes, plain = yes_or_no(event, step.policy.accept) if isinstance(step, st.AskStep) else (None, False)
    if isinstance(step, st.AskStep) and step.resolves and choice is None and _left(run, step, event, yes, plain):
        return
    elsewhere = sure and choice is not None and yes is None
    if yes is not True and not elsewhere and amend(run, step, event):
        return
    if isinstance(step, st.AskStep) and yes is not None and (plain or not sure):
        if step.options == ():
            keep_beside(run, None, "", event)
        answered(run, step, yes=yes)
    elif choice is not None and sure:
        take(run, step, choice, event)
    elif choice is not None and run.has(f"utter_confirm_{choice.intent}"):
        keep(run, event)
        run.change(phase=Phase.CONFIRM_INTENT, pending=choice.intent, words=event.recognition.hypothesis.text)
        put(run, step)
    else:
        fail(run, step, "nomatch")


def _left(run: Run, step: st.AskStep, event: UtteranceHeard, yes: bool | None, plain: bool) -> bool:
    """Instead of saying whether it helped the caller named another request, which is taken up. Beside a yes only a
    complaint is one: "yes, I got the payment" asks for nothing."""
    wanted = None if plain else another(run, event, step.policy.accept)
    if wanted is None or (yes and wanted.intent != COMPLAINT):
        return False
    if yes is False:
        run.set_request(_request(run), "failed")
    take_up(run, wanted, event)
    return True


def picked(run: Run, step: st.QuestionStep, event: UtteranceHeard) -> tuple[Choice | None, bool]:
    """(the option or global meant, is it sure?). A phrase of an option is sure; an intent by its confidence."""
    hypothesis, intent = event.recognition.hypothesis, event.understanding.intent
    for option in step.options:
        phrases = option.phrases.get(run.session.language, ())
        if phrases and (hypothesis.value == option.intent or hypothesis.text.lower() in {p.lower() for p in phrases}):
            return option, True
    choices: tuple[Choice, ...] = (*step.options, *(run.assistant.globals if step.globals else ()))
    found = next((c for c in choices if c.intent == intent.name), None)
    if found is None or intent.confidence < step.policy.confirm:
        return None, False
    return found, intent.confidence >= step.policy.accept


def answered(run: Run, step: st.AskStep, *, yes: bool) -> None:
    """A yes/no question was answered; one that resolves closes the request being done."""
    run.change(tries=Tries())
    if not step.resolves:
        follow(run, step.affirm if yes or step.deny is None else step.deny)
        return
    run.settle()
    request = _request(run)
    if yes:
        run.set_request(request, "resolved")
        follow(run, step.affirm)
        return
    run.set_request(request, "failed")
    if step.deny is None:
        escape(run, "not solved")
    else:
        run.change(handoff_reason="not solved")
        follow(run, step.deny)


def informed(run: Run) -> None:
    """The caller was asked to the end whether the answer helped: the request is served, if nothing else is said."""
    request = _request(run)
    if request >= 0 and run.session.requests[request]["result"] == "open":
        run.set_request(request, "informed")


def _request(run: Run) -> int:
    """The request being done, -1 when there was none."""
    return next((f.request for f in reversed(run.session.stack) if f.request >= 0), len(run.session.requests) - 1)


def confirm_intent(run: Run, step: st.QuestionStep, event: UtteranceHeard) -> None:
    """Words while a doubtful intent is asked back."""
    yes, plain = yes_or_no(event, step.policy.accept)
    choice, sure = picked(run, step, event)
    if yes is not None and (plain or not sure):
        intent_confirmed(run, step, yes=yes)
    elif choice is not None and sure:
        take(run, step, choice, event)
    else:
        fail(run, step, "nomatch")


def intent_confirmed(run: Run, step: st.QuestionStep, *, yes: bool) -> None:
    """The doubtful intent was meant, or not."""
    pending = run.session.pending
    run.change(phase=Phase.MAIN, pending="")
    choices: tuple[Choice, ...] = (*step.options, *run.assistant.globals)
    choice = next((c for c in choices if c.intent == pending), None)
    if yes and choice is not None:
        _lead(run, step, choice)
    else:
        forget(run)
        fail(run, step, "nomatch")


def take(run: Run, step: st.QuestionStep, choice: Choice, event: UtteranceHeard | None = None) -> None:
    """The caller chose an option or a global. event: the words, None when it was a key."""
    if isinstance(choice, Option):
        # "I don't know the number" goes another way to the same end: what was said before still counts.
        another_way = isinstance(step, st.CollectStep) and not choice.call
        if event is not None:
            if another_way:
                keep_beside(run, None, "", event)
            else:
                keep(run, event)
            run.change(words=event.recognition.hypothesis.text)
        elif not another_way:
            forget(run)
    _lead(run, step, choice)


def _lead(run: Run, step: st.QuestionStep, choice: Choice) -> None:
    """Go where an option or a global leads."""
    if isinstance(choice, Global):
        do_global(run, step, choice)
        return
    ended(run, step, f"left for {choice.intent}")
    run.change(phase=Phase.MAIN, tries=Tries(), pending="", others=(), wait=Wait.RUNNING)
    if choice.call:
        run.move(step.next)
        enter(run, choice.call)
    else:
        follow(run, choice.go)
