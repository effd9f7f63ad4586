"""One turn under way: the session being changed and the commands being gathered. Lives no longer than `advance`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from ivr.dialog.assistant import Assistant
from ivr.dialog.conditions import lookup
from ivr.dialog.saying import marked_sentences, prompt
from ivr.dialog.session import Frame, Phase, Session, Taken, Wait
from ivr.dialog.slots import Slot
from ivr.dialog.steps import Flow, Step
from ivr.dialog.texts import PLACEHOLDER, Response, Values, render
from ivr.log import MASK
from ivr.model.call import Outcome
from ivr.model.dialog import BargeIn, Command, EndCall, Note, Prompt, Say
from ivr.model.identity import Level

# Shorter values ("1", "12") would mask half of every log line.
LEAST_MASKED = 3


class Run:
    """The working state of one advance. Everything that outlives it is in `session` and `commands`."""

    def __init__(self, assistant: Assistant, session: Session) -> None:
        self.assistant, self.session = assistant, session
        self.commands: list[Command] = []
        self.said: list[Prompt] = []
        self._prompts: list[Prompt] = []
        self._barge_in = BargeIn()

    # ---- state ----
    def change(self, **fields: Any) -> None:
        self.session = replace(self.session, **fields)

    @property
    def frame(self) -> Frame:
        return self.session.stack[-1]

    @property
    def flow(self) -> Flow:
        return self.assistant.flows[self.frame.flow]

    @property
    def step(self) -> Step:
        """The step being done. Only while there is one."""
        return self.flow.steps[self.frame.step]

    @property
    def place(self) -> str:
        """ "flow/step", "" when no flow is being done."""
        return f"{self.frame.flow}/{self.frame.step}" if self.session.stack else ""

    def move(self, step: str) -> None:
        """Let the flow being done stand at this step."""
        self.change(stack=(*self.session.stack[:-1], replace(self.frame, step=step)))

    def set_slot(self, name: str, value: Any) -> None:
        slots = dict(self.session.slots)
        if value is None:
            slots.pop(name, None)
        else:
            slots[name] = value
            slot = self.assistant.slots.get(name)
            if slot is not None and slot.sensitive:
                self.hide(str(value))
        heard_as = {other: values for other, values in self.session.heard_as.items() if other != name}
        self.change(slots=slots, heard_as=heard_as)

    def hide(self, *values: str) -> None:
        """These values must be masked wherever the call is written down."""
        secret = {v for v in values if len(v) >= LEAST_MASKED}
        self.change(sensitive_values=self.session.sensitive_values | secret)

    def shown(self, slot: str, value: Any) -> Any:
        """The value as it may be written down."""
        known = self.assistant.slots.get(slot)
        return MASK if known is not None and known.sensitive else value

    def correctable(self) -> tuple[Taken, ...]:
        """Values of this flow that the caller may still correct, the latest first. Secrets are only corrected when they
        are asked for again."""
        if not self.session.stack:
            return ()
        slots, here = self.assistant.slots, self.frame.flow
        return tuple(t for t in reversed(self.session.taken) if t.flow == here and not slots[t.slot].sensitive)

    def settle(self) -> None:
        """Something was done that cannot be done again: what was collected before is not corrected any more."""
        self.change(taken=())

    # ---- values ----
    def names(self) -> dict[str, Any]:
        """What conditions, templates and texts can see; slots without a value are None."""
        session = self.session
        names: dict[str, Any] = dict.fromkeys(self.assistant.slots)
        names.update(session.slots)
        names.update({level.name: int(level) for level in Level})
        names.update(
            level=int(session.level),
            needed=max((int(frame.needs) for frame in session.stack), default=0),
            customer=asdict(session.customer) if session.customer else None,
            caller=asdict(session.caller) | {"expected_wait": session.caller.expected_wait.get(session.language, "")},
            language=session.language,
            hearing=session.hearing,
        )
        return names

    def tellable(self) -> dict[str, Any]:
        """The names without the values this caller is not to be told."""
        level, protected = self.session.level, self.assistant.protected
        return {name: value for name, value in self.names().items() if protected.get(name, Level.L0) <= level}

    def fill(self, template: Any) -> Any:
        """A template's value: typed when it is nothing but one placeholder, text otherwise; None when a part is
        missing."""
        if not isinstance(template, str):
            return template
        names = self.names()
        whole = PLACEHOLDER.fullmatch(template)
        if whole:
            return lookup(whole[1], names)
        found = [lookup(m[1], names) for m in PLACEHOLDER.finditer(template)]
        if any(v is None for v in found):
            return None
        return PLACEHOLDER.sub(lambda m: str(lookup(m[1], names)), template)

    def readings(self, template: Any) -> Any:
        """As fill, but a slot that may have been heard in several ways gives all of them, likeliest first."""
        value, whole = self.fill(template), PLACEHOLDER.fullmatch(template) if isinstance(template, str) else None
        others = self.session.heard_as.get(whole[1], ()) if whole else ()
        return [value, *others] if others and value is not None else value

    def worded(self, slot: Slot, value: str) -> str:
        """A value as it is said: a choice by its first phrase."""
        return self.assistant.wordings(self.session.language).get(slot.name, {}).get(value, value)

    # ---- saying ----
    def response(self, name: str) -> Response | None:
        return self.assistant.response(name, self.session.language)

    def has(self, name: str) -> bool:
        return bool(name) and self.response(name) is not None

    def say(self, name: str, barge_in: BargeIn | None = None, extra: Mapping[str, Any] | None = None) -> bool:
        """Say a response; False when there is no such text or nothing of it could be rendered."""
        response = self.response(name)
        if response is None:
            return False
        response = response.variation(f"{self.session.started_at}|{self.session.caller.ani}")
        values = Values(
            names={**self.tellable(), **(extra or {})},
            sensitive=frozenset(s.name for s in self.assistant.slots.values() if s.sensitive),
            today=self.session.started_at[:10],
            currency=self.assistant.currency,
            wordings=self.assistant.wordings(self.session.language),
        )
        prompts, missing = render(response, values)
        if missing:
            self.note("trouble", where="prompt", what=f"{name}: no value for {', '.join(missing)}")
        if response.discloses == "bot":
            self.change(bot_disclosed=True)
        self.speak(prompts, response.barge_in or barge_in)
        return bool(prompts)

    def say_text(self, text: str, name: str = "", barge_in: BargeIn | None = None) -> None:
        """Say words that come from outside the responses (an offer's script)."""
        language = self.session.language
        self.speak(tuple(prompt(s, language, name) for s in marked_sentences(text, language)), barge_in)

    def say_own(self, role: str) -> bool:
        """Say one of the assistant's own texts (assistant.TEXTS)."""
        return self.say(self.assistant.texts[role])

    def speak(self, prompts: tuple[Prompt, ...], barge_in: BargeIn | None = None) -> None:
        allowed = barge_in or self.assistant.policy.barge_in
        if self._prompts and allowed != self._barge_in:
            self._flush()
        self._barge_in = allowed
        self._prompts.extend(prompts)
        self.said.extend(prompts)

    def _flush(self) -> None:
        if self._prompts:
            self.commands.append(Say(prompts=tuple(self._prompts), barge_in=self._barge_in))
            self._prompts = []

    # ---- commands ----
    def emit(self, command: Command) -> None:
        """Gather a command; what was said before it comes first."""
        self._flush()
        self.commands.append(command)

    def note(self, kind: str, **data: Any) -> None:
        self.commands.append(Note(kind=kind, data=data))

    def set_request(self, index: int, result: str) -> None:
        """Change the result of a request, once, while it is open or only informed."""
        if index < 0 or self.session.requests[index]["result"] in ("resolved", result):
            return
        requests = list(self.session.requests)
        requests[index] = {**requests[index], "result": result}
        self.change(requests=tuple(requests))
        self.note("dialog.request", intent=requests[index]["intent"], result=result)

    def end(self, reason: str) -> None:
        """End the call; the goodbye has been said."""
        self.emit(EndCall(reason=reason))
        self.close(reason, Outcome.UNRESOLVED)

    def close(self, reason: str, otherwise: Outcome) -> None:
        """The dialog is over: fix its outcome. otherwise: when nothing was served."""
        outcome = self.session.outcome
        if outcome is Outcome.OPEN:
            result = self.session.requests[-1]["result"] if self.session.requests else ""
            outcome = {"resolved": Outcome.RESOLVED, "informed": Outcome.INFORMED}.get(result, otherwise)
        self.change(wait=Wait.OVER, phase=Phase.MAIN, outcome=outcome, disposition=self.session.disposition or reason)

    def commands_made(self) -> tuple[Command, ...]:
        """Everything gathered, with texts and notes free of values that became sensitive on the way."""
        self._flush()
        if self.said:
            self.change(last_said=tuple(self.said))
        return tuple(self.commands)


def words_in(text: str, words: tuple[str, ...]) -> tuple[str, ...]:
    """Which of these words or phrases stand in the text as whole words."""
    return tuple(w for w in words if re.search(rf"\b{re.escape(w)}\b", text, re.IGNORECASE))
