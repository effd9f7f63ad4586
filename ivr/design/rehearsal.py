"""Conversation tests of a folder, run one after another against the real engine and the real understanding.

Owns finding, choosing and counting. What a conversation is stands in ivr.dialog; how it is printed, in the command
line.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ivr.call.guarded_assistant import load_guarded
from ivr.config import NluSettings
from ivr.dialog.assistant import Assistant
from ivr.dialog.conversation import Parse, play
from ivr.dialog.report import Report
from ivr.dialog.script import Conversation, load
from ivr.model.errors import DesignError, Fault
from ivr.nlu.engines import engine_of

READ_BACK = "read back, which the page does not foresee"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """One conversation with how it went. took_s: seconds of this machine, not of the call."""

    told: Conversation
    report: Report
    took_s: float

    @property
    def passed(self) -> bool:
        return not self.report.problems

    @property
    def read_back(self) -> int:
        """Values and intents heard in doubt, read back and answered though no line says so (by ear only)."""
        return sum(READ_BACK in line for line in self.report.transcript)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """All conversations of a folder, in the order of the files."""

    assistant: Assistant
    results: tuple[Rehearsed, ...]
    took_s: float

    @property
    def passed(self) -> bool:
        return all(result.passed for result in self.results)


def conversations(folder: Path, files: Sequence[Path] = ()) -> tuple[Conversation, ...]:
    """The conversations of a folder, or of these files of it. Raises DesignError with the faults of all files, also
    when there is none."""
    faults: list[Fault] = []
    found: list[Conversation] = []
    for path in files or sorted((folder / "tests").glob("*.yml")):
        try:
            found += load(path, folder)
        except DesignError as error:
            faults += error.faults
    if not found and not faults:
        fix = "Write tests/first.yml with tests: [{name: ..., turns: [...]}]."
        faults = [Fault(file="tests", line=0, column=0, code="no-tests", what="there are no conversations", fix=fix)]
    if faults:
        raise DesignError(tuple(faults))
    return tuple(found)


async def rehearse(folder: Path, nlu: NluSettings, *, only: str = "", models: Path | None = None) -> Rehearsal:
    """Run the conversations of a folder whose name contains only, understood as these settings make a call understand;
    by ear (ivr.design.aloud) with the speech models in this folder. Raises DesignError, ConfigError, and SpeechError
    by ear."""
    assistant, told = load_guarded(folder), conversations(folder)
    chosen = [c for c in told if only.lower() in c.name.lower()]
    engine = engine_of(nlu, assistant.nlu_files)
    try:
        if models is None:
            return await run(assistant, chosen, engine.parse)
        from ivr.design.aloud import run_aloud  # loads what hears and speaks

        return await run_aloud(assistant, chosen, engine.parse, models)
    finally:
        await engine.close()


async def run(assistant: Assistant, told: Sequence[Conversation], parse: Parse) -> Rehearsal:
    """Run these conversations with this understanding."""
    began, results = time.monotonic(), []
    for conversation in told:
        started = time.monotonic()
        report = await play(assistant, conversation, parse)
        results.append(Rehearsed(told=conversation, report=report, took_s=time.monotonic() - started))
    return Rehearsal(assistant=assistant, results=tuple(results), took_s=time.monotonic() - began)


def story(result: Rehearsed) -> str:
    """A failed conversation: the place it stands at and what was said, with the faults (!!) where they happened."""
    place = f"{result.told.file}:{result.told.number}"
    return "\n".join([f"{place}: {result.told.name}", *(f"    {line}" for line in result.report.transcript)])
