"""One simulated call: the real dialog, the real understanding, the real identification and storage; no telephone.

Owns the clock of the call (how long prompts and answers take) and what is looked for in every word the bot says: names
and facts that the caller did not say. Refuses to decide what a caller says.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field, replace
from typing import Protocol

from ivr.call.identifying import Identifying
from ivr.call.identity_desk import IdentityDesk
from ivr.call.journal import Journal
from ivr.call.reading import read
from ivr.demo.crm_people import Invented
from ivr.demo.identity_callers import Answers, Caller
from ivr.dialog import engine
from ivr.dialog.assistant import Assistant
from ivr.dialog.session import Phase, Wait
from ivr.dialog.steps import ChooseStep, CollectStep, Step
from ivr.identity.policy import IdentityPolicy
from ivr.identity.spelling import folded
from ivr.model import dialog as ev
from ivr.model.call import LogEntry
from ivr.model.hearing import Expectation, Hypothesis, Recognition
from ivr.model.identity import Caller as Number
from ivr.model.identity import Level
from ivr.model.offers import OfferDecision
from ivr.model.ports import NluEngine

CHARACTERS_A_SECOND = {"en": 16.5, "ru": 10.5}
"""Of the product's voices, measured on its prompts (Piper, Festival)."""
CALLERS_CHARACTERS_A_SECOND, CHARACTERS_OF_A_DIGIT = 15.0, 5
KEYS_A_SECOND = 2.5
REACTION_S, END_OF_TURN_S = 0.5, 0.4
"""Of people between two voices; of the bot, as `ivr bench turns` measures it on the wire (median 0.35 s)."""
MOST_TURNS, MOST_REQUESTS = 30, 3
REQUEST = "policy_copy"
CONFIDENCE = 0.92

_WORD = re.compile(r"[^\W\d_]+")


class Ear(Protocol):
    """What the caller's words become on the telephone, and how long both sides take to say them: CallersEar."""

    async def hear(self, text: str, language: str, expectation: Expectation, attempt: int = 0) -> Hypothesis: ...

    async def speaking_s(self, text: str, language: str) -> float: ...

    async def seconds(self, text: str, language: str) -> float: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Bureau:
    """What all simulated calls share. ear: None = words arrive as they were said."""

    assistant: Assistant
    policy: IdentityPolicy
    nlu: NluEngine
    desk: IdentityDesk
    started_at: str
    ear: Ear | None = None
    lengths: dict[tuple[str, str], float] = field(default_factory=dict)

    async def seconds(self, text: str, language: str) -> float:
        """How long it takes to say this: by the voice where there is one, else by the count of its characters."""
        if self.ear is None:
            return len(text) / CHARACTERS_A_SECOND[language]
        if (text, language) not in self.lengths:
            self.lengths[text, language] = await self.ear.seconds(text, language)
        return self.lengths[text, language]


@dataclass(slots=True)
class Ended:
    """How a call went. level_s: seconds from the start until a level was first reached. exchanges: what was asked, said
    and heard, and how each step of identification ended, in short."""

    caller: Caller
    level: Level = Level.L0
    customer_id: str = ""
    at_s: float = 0.0
    turns: int = 0
    level_s: dict[Level, float] = field(default_factory=dict)
    disclosed: list[str] = field(default_factory=list)
    exchanges: list[str] = field(default_factory=list)
    transcript: list[str] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)
    journal: list[LogEntry] = field(default_factory=list)


