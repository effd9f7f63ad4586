"""Answering: who reads the caller's words, keys and silence while a question stands.

A table of the questions a step may be asking; what an answer means is theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from ivr.dialog import choosing, collecting
from ivr.dialog import slots as sl
from ivr.dialog import steps as st
from ivr.dialog.asking import YES_NO_KEYS, fail, fill
from ivr.dialog.everywhere import do_global
from ivr.dialog.run import Run
from ivr.dialog.session import Phase
from ivr.model.dialog import DigitsDialed, UtteranceHeard

_READERS: Mapping[tuple[Phase, bool], Callable[[Run, Any, UtteranceHeard], None]] = MappingProxyType(
    {
        (Phase.MAIN, True): collecting.collect,
        (Phase.MAIN, False): choosing.choose,
        (Phase.CONFIRM_VALUE, True): collecting.confirm_value,
        (Phase.WHICH_VALUE, True): collecting.which_value,
        (Phase.CONFIRM_INTENT, True): choosing.confirm_intent,
        (Phase.CONFIRM_INTENT, False): choosing.confirm_intent,
    }
)
"""(phase, is it a collect?) -> who reads what was said."""


def on_utterance(run: Run, step: st.QuestionStep, event: UtteranceHeard) -> None:
    """The caller said something."""
    if event.recognition.hypothesis.confidence < step.policy.confirm:
        fail(run, step, "nomatch")
        return
    collects = isinstance(step, st.CollectStep)
    _READERS.get((run.session.phase, collects), _READERS[Phase.MAIN, collects])(run, step, event)


def on_keys(run: Run, step: st.QuestionStep, event: DigitsDialed) -> None:
    """The caller pressed keys."""
    digits = event.digits.rstrip("#") or event.digits
    if isinstance(step, st.CollectStep) and run.session.phase is Phase.MAIN:
        _collect_keys(run, step, digits)
        return
    answer = YES_NO_KEYS.get(digits)
    asked = answer is not None and _answered(run, step, yes=bool(answer))
    if asked:
        return
    if (option := next((o for o in step.options if o.dtmf and o.dtmf == digits), None)) is not None:
        choosing.take(run, step, option)
    elif isinstance(step, st.AskStep) and answer is not None:
        choosing.answered(run, step, yes=answer)
    elif not _global_key(run, step, digits):
        fail(run, step, "nomatch")


def _collect_keys(run: Run, step: st.CollectStep, digits: str) -> None:
    slot = run.assistant.slots[step.slot]
    readings = sl.keyed(slot, digits, today=run.session.started_at, language=run.session.language)
    if slot.sensitive:
        run.hide(digits)
    if readings.fitting:
        fill(run, step, readings.fitting[:1], unsure=False, via="dtmf")
    elif (option := next((o for o in step.options if o.dtmf and o.dtmf == digits), None)) is not None:
        choosing.take(run, step, option)
    elif not _global_key(run, step, digits):
        fail(run, step, "outside" if readings.outside else "rejected")


def _answered(run: Run, step: st.QuestionStep, *, yes: bool) -> bool:
    """Keys one and two while something is read back or asked apart. False when nothing is."""
    phase, session = run.session.phase, run.session
    if phase is Phase.CONFIRM_INTENT:
        choosing.intent_confirmed(run, step, yes=yes)
    elif phase is Phase.CONFIRM_VALUE and isinstance(step, st.CollectStep):
        collecting.confirmed(run, step, yes=yes)
    elif phase is Phase.WHICH_VALUE and isinstance(step, st.CollectStep):
        collecting.chosen(run, step, session.pending if yes else session.others[0])
    else:
        return False
    return True


def _global_key(run: Run, step: st.QuestionStep, digits: str) -> bool:
    found = next((g for g in run.assistant.globals if g.dtmf and g.dtmf == digits), None) if step.globals else None
    if found is not None:
        do_global(run, step, found)
    return found is not None
