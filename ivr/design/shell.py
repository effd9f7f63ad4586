"""Be the caller, in text: what is typed is said, what the bot says is printed, and why it did so can be asked.

Owns the words of the shell and the replay after an edit. The call itself is ivr.design.typed_call; the dialog is the
engine of the telephone.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ivr.call.guarded_assistant import load_guarded
from ivr.config import NluSettings
from ivr.design.offer_trial import OfferTrial
from ivr.design.rehearsal import conversations
from ivr.design.typed_call import Answers, Services, TypedCall
from ivr.dialog.assistant import Assistant
from ivr.dialog.script import Conversation, Line, Mock
from ivr.dialog.session import Wait
from ivr.model.errors import DesignError
from ivr.model.routing import TransferResult
from ivr.nlu.engines import engine_of

HELP = """\
Type what the caller says. Or:
  /dtmf 12#      press keys               /silence        say nothing (an empty line too)
  /noise         a sound without words    /noise 0.15     from now on this share of words is misheard
  /barge         speak into the prompts (again: let them end)
  /hearing lost  speech recognition is away, until /hearing restored
  /hangup        the caller hangs up      /new            another call
  /agent busy    how the next agent answers: answered, busy, no_answer, refused, no_agent, failed; or
                 what the caller chooses instead of waiting: callback, assistant
  /slots         values so far            /why            how the last words were understood
  /reload        read the files again (saved files are read by themselves)
  /quit"""

_FILLERS = ("uh", "um", "er")
_ACTS = frozenset({"/dtmf", "/silence", "/noise", "/hearing", "/hangup"})
_KEYS = frozenset("0123456789*#")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls. customer: who the number belongs to; empty = whoever the conversation tests say, or unknown."""

    language: str = ""
    ani: str = "+15550100"
    customer: Mapping[str, Any] = field(default_factory=dict)
    started_at: str = "2026-11-20T09:00:00.000Z"


class _NewQuestion(Exception):  # noqa: N818 - nothing is wrong
    """A replay would really ask a service."""