class SimulatedCall:
    """A call by one caller until the wanted level is reached, a person takes over, or it ends."""

    def __init__(self, bureau: Bureau, caller: Caller, answers: Answers, call_id: str) -> None:
        self._bureau, self._caller, self._answers = bureau, caller, answers
        self._session = engine.new_session(bureau.assistant, caller.language)
        self._hear: ev.Hear | None = None
        self._over = False
        self._said = ""
        self._attempts = 0
        self._asked = False
        self.ended = Ended(caller=caller)
        journal = Journal(call_id, (self.ended.journal.append,))
        number = Number(ani=caller.number, dnis="+390000000", claimed=False)
        self._identifying = Identifying(
            call_id,
            bureau.desk,
            bureau.policy,
            journal,
            caller=lambda: number,
            language=lambda: self._session.language,
            believe_claimed=bureau.assistant.believe_claimed,
        )
        self._number, self._call_id = number, call_id

    async def run(self, wanted: Level) -> Ended:
        """The whole call."""
        bureau, caller = self._bureau, self._caller
        started = ev.CallStarted(
            at_ms=0,
            call_id=self._call_id,
            caller=self._number,
            language=caller.language,
            started_at=bureau.started_at,
        )
        await self._advance(started)
        if bureau.assistant.identify_service and caller.number:
            await self._advance(await self._serve(bureau.assistant.identify_service, {"phone": caller.number}))
        while not self._over and self._session.level < wanted and self.ended.turns < MOST_TURNS:
            if self._session.wait is not Wait.CALLER or self._hear is None:
                break
            await self._advance(await self._answer())
        self.ended.level = self._session.level
        self.ended.customer_id = self._session.customer.customer_id if self._session.customer else ""
        return self.ended

    # ---- the dialog's side ----
    async def _advance(self, event: ev.Event) -> None:
        events: deque[ev.Event] = deque([event])
        while events:
            turn = engine.advance(self._bureau.assistant, self._session, events.popleft())
            self._session = turn.session
            self._reached()
            for command in turn.commands:
                events.extend(await self._perform(command))

    def _reached(self) -> None:
        for level in (Level.L1, Level.L2, Level.L3, Level.L4):
            if self._session.level >= level:
                self.ended.level_s.setdefault(level, self.ended.at_s)

    async def _perform(self, command: ev.Command) -> list[ev.Event]:
        match command:
            case ev.Say(prompts=prompts):
                for prompt in prompts:
                    await self._bot(prompt.name, prompt.text)
                return [ev.PromptsEnded(at_ms=self._at_ms)]
            case ev.Hear():
                self._hear, self._asked = command, False
            case ev.CallService(service=service, args=args):
                return [await self._serve(service, dict(args))]
            case ev.DecideOffer():
                nothing = OfferDecision(opportunity_id="s", arm="none", speak=False, household="s")
                return [ev.OfferDecided(at_ms=self._at_ms, decision=nothing)]
            case ev.RequestHandoff() | ev.EndCall():
                self._over = True
        return []

    async def _serve(self, service: str, args: dict[str, object]) -> ev.Event:
        spec = self._bureau.assistant.services[service]
        if spec.identity is None:
            return ev.ServiceEnded(at_ms=self._at_ms, service=service, outcome="error")
        done = await self._identifying.serve(spec, args, timeout_ms=10_000)
        self.ended.transcript.append(f"      {service}: {done.outcome}")
        self.ended.exchanges.append(f"{service}: {done.outcome}")
        return replace(done, at_ms=self._at_ms)

    async def _bot(self, name: str, text: str) -> None:
        if self._caller.patient or not self._asked:
            self.ended.at_s += await self._bureau.seconds(text, self._session.language)
        self._asked = self._asked or text.rstrip().endswith("?")
        self.ended.transcript.append(f"bot:  {text}")
        self.ended.prompts.append(name)
        if self._session.level < Level.L2:
            self.ended.disclosed += disclosures(text, self._said, (*self._caller.on_number, self._caller.claims))

    @property
    def _at_ms(self) -> int:
        return round(self.ended.at_s * 1000)

    # ---- the caller's side ----
    async def _answer(self) -> ev.Event:
        self.ended.turns += 1
        words = self._words()
        self.ended.transcript.append(f"user: {words}")
        self.ended.exchanges.append(f"{self._question}? {words or '(silence)'}")
        self._said += f" {words}"
        if not words:
            self.ended.at_s += (self._hear.noinput_ms if self._hear else 0) / 1000
            return ev.SilenceElapsed(at_ms=self._at_ms)
        if words.startswith("#"):
            self.ended.at_s += REACTION_S + len(words) / KEYS_A_SECOND
            return ev.DigitsDialed(at_ms=self._at_ms, digits=words[1:])
        self.ended.at_s += REACTION_S + await self._speaking_s(words) + END_OF_TURN_S
        return await self._heard(words)

    def _step(self) -> Step | None:
        frame = self._session.stack[-1] if self._session.stack else None
        return self._bureau.assistant.flows[frame.flow].steps.get(frame.step) if frame else None

    @property
    def _question(self) -> str:
        """What was asked, in a word."""
        step, phase = self._step(), self._session.phase
        about = step.slot if isinstance(step, CollectStep) else "request"
        return about if phase is Phase.MAIN else f"{phase.value} {about}"

    def _words(self) -> str:
        session, step = self._session, self._step()
        if session.phase is Phase.CONFIRM_INTENT:
            return self._answers.yes_no(yes=True)
        if not isinstance(step, CollectStep):
            return self._answers.request(self._key_of_request(step)) if self.ended.turns <= MOST_REQUESTS else ""
        if session.phase is Phase.CONFIRM_VALUE:
            return self._answers.yes_no(yes=session.pending == self._answers.means(step.slot))
        if session.phase is Phase.WHICH_VALUE:
            return "#1" if session.pending == self._answers.means(step.slot) else "#2"
        return self._answers.to(step.slot, again=self.ended.prompts[-1].endswith("_2"))

    @staticmethod
    def _key_of_request(step: Step | None) -> str:
        """The key the menu names for what the caller wants, "" when it has none."""
        options = step.options if isinstance(step, ChooseStep) else ()
        return next((option.dtmf for option in options if option.intent == REQUEST), "")

    async def _speaking_s(self, words: str) -> float:
        """How long the caller takes to say this."""
        if self._bureau.ear is not None:
            return await self._bureau.ear.speaking_s(words, self._caller.language)
        digits = sum(map(str.isdigit, words))
        return (len(words) + (CHARACTERS_OF_A_DIGIT - 1) * digits) / CALLERS_CHARACTERS_A_SECOND

    async def _heard(self, words: str) -> ev.Event:
        bureau, hear = self._bureau, self._hear
        assert hear is not None
        hypothesis = Hypothesis(text=words, confidence=CONFIDENCE, engine="simulated")
        if bureau.ear is not None:
            self._attempts += 1
            hypothesis = await bureau.ear.hear(words, self._session.language, hear.expectation, self._attempts)
            self.ended.transcript.append(f"      heard: {hypothesis.text}")
            self.ended.exchanges[-1] += f" > {hypothesis.text or f'({hypothesis.reason})'}"
            self._said += f" {hypothesis.text}"
            if not hypothesis.text:
                return ev.UtteranceRejected(at_ms=self._at_ms, reason="noise")
        recognition = Recognition(
            hypothesis=hypothesis,
            language=hypothesis.language or self._session.language,
            speech_started_at_ms=self._at_ms - 1_000,
            speech_ended_at_ms=self._at_ms - 300,
            decided_at_ms=self._at_ms,
            decode_ms=0,
            decodes=1,
        )
        return replace(await read(bureau.nlu, recognition, hear), at_ms=self._at_ms)


def disclosures(text: str, said: str, people: tuple[Invented, ...]) -> list[str]:
    """What the bot's words tell of these people that the caller had not said: names, numbers, days."""
    spoken, known = {folded(w) for w in _WORD.findall(text)}, {folded(w) for w in _WORD.findall(said)}
    digits, heard = re.sub(r"\D", "", text), re.sub(r"\D", "", said)
    found = []
    for person in people:
        names = {folded(word) for name in person.names.values() for word in _WORD.findall(name)}
        found += sorted(f"name: {name}" for name in (names & spoken) - known if len(name) > 2)
        facts = (person.policy.rpartition("-")[2], person.account, person.postcode)
        found += [f"number: {fact}" for fact in facts if fact in digits and fact not in heard]
        found += [f"year: {person.birth_date[:4]}"] if person.birth_date[:4] in digits else []
    return found
