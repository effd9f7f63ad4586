"""Be the caller, in text: what is typed is said, what the bot says is printed, and why it did so can be asked.

Owns the words of the shell and the replay after an edit. The conversation itself is the stage of the conversation
tests; the dialog is the engine of the telephone.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ivr.config import NluSettings
from ivr.design.rehearsal import conversations
from ivr.dialog.assistant import Assistant, load_assistant
from ivr.dialog.conversation import Parse, Stage
from ivr.dialog.script import Conversation, Line, Mock
from ivr.dialog.session import Wait
from ivr.log import MASK
from ivr.model import dialog as ev
from ivr.model.errors import DesignError
from ivr.model.routing import TransferResult
from ivr.nlu.engines import engine_of

HELP = """\
Type what the caller says. Or:
  /dtmf 12#      press keys               /silence        say nothing
  /noise         a sound without words    /noise 0.15     from now on this share of words is misheard
  /barge         speak into the prompts (again: let them end)
  /hangup        the caller hangs up      /new            another call
  /agent busy    how the next agent answers: answered, busy, no_answer, refused, no_agent, failed
  /slots         values so far            /why            how the last words were understood
  /reload        read the files again (saved files are read by themselves)
  /quit"""

_FILLERS = ("uh", "um", "er")


class Services(Protocol):
    """Something that really calls a service: ivr.call.services."""

    def __call__(self, command: ev.CallService) -> Awaitable[ev.ServiceEnded]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls. customer: who the number belongs to; empty = whoever the conversation tests say, or unknown."""

    language: str = ""
    ani: str = "+15550100"
    customer: Mapping[str, Any] = field(default_factory=dict)
    started_at: str = "2026-11-20T09:00:00.000Z"


class _TypedStage(Stage):
    """A conversation whose lines come one by one; services may be real."""

    def __init__(self, assistant: Assistant, told: Conversation, parse: Parse, *, live: bool) -> None:
        super().__init__(assistant, told, parse)
        self.live, self.asked = live, list[ev.CallService]()

    def serve(self, command: ev.CallService) -> list[ev.Event]:
        if not self.live:
            return super().serve(command)
        self.asked.append(command)
        return []


