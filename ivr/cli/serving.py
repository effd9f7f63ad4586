"""Commands of operators: run the service, show it."""

from __future__ import annotations

import argparse
import asyncio

from ivr import log
from ivr.cli.arguments import Commands, settings_of, takes_settings


def add(commands: Commands) -> None:
    """run, demo."""
    run = commands.add_parser("run", help="answer calls: SIGHUP reloads the dialog, SIGTERM drains")
    takes_settings(run)
    run.set_defaults(command=_run)

    demo = commands.add_parser("demo", help="six real calls, printed as they happen; then stay up")
    demo.add_argument(
        "--once", action="store_true", help="end after the calls; status 0 only if all went as they should"
    )
    demo.set_defaults(command=_demo)


def _run(arguments: argparse.Namespace) -> int:
    from ivr.supervisor.service import serve

    settings = settings_of(arguments.config)
    log.configure(settings.server.log_level)
    return asyncio.run(serve(settings))


def _demo(arguments: argparse.Namespace) -> int:
    from ivr.demo.show import show

    try:
        return asyncio.run(show(once=arguments.once))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
