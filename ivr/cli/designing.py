"""Commands of designers: check, test, try and draw an assistant."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ivr.cli.arguments import Commands, settings_of
from ivr.config import Settings, variables

if TYPE_CHECKING:
    from ivr.call.live_services import LiveServices
    from ivr.storage.store import Store

FOLDER = "an assistant's folder (default: the one you are in)"


def add(commands: Commands) -> None:
    """validate, test, shell, graph, schema."""
    validate = commands.add_parser("validate", help="check an assistant's folder; print every mistake as file:line")
    validate.add_argument("folder", type=Path, nargs="?", default=Path(), help=FOLDER)
    validate.add_argument("--strict", action="store_true", help="warnings count as errors")
    validate.add_argument("--json", action="store_true", help="print one JSON object")
    validate.set_defaults(command=_validate)

    test = commands.add_parser("test", help="run an assistant's conversation tests, with the real understanding")
    test.add_argument("folder", type=Path, nargs="?", default=Path(), help=FOLDER)
    test.add_argument("-k", dest="only", default="", metavar="WORDS", help="only conversations with this in their name")
    test.add_argument("--junit", type=Path, metavar="FILE", help="also write a JUnit report")
    test.add_argument("--coverage", action="store_true", help="print steps and edges no conversation came to")
    test.add_argument("--audio", action="store_true", help="say it: through voice, telephone line and recogniser")
    test.set_defaults(command=_test)

    shell = commands.add_parser("shell", help="be the caller in text; /help inside lists the words")
    shell.add_argument("folder", type=Path, nargs="?", default=Path(), help=FOLDER)
    shell.add_argument("--language", default="", help="the caller's language (default: the assistant's first)")
    shell.add_argument("--number", default="+15550100", help="the caller's number (+15550100)")
    shell.add_argument(
        "--customer", type=_an_object, metavar="JSON", help="who it is: id, lines, profile, ... (nobody known)"
    )
    shell.add_argument("--live", action="store_true", help="really call the services (default: answers of the tests)")
    shell.set_defaults(command=_shell)

    graph = commands.add_parser("graph", help="draw an assistant's flows: Mermaid text, or a picture")
    graph.add_argument("folder", type=Path, nargs="?", default=Path(), help=FOLDER)
    graph.add_argument("--svg", type=Path, metavar="FILE", help="write a picture instead")
    graph.add_argument("--coverage", action="store_true", help="colour what the conversation tests go through")
    graph.set_defaults(command=_graph)

    schema = commands.add_parser("schema", help="JSON Schemas of an assistant's files, for editors")
    schema.add_argument("--write", type=Path, metavar="FOLDER", help="write a file for each, instead of printing all")
    schema.set_defaults(command=_schema)


def _validate(arguments: argparse.Namespace) -> int:
    from ivr.design.findings import validate

    settings = settings_of(None)
    faults = validate(arguments.folder, settings.nlu, sends_texts=settings.identity.gateway != "off")
    errors = sum(fault.severity == "error" for fault in faults)
    warnings = len(faults) - errors
    if arguments.json:
        found = [asdict(fault) for fault in faults]
        print(json.dumps({"errors": errors, "warnings": warnings, "findings": found}, ensure_ascii=False, indent=2))
    else:
        for fault in faults:
            print(fault)
        print(f"{arguments.folder}: {errors} errors, {warnings} warnings")
    return 1 if errors or (arguments.strict and warnings) else 0


def _test(arguments: argparse.Namespace) -> int:
    from ivr.design.coverage import cover
    from ivr.design.junit import write
    from ivr.design.rehearsal import rehearse, story

    settings = settings_of(None)
    models = settings.speech.models_dir if arguments.audio else None
    rehearsal = asyncio.run(rehearse(arguments.folder, settings.nlu, only=arguments.only, models=models))
    failed = [result for result in rehearsal.results if not result.passed]
    picked = arguments.audio and arguments.only  # who picks conversations to be heard wants to see what was heard
    for result in rehearsal.results:
        if picked or result.read_back or not result.passed:
            print(story(result))
    if arguments.junit:
        write(rehearsal, arguments.junit)
    if arguments.coverage:
        coverage = cover(rehearsal.assistant, (result.report.path for result in rehearsal.results))
        print("\n".join((*coverage.missed, str(coverage))))
    count = len(rehearsal.results)
    doubts = sum(result.read_back for result in rehearsal.results)
    answered = f", {doubts} read back and answered" if doubts else ""
    print(f"{count} conversations, {len(failed)} failed{answered}, {rehearsal.took_s:.1f} s")
    return 1 if failed or not count else 0


def _shell(arguments: argparse.Namespace) -> int:
    from ivr.design.shell import Caller, Shell
    from ivr.dialog.assistant import Assistant
    from ivr.identity.policy_file import load_policy

    settings = settings_of(None)
    caller = Caller(language=arguments.language, ani=arguments.number, customer=(arguments.customer or {}))
    at_keyboard = sys.stdin.isatty()
    # Between two lines nothing runs, so that Ctrl-C ends the shell at once.
    with asyncio.Runner() as runner:
        live, store = runner.run(_live_services(settings)) if arguments.live else (None, None)

        def began(assistant: Assistant, language: str) -> None:
            if live is not None:
                live.begin(assistant, load_policy(arguments.folder), caller.ani, language)

        shell = Shell(arguments.folder, print, caller, settings.nlu, live, began=began, echo=not at_keyboard)
        try:
            runner.run(shell.begin())
            while runner.run(shell.take(input("user: " if at_keyboard else ""))):
                pass
        except (EOFError, KeyboardInterrupt):
            print()
        finally:
            runner.run(shell.close())
            if live is not None and store is not None:
                runner.run(live.close())
                runner.run(store.close())
    return 0


def _an_object(said: str) -> dict[str, Any]:
    try:
        told = json.loads(said)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"not JSON: {error}") from error
    if not isinstance(told, dict):
        raise argparse.ArgumentTypeError('not a JSON object, as in \'{"lines": ["flat"]}\'')
    return told


async def _live_services(settings: Settings) -> tuple[LiveServices, Store]:
    """The services of the assistant with the customers, the codes and the counted tries of these settings."""
    from ivr.call.live_services import LiveServices
    from ivr.call.services import ServiceCaller
    from ivr.metrics import Metrics
    from ivr.storage.store import Store
    from ivr.supervisor.identity_keeping import open_identity

    store, metrics = await Store.open(settings.storage.url), Metrics()
    return LiveServices(ServiceCaller(variables(settings), metrics), open_identity(settings, store, metrics)), store


def _graph(arguments: argparse.Namespace) -> int:
    from ivr.design.coverage import cover
    from ivr.design.drawing import svg
    from ivr.design.graph import graph, mermaid
    from ivr.design.rehearsal import rehearse
    from ivr.dialog.assistant import load_assistant

    coverage = None
    if arguments.coverage:
        rehearsal = asyncio.run(rehearse(arguments.folder, settings_of(None).nlu))
        coverage = cover(rehearsal.assistant, (result.report.path for result in rehearsal.results))
    drawn = graph(load_assistant(arguments.folder), coverage)
    if arguments.svg:
        arguments.svg.write_text(svg(drawn), "utf-8")
    else:
        print(mermaid(drawn), end="")
    return 0


def _schema(arguments: argparse.Namespace) -> int:
    from ivr.design.schemas import schemas, write

    print(write(arguments.write) if arguments.write else json.dumps(schemas(), ensure_ascii=False, indent=1))
    return 0
