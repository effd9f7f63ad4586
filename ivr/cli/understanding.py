"""Commands of those who tune understanding: measure it, set up a Rasa server."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from ivr.cli.arguments import Commands, show
from ivr.config import NLU_ENGINES
from ivr.model.errors import ConfigError


def add(commands: Commands) -> None:
    """nlu evaluate, rasa install, rasa train, rasa serve."""
    _add_understanding(commands)
    _add_rasa(commands)


def _add_understanding(commands: Commands) -> None:
    nlu = commands.add_parser("nlu", help="understanding")
    evaluate = nlu.add_subparsers(required=True, metavar="what").add_parser(
        "evaluate", help="train on one table of sentences, measure on another (TSV: text<TAB>intent; oos: out of scope)"
    )
    evaluate.add_argument("--train", type=Path, required=True, metavar="TSV", help="the table to learn from")
    evaluate.add_argument("--test", type=Path, required=True, metavar="TSV", help="the table to be measured on")
    evaluate.add_argument("--per-intent", type=int, default=0, metavar="K", help="examples drawn of each (0: all)")
    evaluate.add_argument("--seed", type=int, default=1, help="of the draw and of the noise (1)")
    evaluate.add_argument("--engine", choices=NLU_ENGINES, default="auto", help="as [nlu] engine in ivr.toml (auto)")
    evaluate.add_argument("--noise", type=float, default=0.0, metavar="SHARE", help="of the test words spoilt (0)")
    evaluate.add_argument("--json", action="store_true", help="print one JSON object")
    evaluate.set_defaults(command=_nlu_evaluate)


def _add_rasa(commands: Commands) -> None:
    """A Rasa server beside the product, for [nlu] engine = "rasa"."""
    rasa = commands.add_parser("rasa", help="set up a Rasa server to understand callers")
    steps = rasa.add_subparsers(required=True, metavar="step")
    install = steps.add_parser("install", help="install Rasa into an environment of its own (Python 3.10, 2.5 GB)")
    train = steps.add_parser("train", help="train a model for each language of an assistant")
    serve = steps.add_parser("serve", help="serve one language on loopback; the token is taken from IVR_RASA_TOKEN")
    for step in (install, train, serve):
        step.add_argument("--home", type=Path, default=Path("var/rasa"), help="where Rasa lives (var/rasa)")
    assistant = Path("dialogs/insurance")
    train.add_argument("folder", type=Path, nargs="?", default=assistant, help="an assistant's (dialogs/insurance)")
    serve.add_argument("model", type=Path, help="the model `ivr rasa train` printed")
    serve.add_argument("--port", type=int, default=5005, help="to serve it at (5005)")
    install.set_defaults(command=_rasa_install)
    train.set_defaults(command=_rasa_train)
    serve.set_defaults(command=_rasa_serve)


def _nlu_evaluate(arguments: argparse.Namespace) -> int:
    from ivr.nlu.evaluation import evaluate

    a = arguments
    result = evaluate(a.train, a.test, engine=a.engine, per_intent=max(a.per_intent, 0), seed=a.seed, noise=a.noise)
    show(result, as_json=a.json)
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