class Shell:
    """One caller at the keyboard. write: prints a line. services: None answers with the mocks of the tests. began: told
    of each new call with its assistant and language, before a service is asked. echo: what is typed is not on the
    screen yet, and is printed too."""

    def __init__(
        self,
        folder: Path,
        write: Callable[[str], None],
        caller: Caller,
        nlu: NluSettings,
        services: Services | None = None,
        *,
        began: Callable[[Assistant, str], None] | None = None,
        echo: bool = False,
    ) -> None:
        self._folder, self._write, self._caller, self._nlu, self._services = folder, write, caller, nlu, services
        self._echo, self._said, self._began = echo, list[str](), began
        self._answers, self._given = Answers(), Answers()
        self._interrupting = self._replaying = False
        self._saved = self._newest()
        self._noise, self._random = 0.0, random.Random(1)
        self._agents: list[str] = []
        self._next_agents: list[str] = []
        self._load()

    # ---- the call ----
    async def begin(self) -> None:
        """A new call."""
        self._agents, self._next_agents = self._next_agents, []
        self._said, self._answers, self._given = [], Answers(), Answers()
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
            customer=self._caller.customer or ({} if self._services else self._customers.get(self._caller.ani, {})),
            started_at=self._caller.started_at,
            cut_off=False,
            mocks=self._mocks,
            offers=(),
            agents=tuple(self._agents),
        )
        live = self._services is not None
        self._stage = TypedCall(self._assistant, told, self._engine.parse, live=live, trial=self._trial)
        self._stage.interrupting = self._interrupting
        if self._began is not None and not self._replaying:
            self._began(self._assistant, language)
        self._stage.begin()
        await self._finish()

    async def take(self, typed: str) -> bool:
        """One typed line. False: the shell is to end."""
        await self._notice_edits()
        word, _, rest = typed.strip().partition(" ")
        if word in ("/quit", "/exit"):
            return False
        if self._echo and word.startswith("/") and word not in _ACTS:
            self._write(f"user: {typed.strip()}")
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
        stage = self._stage
        if stage.session.wait is Wait.OVER:
            self._write("the call is over. /new begins another")
            return
        if stage.session.wait is not Wait.CALLER and kind not in ("hangup", "hearing"):
            self._write(f"nobody listens, the call waits for: {stage.session.wait.value}. /hangup, or /new")
            return
        self._said.append(f"{kind} {what}")
        words = self._misheard(what) if kind == "user" else what
        stage.heard = None
        before = len(stage.transcript)
        await stage.act(Line(number=0, kind=kind, what=words))
        if words == what and not self._echo:
            del stage.transcript[before]  # it stands there already, as it was typed
        await self._finish()

    async def _finish(self) -> None:
        """Ask real services, then print what is new."""
        stage = self._stage
        while self._services is not None and stage.asked:
            command = stage.asked.pop(0)
            answer = self._given.take(command)
            if answer is None and self._replaying:
                raise _NewQuestion(command.service)
            answer = answer or await self._services(command)
            self._answers.keep(command, answer)
            stage.answered(command.service, answer)
            stage.advance(answer)
        for line in stage.news():
            self._write(line)
        stage.happenings.clear()
        self._write(stage.state())

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
        keys = rest.replace(" ", "")
        if keys and _KEYS.issuperset(keys):
            await self._act("dtmf", keys)
        else:
            self._write("keys are 0 to 9, * and #, such as /dtmf 12#")

    async def _silence(self, _rest: str) -> None:
        await self._act("silence", "")

    async def _sound(self, rest: str) -> None:
        try:
            self._noise = min(1.0, max(0.0, float(rest)))
            self._write(f"{self._noise:.0%} of the words are misheard from now on")
        except ValueError:
            await self._act("noise", "")

    async def _barge(self, _rest: str) -> None:
        self._interrupting = self._stage.interrupting = not self._interrupting
        self._write("prompts are interrupted" if self._interrupting else "prompts are heard to the end")

    async def _hearing(self, rest: str) -> None:
        if rest in ("lost", "restored"):
            await self._act("hearing", rest)
        else:
            self._write("/hearing lost, or /hearing restored")

    async def _hang_up(self, _rest: str) -> None:
        await self._act("hangup", "")

    async def _new(self, _rest: str) -> None:
        await self.begin()

    async def _agent(self, rest: str) -> None:
        results = [r.value for r in TransferResult]
        if rest in results:
            if self._stage.session.wait in (Wait.OVER, Wait.HUMAN):
                self._next_agents.append(rest)
            else:
                self._agents.append(rest)
                self._stage.agents.append(rest)
            self._write(f"the next agent: {rest}")
        else:
            self._write(f"one of {', '.join(results)}")

    async def _show_slots(self, _rest: str) -> None:
        self._write("\n".join(f"{name} = {value}" for name, value in self._stage.slots().items()) or "no slots")

    async def _why(self, _rest: str) -> None:
        self._write("\n".join(self._stage.why()))

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
        said, write = self._said, self._write
        self._said, self._write, self._replaying = [], lambda _line: None, True
        self._given, self._answers = self._answers, Answers()
        try:
            await self._call()
            for kind, _, what in (line.partition(" ") for line in said):
                await self._act(kind, what)
        except _NewQuestion as question:
            self._write, self._replaying = write, False
            self._write(f"read again; a service is asked something new now ({question}), so the call begins again")
            await self.begin()
            return
        self._write, self._replaying = write, False
        self._write("read again; the call goes on as if it had been so from its beginning")
        self._write(self._stage.state())

    async def _notice_edits(self) -> None:
        newest = self._newest()
        if newest != self._saved:
            self._saved = newest
            await self._reload("")

    def _newest(self) -> tuple[tuple[str, int], ...]:
        return tuple((str(p), p.stat().st_mtime_ns) for p in sorted(self._folder.rglob("*.yml")))

    def _load(self) -> None:
        """Read the folder. Raises DesignError and changes nothing when it holds an error."""
        assistant = load_guarded(self._folder)
        trial = OfferTrial(assistant) if assistant.offers_file.exists() else None
        engine = engine_of(self._nlu, assistant.nlu_files)
        mocks: dict[str, tuple[Mock, ...]] = {}
        told = conversations(self._folder) if any((self._folder / "tests").glob("*.yml")) else ()
        for conversation in told:
            for service, answers in conversation.mocks.items():
                held = mocks.get(service, ())
                mocks[service] = (*held, *(a for a in answers if a not in held))
        # The first that fits answers: those that ask for certain values come first.
        mocks = {service: tuple(sorted(answers, key=lambda a: not a.args)) for service, answers in mocks.items()}
        self._assistant, self._engine, self._mocks, self._trial = assistant, engine, mocks, trial
        self._customers = {conversation.ani: conversation.customer for conversation in told if conversation.customer}


_WORDS: Mapping[str, Callable[[Shell, str], Awaitable[None]]] = {
    "/dtmf": Shell._keys,
    "/silence": Shell._silence,
    "/noise": Shell._sound,
    "/barge": Shell._barge,
    "/hearing": Shell._hearing,
    "/hangup": Shell._hang_up,
    "/new": Shell._new,
    "/agent": Shell._agent,
    "/slots": Shell._show_slots,
    "/why": Shell._why,
    "/reload": Shell._reload,
    "/help": Shell._help,
}
