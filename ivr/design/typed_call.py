"""A call whose caller types: the stage of the conversation tests, with what happens written down in its order.

Owns what a designer sees of a call beside the words, and real services where they are asked for. The words of the shell
are ivr.design.shell's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from ivr.design.offer_trial import OfferTrial
from ivr.dialog.assistant import Assistant
from ivr.dialog.conversation import Parse, Stage
from ivr.dialog.script import Conversation
from ivr.dialog.session import Wait
from ivr.log import MASK
from ivr.model import dialog as ev
from ivr.model.consent import KeepConsent

_SHOWN = ("action", "handoff", "callback", "offer", "ends")
_LEFT_OUT = ("requests", "slots")
LONGEST_VALUE = 48


class Services(Protocol):
    """Something that really calls a service: ivr.call.services."""

    def __call__(self, command: ev.CallService) -> Awaitable[ev.ServiceEnded]: ...


class Answers:
    """What real services answered in this call, so that a replay after an edit asks none of them twice."""

    def __init__(self) -> None:
        self._given: list[tuple[str, Mapping[str, Any], ev.ServiceEnded]] = []

    def keep(self, command: ev.CallService, answer: ev.ServiceEnded) -> None:
        self._given.append((command.service, command.args, answer))

    def take(self, command: ev.CallService) -> ev.ServiceEnded | None:
        """The earliest answer to this very question, which is then used up; None when it is a new question."""
        found = next((g for g in self._given if g[:2] == (command.service, command.args)), None)
        if found is not None:
            self._given.remove(found)
        return found[2] if found else None


class TypedCall(Stage):
    """live: services are asked for outside (asked) instead of being answered by the mocks of the tests. trial: decides
    on offers; without one there are none."""

    def __init__(
        self, assistant: Assistant, told: Conversation, parse: Parse, *, live: bool, trial: OfferTrial | None = None
    ) -> None:
        super().__init__(assistant, told, parse)
        self.live, self.asked, self._trial = live, list[ev.CallService](), trial
        self._shown = 0

    def begin(self) -> None:
        super().begin()
        service = self.assistant.identify_service
        if self.live and service and not self.told.customer:
            timeout_ms = self.assistant.services[service].timeout_ms
            self.asked.append(ev.CallService(service=service, args={"phone": self.told.ani}, timeout_ms=timeout_ms))

    def answer(self, command: ev.CallService | ev.DecideOffer | KeepConsent | ev.RequestHandoff) -> list[ev.Event]:
        if not isinstance(command, ev.DecideOffer) or self._trial is None:
            return super().answer(command)
        now = datetime.fromisoformat(self.told.started_at) + timedelta(milliseconds=self.at_ms)
        decision = self._trial.decide(command.facts, self.session, self.at_ms, now)
        self.transcript += [f"      -- {line}" for line in self._trial.why(decision)]
        return [ev.OfferDecided(at_ms=self.at_ms, decision=decision)]

    def serve(self, command: ev.CallService) -> list[ev.Event]:
        if self.live:
            self.asked.append(command)
            return []
        events = super().serve(command)
        self.answered(command.service, *events)
        return events

    def answered(self, service: str, *events: ev.Event) -> None:
        """Write down what came of it."""
        for event in events:
            if isinstance(event, ev.ServiceEnded):
                self.transcript.append(f"      -- {service} answered {event.outcome}")

    def happen(self, kind: str, what: str, **data: Any) -> None:
        super().happen(kind, what, **data)
        if kind in _SHOWN:
            said = ", ".join(f"{name}={value}" for name, value in data.items() if name not in _LEFT_OUT)
            self.transcript.append(f"      -- {kind} {what} {said}".rstrip())

    def perform(self, command: ev.Command) -> list[ev.Event]:
        if not isinstance(command, ev.Say) or not self.interrupting:
            return super().perform(command)
        self.hear_out(command)
        cut = command.barge_in.speech
        self.transcript.append("      -- interrupted" if cut else "      -- goes on to its end: barge_in is off here")
        return [ev.PromptsEnded(at_ms=self.at_ms, interrupted=cut)]

    def news(self) -> list[str]:
        """The lines since the last time, secrets masked."""
        lines = [self.masked(line) for line in self.transcript[self._shown :]]
        self._shown = len(self.transcript)
        return lines

    def state(self) -> str:
        """Intent, step with its place, what is waited for, and the slots, in one line."""
        session, heard = self.session, self.heard
        intent = f"{heard.intent.name or 'none'} {heard.intent.confidence:.2f}" if heard else "-"
        over = f", {session.outcome.value}: {session.disposition}" if session.wait is Wait.OVER else ""
        slots = " ".join(f"{name}={_cut(value)}" for name, value in self.slots().items()) or "no slots"
        return f"      [intent {intent} | step {self._step()} | {session.wait.value}{over} | {slots}]"

    def _step(self) -> str:
        if not self.session.stack:
            return "-"
        frame = self.session.stack[-1]
        step = self.assistant.flows[frame.flow].steps.get(frame.step)
        return f"{frame.flow}/{frame.step}" + (f" {step.where[0]}:{step.where[1]}" if step else "")

    def slots(self) -> dict[str, str]:
        """Slot -> its value as it may be shown."""
        known = self.assistant.slots
        return {
            name: MASK if name in known and known[name].sensitive else self.masked(str(value))
            for name, value in self.session.slots.items()
        }

    def why(self) -> list[str]:
        """What is waited for and how the last words were understood."""
        lines, hear, heard, tries = [], self.hear, self.heard, self.session.tries
        if hear is not None:
            keys = f", or {hear.keys.max_digits} keys" if hear.keys else ""
            lines.append(f"waits at {hear.step} for {', '.join(hear.intents) or 'no intent'}{keys}")
            lines.append(f"values looked for: {', '.join(hear.slot_types) or 'none'}")
        if heard is not None:
            best = ", ".join(f"{i.name} {i.confidence:.2f}" for i in heard.ranking[:4]) or "nothing"
            lines.append(f"understood by {heard.engine}: {heard.intent.name or 'no intent'}; nearest: {best}")
            found = ", ".join(f"{e.entity}={'|'.join(e.readings)}" for e in heard.entities)
            lines.append(f"values: {found or 'none'}")
        else:
            lines.append("the caller said no words in this turn")
        lines.append(f"tries: {tries.noinput} silent, {tries.nomatch} not understood, {tries.rejected} rejected")
        return [self.masked(line) for line in lines]


def _cut(value: str) -> str:
    return value if len(value) <= LONGEST_VALUE else f"{value[: LONGEST_VALUE - 1]}…"