class Shell:
    """One caller at the keyboard. write: prints a line. services: None answers with the mocks of the tests."""

    def __init__(
        self,
        folder: Path,
        write: Callable[[str], None],
        caller: Caller,
        nlu: NluSettings,
        services: Services | None = None,
    ) -> None:
        self._folder, self._write, self._caller, self._nlu, self._services = folder, write, caller, nlu, services
        self._said: list[str] = []
        self._saved = self._newest()
        self._noise, self._random = 0.0, random.Random(1)
        self._load()

    # ---- the call ----
    async def begin(self) -> None:
        """A new call."""
        self._said = []
        await self._call()

    async def _call(self) -> None:
        language = self._caller.language or self._assistant.languages[0]
        told = Conversation(
            name="shell",
            file="",
            number=0,
            language=language,
            lines=(),
            ani=self._caller.ani,
            customer=self._caller.customer or self._customers.get(self._caller.ani, {}),
            started_at=self._caller.started_at,
            cut_off=False,
            mocks=self._mocks,
            offers=(),
            agents=(),
        )
        self._stage = _TypedStage(self._assistant, told, self._engine.parse, live=self._services is not None)
        self._shown = 0
        self._stage.begin()
        await self._finish()

    async def take(self, typed: str) -> bool:
        """One typed line. False: the shell is to end."""
        await self._notice_edits()
        word, _, rest = typed.strip().partition(" ")
        if word in ("/quit", "/exit"):
            return False
        if word in _WORDS:
            await _WORDS[word](self, rest.strip())
        elif word.startswith("/"):
            self._write(f"no such word: {word}. /help lists them")
        else:
            await self._act("user", typed.strip()) if typed.strip() else await self._act("silence", "")
        return True

    async def close(self) -> None:
        """End the understanding."""
        await self._engine.close()

    async def _act(self, kind: str, what: str) -> None:
        if self._stage.session.wait is Wait.OVER:
            self._write("the call is over. /new begins another")
            return
        self._said.append(f"{kind} {what}")
        words = self._misheard(what) if kind == "user" else what
        await self._stage.act(Line(number=0, kind=kind, what=words))
        await self._finish()

    async def _finish(self) -> None:
        """Ask real services, then print what is new."""
        stage = self._stage
        while self._services is not None and stage.asked:
            stage.advance(await self._services(stage.asked.pop(0)))
        for line in stage.transcript[self._shown :]:
            self._write(line)
        self._shown = len(stage.transcript)
        for happening in stage.happenings:
            if happening.kind in ("action", "handoff", "callback", "offer", "ends"):
                said = ", ".join(f"{k}={v}" for k, v in happening.data.items() if k not in ("requests", "slots"))
                self._write(f"      -- {happening.kind} {happening.what} {said}".rstrip())
        stage.happenings.clear()
        self._write(self._state())

    def _state(self) -> str:
        session, heard = self._stage.session, self._stage.heard
        intent = f"{heard.intent.name or '?'} {heard.intent.confidence:.2f}" if heard else "-"
        step = "/".join((session.stack[-1].flow, session.stack[-1].step)) if session.stack else "-"
        over = f", {session.outcome.value}: {session.disposition}" if session.wait is Wait.OVER else ""
        return f"      [intent {intent} | step {step} | {session.wait.value}{over} | {self._slots()}]"

    def _slots(self) -> str:
        slots, known = self._stage.session.slots, self._assistant.slots
        shown = (f"{n}={MASK if n in known and known[n].sensitive else v}" for n, v in slots.items())
        return " ".join(shown) or "no slots"

    def _misheard(self, text: str) -> str:
        """The words with this share of them dropped, or with a filler before them."""
        words: list[str] = []
        for word in text.split():
            chance = self._random.random()
            if chance >= self._noise / 2:
                words += [self._random.choice(_FILLERS), word] if chance < self._noise else [word]
        return " ".join(words) or text

    # ---- the words ----
    async def _keys(self, rest: str) -> None:
        await self._act("dtmf", rest)

    async def _silence(self, _rest: str) -> None:
        await self._act("silence", "")

    async def _sound(self, rest: str) -> None:
        try:
            self._noise = min(1.0, max(0.0, float(rest)))
            self._write(f"{self._noise:.0%} of the words are misheard from now on")
        except ValueError:
            await self._act("noise", "")

    async def _barge(self, _rest: str) -> None:
        self._stage.interrupting = not self._stage.interrupting
        self._write("prompts are interrupted" if self._stage.interrupting else "prompts are heard to the end")

    async def _hang_up(self, _rest: str) -> None:
        await self._act("hangup", "")

    async def _new(self, _rest: str) -> None:
        await self.begin()

    async def _agent(self, rest: str) -> None:
        results = [r.value for r in TransferResult]
        if rest in results:
            self._stage.agents.append(rest)
        else:
            self._write(f"one of {', '.join(results)}")

    async def _show_slots(self, _rest: str) -> None:
        self._write(self._slots())

    async def _why(self, _rest: str) -> None:
        stage, heard = self._stage, self._stage.heard
        if stage.hear is not None:
            keys = f", {stage.hear.keys.max_digits} keys" if stage.hear.keys else ""
            self._write(f"waits at {stage.hear.step} for {', '.join(stage.hear.intents) or 'no intent'}{keys}")
            self._write(f"values looked for: {', '.join(stage.hear.slot_types) or 'none'}")
        if heard is not None:
            best = ", ".join(f"{i.name} {i.confidence:.2f}" for i in heard.ranking[:4]) or "nothing"
            self._write(f"understood by {heard.engine}: {heard.intent.name or 'out of scope'}; nearest: {best}")
            self._write(
                "values: " + (", ".join(f"{e.entity}={'|'.join(e.readings)}" for e in heard.entities) or "none")
            )
        tries = stage.session.tries
        self._write(f"tries: {tries.noinput} silent, {tries.nomatch} not understood, {tries.rejected} rejected")

    async def _help(self, _rest: str) -> None:
        self._write(HELP)

    # ---- edits ----
    async def _reload(self, _rest: str) -> None:
        before = self._engine
        try:
            self._load()
        except DesignError as error:
            self._write(f"{error}\nthe old version stays")
            return
        await before.close()
        self._write("read again; the call goes on as if it had been so from its beginning")
        said, write = self._said, self._write
        self._said, self._write = [], lambda _line: None
        await self._call()
        for kind, _, what in (line.partition(" ") for line in said):
            await self._act(kind, what)
        self._write = write
        self._write(self._state())

    async def _notice_edits(self) -> None:
        newest = self._newest()
        if newest != self._saved:
            self._saved = newest
            await self._reload("")

    def _newest(self) -> tuple[tuple[str, int], ...]:
        return tuple((str(p), p.stat().st_mtime_ns) for p in sorted(self._folder.rglob("*.yml")))

    def _load(self) -> None:
        """Read the folder. Raises DesignError and changes nothing when it holds an error."""
        assistant = load_assistant(self._folder)
        engine = engine_of(self._nlu, assistant.nlu_files)
        mocks: dict[str, tuple[Mock, ...]] = {}
        told = conversations(self._folder) if any((self._folder / "tests").glob("*.yml")) else ()
        for conversation in told:
            for service, answers in conversation.mocks.items():
                held = mocks.get(service, ())
                mocks[service] = (*held, *(a for a in answers if a not in held))
        # The first that fits answers: those that ask for certain values come first.
        mocks = {service: tuple(sorted(answers, key=lambda a: not a.args)) for service, answers in mocks.items()}
        self._assistant, self._engine, self._mocks = assistant, engine, mocks
        self._customers = {conversation.ani: conversation.customer for conversation in told if conversation.customer}


_WORDS: Mapping[str, Callable[[Shell, str], Awaitable[None]]] = {
    "/dtmf": Shell._keys,
    "/silence": Shell._silence,
    "/noise": Shell._sound,
    "/barge": Shell._barge,
    "/hangup": Shell._hang_up,
    "/new": Shell._new,
    "/agent": Shell._agent,
    "/slots": Shell._show_slots,
    "/why": Shell._why,
    "/reload": Shell._reload,
    "/help": Shell._help,
}
