"""Conversations as tests: YAML turns run against the real engine on a virtual clock, no telephone and no waiting.

Owns the caller's and the outside's part (what is said, what services, the offer desk and agents answer). Understanding
is handed in, so that the same file runs against any engine.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from ivr.dialog import engine, script
from ivr.dialog.assistant import Assistant
from ivr.dialog.report import Happening, Report
from ivr.dialog.script import Conversation, Line
from ivr.dialog.services import told_ended
from ivr.dialog.session import Wait
from ivr.log import mask
from ivr.model import dialog as ev
from ivr.model.consent import ConsentKept, KeepConsent
from ivr.model.fulfilment import SettleAcceptance
from ivr.model.hearing import Hypothesis, Recognition
from ivr.model.identity import Caller
from ivr.model.offers import Stated
from ivr.model.routing import TransferResult
from ivr.model.understanding import NO_CONTEXT, Understanding

TURN_MS = 2_000


Parse = Callable[..., Awaitable[Understanding]]
"""NluEngine.parse."""


async def play(assistant: Assistant, conversation: Conversation, parse: Parse) -> Report:
    """Run one conversation to its end."""
    stage = Stage(assistant, conversation, parse)
    await stage.run()
    return stage.report()


class Stage:
    """A conversation being played. session: the dialog's state; hear: what it waits for; heard: how the caller's last
    words were understood; interrupting: does the caller speak into the prompts?"""

    def __init__(self, assistant: Assistant, conversation: Conversation, parse: Parse) -> None:
        self.assistant, self.told, self.parse = assistant, conversation, parse
        self.session = engine.new_session(assistant, conversation.language)
        self.at_ms = 0
        self.hear: ev.Hear | None = None
        self.heard: Understanding | None = None
        self.interrupting = False
        self.happenings: list[Happening] = []
        self.problems: list[str] = []
        self.transcript: list[str] = []
        self.path: list[str] = []
        self.turns = 0
        self.agents = list(conversation.agents)
        self.offers = list(conversation.offers)

    async def run(self) -> None:
        self.begin()
        for line in self.told.lines:
            await self.line(line)

    def report(self) -> Report:
        """How it went so far, with secrets masked."""
        return Report(
            name=self.told.name,
            problems=tuple(self.masked(problem) for problem in self.problems),
            transcript=tuple(self.masked(line) for line in self.transcript),
            visited=frozenset(self.path),
            session=self.session,
            path=tuple(self.path),
            turns=self.turns,
        )

    def masked(self, text: str) -> str:
        """Text as it may be shown: without what sensitive slots hold and callers said for them."""
        return mask(text, self.session.sensitive_values)

    def begin(self) -> None:
        """The call comes in; its number is looked up."""
        told = self.told
        caller = Caller(ani=told.ani, dnis="+390000000", claimed=False, **told.came_from)
        self.advance(
            ev.CallStarted(
                at_ms=0,
                call_id="test",
                caller=caller,
                language=told.language,
                started_at=told.started_at,
                cut_off=told.cut_off,
            )
        )
        if told.customer and (service := self.assistant.identify_service):
            spec = self.assistant.services[service]
            name = next((o.name for o in spec.outcomes if o.identifies), "ok")
            self.advance(told_ended(spec, 1, name, {"customer": dict(told.customer)}))

    # ---- the engine's side ----
    def advance(self, event: ev.Event) -> None:
        """Give the engine an event and do at once what it commands."""
        turn = engine.advance(self.assistant, self.session, event)
        self.session = turn.session
        later: list[ev.Event] = []
        for command in turn.commands:
            later += self.perform(command)
        for answer in later:
            self.advance(answer)

    def perform(self, command: ev.Command) -> list[ev.Event]:
        """Note a command; the events it brings about."""
        match command:
            case ev.Say():
                self.hear_out(command)
                return [ev.PromptsEnded(at_ms=self.at_ms, interrupted=self.interrupting)]
            case ev.Hear():
                self.hear = command
            case ev.Note(kind="dialog.step", data=data):
                self.path.append(str(data["step"]))
            case ev.RecordOfferAnswer(answer=answer):
                self.happen("offer", answer.value, method=command.method)
            case ev.RecordSurvey(grade=grade, outcome="stated"):
                self.happen("stated", Stated(grade).name.lower() if grade else "no_answer")
            case ev.RecordSurvey(grade=grade):
                self.happen("survey", str(grade))
            case SettleAcceptance(taken=taken):
                self.happen("fulfilled", "transferred" if taken else "lead")
            case ev.PromiseCallback():
                self.happen("callback", command.number, reason=command.reason)
            case ev.EndCall():
                self.happen("ends", command.reason)
            case ev.CallService() | ev.DecideOffer() | KeepConsent() | ev.RequestHandoff():
                return self.answer(command)
        return []

    def answer(self, command: ev.CallService | ev.DecideOffer | KeepConsent | ev.RequestHandoff) -> list[ev.Event]:
        """What services, the offer desk and agents say."""
        if isinstance(command, ev.CallService):
            self.happen("action", command.service, **command.args)
            return self.serve(command)
        if isinstance(command, ev.DecideOffer):
            told = self.offers.pop(0) if self.offers else None
            return [ev.OfferDecided(at_ms=self.at_ms, decision=script.decision_of(told))]
        if isinstance(command, KeepConsent):
            self.happen("consent", command.method)
            return [ConsentKept(at_ms=self.at_ms, stored=True)]
        request = command.request
        self.happen("handoff", request.queue, reason=request.reason, **request.data)
        result = TransferResult(self.agents.pop(0) if self.agents else "answered")
        return [ev.TransferEnded(at_ms=self.at_ms, result=result)]

    def hear_out(self, command: ev.Say) -> None:
        """The sentences of one response are one happening."""
        for prompt in command.prompts:
            last = self.happenings[-1] if self.happenings else None
            text = prompt.text
            if last is not None and (last.kind, last.what) == ("bot", prompt.name):
                text = f"{self.happenings.pop().data['text']} {prompt.text}"
            self.happen("bot", prompt.name, text=text)
            self.transcript.append(f"bot:  {prompt.text}")

    def happen(self, kind: str, what: str, **data: Any) -> None:
        self.happenings.append(Happening(kind=kind, what=what, data=data))

    def serve(self, command: ev.CallService) -> list[ev.Event]:
        """The mocked answer of a service; without one that fits, the service is down."""
        answer = next((m for m in self.told.mocks.get(command.service, ()) if m.fits(command.args)), None)
        outcome, values, delay = (answer.outcome, answer.values, answer.delay_ms) if answer else ("error", {}, 0)
        events: list[ev.Event] = []
        if command.hold_after_ms and delay >= command.hold_after_ms:
            events.append(ev.HoldElapsed(at_ms=self.at_ms + command.hold_after_ms, service=command.service))
        if delay >= command.timeout_ms:
            outcome, values = "timeout", {}
        self.at_ms += min(delay, command.timeout_ms)
        return [*events, told_ended(self.assistant.services[command.service], self.at_ms, outcome, values)]

    # ---- the caller's side ----
    async def line(self, line: Line) -> None:
        """Do or check one line of the conversation."""
        if line.kind in script.EXPECTED:
            self.expect_happening(line)
        else:
            await self.act(line)
        self.expect_state(line)

    async def act(self, line: Line) -> None:
        if line.kind not in ("hearing", "hangup") and self.session.wait is not Wait.CALLER:
            self.problem(line, f"the dialog does not listen here, it waits for: {self.session.wait.value}")
            return
        self.happenings.clear()
        self.at_ms += TURN_MS
        self.turns += 1
        self.transcript.append(f"user: [{line.kind}] {line.what}")
        event = await _ACTS[line.kind](self, line)
        self.advance(event)

    async def speak(self, line: Line) -> ev.Event:
        hear = self.hear
        meaning = await self.parse(
            line.what,
            language=self.session.language,
            expected=(hear.intents or None) if hear else None,
            slot_types=hear.slot_types if hear else (),
            slot_context=hear.slot_context if hear else NO_CONTEXT,
        )
        self.heard = meaning
        said = line.what.lower()
        phrases = hear.expectation.phrases if hear else ()
        hypothesis = Hypothesis(
            text=said,
            confidence=line.confidence,
            engine="test",
            value=next((p.value for p in phrases if p.text.lower() == said), None),
            margin=line.margin,
        )
        recognition = Recognition(
            hypothesis=hypothesis,
            language=self.session.language,
            speech_started_at_ms=self.at_ms - 1_000,
            speech_ended_at_ms=self.at_ms - 300,
            decided_at_ms=self.at_ms,
            decode_ms=0,
            decodes=1,
        )
        return ev.UtteranceHeard(at_ms=self.at_ms, recognition=recognition, understanding=meaning)

    async def press(self, line: Line) -> ev.Event:
        return ev.DigitsDialed(at_ms=self.at_ms, digits=line.what.rstrip("#"))

    async def stay_silent(self, _line: Line) -> ev.Event:
        self.at_ms += self.hear.noinput_ms if self.hear else 0
        return ev.SilenceElapsed(at_ms=self.at_ms)

    async def make_noise(self, _line: Line) -> ev.Event:
        return ev.UtteranceRejected(at_ms=self.at_ms, reason="noise")

    async def change_hearing(self, line: Line) -> ev.Event:
        lost = line.what == "lost"
        return ev.HearingLost(at_ms=self.at_ms) if lost else ev.HearingRestored(at_ms=self.at_ms)

    async def hang_up(self, _line: Line) -> ev.Event:
        return ev.CallerHungUp(at_ms=self.at_ms)

    # ---- checks ----
    def problem(self, line: Line, what: str) -> None:
        self.problems.append(f"line {line.number}: {what}")
        self.transcript.append(f"!!    line {line.number}: {what}")

    def expect_happening(self, line: Line) -> None:
        """The next happening of this kind must be the one expected; those before it are passed over."""
        wanted = [h for h in self.happenings if h.kind == line.kind]
        found = next((i for i, h in enumerate(wanted) if not line.what or h.what == line.what), None)
        if found is None:
            seen = ", ".join(f"{h.kind} {h.what}" for h in self.happenings) or "nothing"
            self.problem(line, f"expected {line.kind} {line.what}, got {seen}")
            return
        happening = wanted[found]
        del self.happenings[: self.happenings.index(happening) + 1]
        for text in line.contains:
            if text.lower() not in str(happening.data.get("text", "")).lower():
                self.problem(line, f"{line.what} does not say {text!r} but {happening.data.get('text')!r}")
        for name, value in line.data.items():
            actual = happening.data.get(name, dict(happening.data.get("slots", {})).get(name))
            if actual != value:
                self.problem(line, f"{line.kind} {line.what}: {name} is {actual!r}, not {value!r}")

    def expect_state(self, line: Line) -> None:
        session = self.session
        step = f"{session.stack[-1].flow}/{session.stack[-1].step}" if session.stack else ""
        requests = {r["intent"]: r["result"] for r in session.requests}
        actual: dict[str, Any] = {
            "intent": self.heard.intent.name if self.heard else "",
            "step": step,
            "level": session.level.name,
            "outcome": session.outcome.value,
            "disposition": session.disposition,
        }
        for name, value in line.expect.items():
            if name in ("slots", "requests"):
                held = session.slots if name == "slots" else requests
                for key, wanted in value.items():
                    if held.get(key) != wanted:
                        self.problem(line, f"{name}.{key} is {held.get(key)!r}, not {wanted!r}")
            elif actual[name] != value:
                self.problem(line, f"{name} is {actual[name]!r}, not {value!r}")


_ACTS: dict[str, Callable[[Stage, Line], Awaitable[ev.Event]]] = {
    "user": Stage.speak,
    "dtmf": Stage.press,
    "silence": Stage.stay_silent,
    "noise": Stage.make_noise,
    "hearing": Stage.change_hearing,
    "hangup": Stage.hang_up,
}
