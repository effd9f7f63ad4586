"""The command line. Owns arguments, exit statuses and what is printed; the rooms do the work.

Exit status: 0 done, 1 it was tried and failed, 2 the call or the configuration is wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from ivr import __version__, log
from ivr.config import NLU_ENGINES, Settings, anchored, check, load_settings, variables
from ivr.model.errors import ConfigError, IvrError

DEFAULT_FILE = Path("ivr.toml")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.command(arguments))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    except IvrError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ivr", description="A self-hosted telephone voice bot.")
    parser.add_argument("--version", action="version", version=f"ivr {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")

    run = commands.add_parser("run", help="answer calls: SIGHUP reloads the dialog, SIGTERM drains")
    run.add_argument("-c", "--config", type=Path, help="settings file (default: ./ivr.toml, or built-in defaults)")
    run.set_defaults(command=_run)

    _add_design(commands)
    _add_understanding(commands)
    _add_rasa(commands)

    demo = commands.add_parser("demo", help="three real calls, printed as they happen; then stay up")
    demo.add_argument(
        "--once", action="store_true", help="end after the calls; status 0 only if all went as they should"
    )
    demo.set_defaults(command=_demo)

    bench = commands.add_parser("bench", help="measure")
    benches = bench.add_subparsers(required=True, metavar="what")
    turns = benches.add_parser("turns", help="end of caller speech to first bot audio, on real SIP calls")
    turns.add_argument("--json", action="store_true", help="print one JSON object")
    turns.add_argument("--repeat", type=int, default=1, help="how often to go through the utterances")
    turns.set_defaults(command=_bench_turns)
    calls = benches.add_parser("calls", help="answer, greeting, barge-in and memory, on real SIP calls")
    calls.add_argument("--json", action="store_true", help="print one JSON object")
    calls.set_defaults(command=_bench_calls)
    return parser


def _add_understanding(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    nlu = commands.add_parser("nlu", help="understanding")
    evaluate = nlu.add_subparsers(required=True, metavar="what").add_parser(
        "evaluate", help="train on one table of sentences, measure on another (TSV: text<TAB>intent; oos: out of scope)"
    )
    evaluate.add_argument("--train", type=Path, required=True, metavar="TSV")
    evaluate.add_argument("--test", type=Path, required=True, metavar="TSV")
    evaluate.add_argument("--per-intent", type=int, default=0, metavar="K", help="examples drawn of each (0: all)")
    evaluate.add_argument("--seed", type=int, default=1, help="of the draw and of the noise (1)")
    evaluate.add_argument("--engine", choices=NLU_ENGINES, default="auto", help="as [nlu] engine in ivr.toml (auto)")
    evaluate.add_argument("--noise", type=float, default=0.0, metavar="SHARE", help="of the test words spoilt (0)")
    evaluate.add_argument("--json", action="store_true", help="print one JSON object")
    evaluate.set_defaults(command=_nlu_evaluate)


def _add_rasa(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """A Rasa server beside the product, for [nlu] engine = "rasa"."""
    rasa = commands.add_parser("rasa", help="set up a Rasa server to understand callers")
    steps = rasa.add_subparsers(required=True, metavar="step")
    install = steps.add_parser("install", help="install Rasa into an environment of its own (Python 3.10, 2.5 GB)")
    train = steps.add_parser("train", help="train a model for each language of an assistant")
    serve = steps.add_parser("serve", help="serve one language on loopback; the token is taken from IVR_RASA_TOKEN")
    for step in (install, train, serve):
        step.add_argument("--home", type=Path, default=Path("var/rasa"), help="where Rasa lives (var/rasa)")
    train.add_argument("folder", type=Path, nargs="?", default=Path("dialogs/insurance"))
    serve.add_argument("model", type=Path, help="the model `ivr rasa train` printed")
    serve.add_argument("--port", type=int, default=5005)
    install.set_defaults(command=_rasa_install)
    train.set_defaults(command=_rasa_train)
    serve.set_defaults(command=_rasa_serve)


def _add_design(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """What designers of dialogs work with."""
    validate = commands.add_parser("validate", help="check an assistant's folder; print every mistake as file:line")
    validate.add_argument("folder", type=Path, nargs="?", default=Path())
    validate.add_argument("--strict", action="store_true", help="warnings count as errors")
    validate.add_argument("--json", action="store_true", help="print one JSON object")
    validate.set_defaults(command=_validate)

    test = commands.add_parser("test", help="run an assistant's conversation tests, with the real understanding")
    test.add_argument("folder", type=Path, nargs="?", default=Path())
    test.add_argument("-k", dest="only", default="", metavar="WORDS", help="only conversations with this in their name")
    test.add_argument("--junit", type=Path, metavar="FILE", help="also write a JUnit report")
    test.add_argument("--coverage", action="store_true", help="print steps and edges no conversation came to")
    test.add_argument("--audio", action="store_true", help="say it: through voice, telephone line and recogniser")
    test.set_defaults(command=_test)

    shell = commands.add_parser("shell", help="be the caller in text; /help inside lists the words")
    shell.add_argument("folder", type=Path, nargs="?", default=Path())
    shell.add_argument("--language", default="", help="the caller's language (default: the assistant's first)")
    shell.add_argument("--number", default="+15550100", help="the caller's number")
    shell.add_argument("--live", action="store_true", help="really call the services (default: answers of the tests)")
    shell.set_defaults(command=_shell)

    graph = commands.add_parser("graph", help="draw an assistant's flows: Mermaid text, or a picture")
    graph.add_argument("folder", type=Path, nargs="?", default=Path())
    graph.add_argument("--svg", type=Path, metavar="FILE", help="write a picture instead")
    graph.add_argument("--coverage", action="store_true", help="colour what the conversation tests go through")
    graph.set_defaults(command=_graph)

    schema = commands.add_parser("schema", help="JSON Schemas of an assistant's files, for editors")
    schema.add_argument("--write", type=Path, metavar="FOLDER", help="write a file for each, instead of printing all")
    schema.set_defaults(command=_schema)


def _settings(path: Path | None) -> Settings:
    if path is not None or DEFAULT_FILE.is_file():
        return load_settings(path or DEFAULT_FILE)
    return check(anchored(Settings(), Path.cwd()))


def _run(arguments: argparse.Namespace) -> int:
    from ivr.supervisor.service import serve

    settings = _settings(arguments.config)
    log.configure(settings.server.log_level)
    return asyncio.run(serve(settings))


def _validate(arguments: argparse.Namespace) -> int:
    from ivr.design.findings import validate

    faults = validate(arguments.folder)
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

    models = _settings(None).speech.models_dir if arguments.audio else None
    rehearsal = asyncio.run(rehearse(arguments.folder, only=arguments.only, models=models))
    failed = [result for result in rehearsal.results if not result.passed]
    for result in failed:
        print(story(result))
    if arguments.junit:
        write(rehearsal, arguments.junit)
    if arguments.coverage:
        coverage = cover(rehearsal.assistant, (result.report.path for result in rehearsal.results))
        print("\n".join((*coverage.missed, str(coverage))))
    count = len(rehearsal.results)
    print(f"{count} conversations, {len(failed)} failed, {rehearsal.took_s:.1f} s")
    return 1 if failed or not count else 0


def _shell(arguments: argparse.Namespace) -> int:
    return asyncio.run(_talk(arguments))


async def _talk(arguments: argparse.Namespace) -> int:
    from ivr.call.services import ServiceCaller
    from ivr.design.shell import Caller, Shell
    from ivr.dialog.assistant import load_assistant
    from ivr.metrics import Metrics
    from ivr.model.dialog import CallService, ServiceEnded

    http = ServiceCaller(variables(_settings(None)), Metrics()) if arguments.live else None

    async def served(command: CallService) -> ServiceEnded:
        assert http is not None
        spec = load_assistant(arguments.folder).services[command.service]
        return await http.call(spec, command.args, timeout_ms=command.timeout_ms)

    caller = Caller(language=arguments.language, ani=arguments.number)
    shell = Shell(arguments.folder, print, caller, served if http else None)
    try:
        await shell.begin()
        while await shell.take(await asyncio.to_thread(input, "user: ")):
            pass
    except EOFError:
        print()
    finally:
        await shell.close()
        if http is not None:
            await http.close()
    return 0


def _graph(arguments: argparse.Namespace) -> int:
    from ivr.design.coverage import cover
    from ivr.design.drawing import svg
    from ivr.design.graph import graph, mermaid
    from ivr.design.rehearsal import rehearse
    from ivr.dialog.assistant import load_assistant

    coverage = None
    if arguments.coverage:
        rehearsal = asyncio.run(rehearse(arguments.folder))
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


def _demo(arguments: argparse.Namespace) -> int:
    from ivr.demo.show import show

    return asyncio.run(show(once=arguments.once))


def _bench_turns(arguments: argparse.Namespace) -> int:
    from ivr.demo.bench_turns import bench_turns

    result = asyncio.run(bench_turns(repeat=arguments.repeat))
    print(json.dumps(result) if arguments.json else json.dumps(result, indent=2))
    return 0


def _bench_calls(arguments: argparse.Namespace) -> int:
    from ivr.demo.bench_calls import bench_calls

    result = asyncio.run(bench_calls())
    print(json.dumps(result) if arguments.json else json.dumps(result, indent=2))
    return 0


def _nlu_evaluate(arguments: argparse.Namespace) -> int:
    from ivr.nlu.evaluation import evaluate

    a = arguments
    result = evaluate(a.train, a.test, engine=a.engine, per_intent=max(a.per_intent, 0), seed=a.seed, noise=a.noise)
    print(json.dumps(result) if a.json else json.dumps(result, indent=2))
    return 0


def _rasa_install(arguments: argparse.Namespace) -> int:
    from ivr.supervisor.rasa_server import install

    print(f"Rasa is ready: {install(arguments.home)}")
    return 0


def _rasa_train(arguments: argparse.Namespace) -> int:
    from ivr.dialog.assistant import load_assistant
    from ivr.supervisor.rasa_server import train

    assistant = load_assistant(arguments.folder)
    for language, model in train(arguments.home, assistant.name, assistant.nlu_files).items():
        print(f"{language}: {model}")
    return 0


def _rasa_serve(arguments: argparse.Namespace) -> int:
    from ivr.supervisor.rasa_server import TOKEN_VARIABLE, environment, serve_command

    token = os.environ.get(TOKEN_VARIABLE, "")
    if not token:
        raise ConfigError(f"set {TOKEN_VARIABLE} first: the service needs the same token to ask this server")
    command = serve_command(arguments.home, arguments.model, port=arguments.port)
    os.execve(command[0], command, environment(token))
