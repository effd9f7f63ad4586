"""Commands of those who decide about offers: try the experiment on a world whose truth is known."""

from __future__ import annotations

import argparse
from pathlib import Path

from ivr.cli.arguments import Commands, show


def add(commands: Commands) -> None:
    """offers simulate."""
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


def _simulate(arguments: argparse.Namespace) -> int:
    from ivr.demo.offer_figures import simulate

    found = simulate(arguments.world, seeds=max(arguments.seeds, 1), calls=max(arguments.calls, 260))
    show(found, as_json=arguments.json)
    return 0
