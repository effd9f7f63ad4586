"""Commands of those who decide about offers: read what they do, try it on a world whose truth is known."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from ivr.cli.arguments import Commands, settings_of, show


def add(commands: Commands) -> None:
    """offers simulate, offers report."""
    offers = commands.add_parser("offers", help="offers and what they do to callers").add_subparsers(
        required=True, metavar="what"
    )
    simulate = offers.add_parser(
        "simulate", help="half years of a made-up world through the real gate, store and report"
    )
    simulate.add_argument("--world", type=Path, metavar="FILE", help="a world file (default: the one of the product)")
    simulate.add_argument("--seeds", type=int, default=10, help="how many half years (10)")
    simulate.add_argument("--calls", type=int, default=26_000, help="calls in each (26000)")
    simulate.add_argument("--json", action="store_true", help="print one JSON object")
    simulate.set_defaults(command=_simulate)
    report = offers.add_parser(
        "report", help="what offers did to callers so far; status 1 when the experiment is not sound"
    )
    report.add_argument("-c", "--config", type=Path, help="settings file (default: ./ivr.toml, or built-in defaults)")
    report.add_argument("--language", choices=("en", "ru"), default="en", help="of the answer (en)")
    report.add_argument("--json", action="store_true", help="print one JSON object")
    report.set_defaults(command=_report)


def _simulate(arguments: argparse.Namespace) -> int:
    from ivr.demo.offer_figures import simulate

    found = simulate(arguments.world, seeds=max(arguments.seeds, 1), calls=max(arguments.calls, 260))
    show(found, as_json=arguments.json)
    return 0


def _report(arguments: argparse.Namespace) -> int:
    from ivr.offers.effects.document import as_json, as_text
    from ivr.supervisor.offer_report import report_of

    report = asyncio.run(report_of(settings_of(arguments.config)))
    if arguments.json:
        show(as_json(report), as_json=True)
    else:
        print("\n".join(as_text(report, arguments.language)))
    return 0 if report.sound else 1
