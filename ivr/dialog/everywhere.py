"""What is alive in every question: a human, once more, help, no offers, another language."""

from __future__ import annotations

from ivr.dialog import steps as st
from ivr.dialog.asking import ended, put
from ivr.dialog.listening import hear
from ivr.dialog.run import Run
from ivr.dialog.session import Wait
from ivr.dialog.stack import jump
from ivr.dialog.steps import Global
from ivr.model.dialog import SwitchLanguage


def do_global(run: Run, step: st.Step, choice: Global) -> None:
    """What is alive everywhere."""
    if choice.go:
        if choice.intent == "operator" or choice.go == run.assistant.escape:
            run.change(agent_requested=True, handoff_reason="caller asked for a person")
        ended(run, step, f"left for {choice.intent}")
        jump(run, choice.go)
        run.change(wait=Wait.RUNNING)
        return
    if choice.does == "repeat":
        run.speak(run.session.last_said)
        hear(run, step, run.assistant.policy.barge_in)
        return
    if choice.does == "language":
        switch_language(run, choice.language)
        if not isinstance(step, st.QuestionStep):
            run.speak(run.session.last_said)  # an offer under way is finished in the language it was begun in
            hear(run, step, run.assistant.policy.barge_in)
            return
    elif choice.does == "no_offers":
        refuse_offers(run)
        run.say_own("no_offers")
    elif not _say_help(run, step):
        run.say_own("help")
    if isinstance(step, st.QuestionStep):
        put(run, step)
    else:
        run.speak(run.session.last_said)
        hear(run, step, run.assistant.policy.barge_in)


def _say_help(run: Run, step: st.Step) -> bool:
    if not isinstance(step, st.QuestionStep):
        return False
    own = f"utter_help_{step.slot}" if isinstance(step, st.CollectStep) else f"utter_help_{step.id}"
    return run.say(step.help or own)


def refuse_offers(run: Run) -> None:
    """ "No offers": at once and for good. The household is noted so that the refusal outlives the call."""
    run.change(no_offers=True)
    household = run.session.customer.household if run.session.customer else ""
    run.note("offer.refused", household=household)


def switch_language(run: Run, language: str) -> None:
    """Hear and speak this language from now on; "" = the assistant's next one."""
    languages = run.assistant.languages
    following = languages[(languages.index(run.session.language) + 1) % len(languages)]
    chosen = language or following
    if chosen != run.session.language:
        run.change(language=chosen)
        run.emit(SwitchLanguage(language=chosen))
