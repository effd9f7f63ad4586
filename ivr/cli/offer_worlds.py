"""Commands that try the experiment on worlds whose truth is known; and what a sample can tell."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from ivr.cli.arguments import Commands, at_least, show

LEAST_CALLS = 260  # ten a week


def add(offers: Commands) -> None:
    """offers simulate, screening, years."""
    _add_simulate(offers)
    _add_screening(offers)
    _add_years(offers)


def _add_simulate(offers: Commands) -> None:
    simulate = offers.add_parser(
        "simulate", help="half years of a made-up world through the real gate, store and report"
    )
    simulate.add_argument("--world", type=Path, metavar="FILE", help="a world file (default: the one of the product)")
    simulate.add_argument("--seeds", type=at_least(1), default=10, help="how many half years (10)")
    simulate.add_argument("--calls", type=at_least(LEAST_CALLS), default=26_000, help="calls in each (26000)")
    simulate.add_argument("--holdout", type=float, default=0.2, help="share of households held out (0.2)")
    simulate.add_argument("--jobs", type=at_least(0), default=0, help="processes at a time (one a core)")
    simulate.add_argument("--json", action="store_true", help="print one JSON object")
    simulate.set_defaults(command=_simulate)


def _add_screening(offers: Commands) -> None:
    screening = offers.add_parser(
        "screening", help="are the values of other rankings, read from a log, true? status 1 when they are not"
    )
    screening.add_argument("--world", type=Path, metavar="FILE", help="a world file (default: the one of the product)")
    screening.add_argument("--seeds", type=at_least(1), default=200, help="how many logs (200)")
    screening.add_argument("--first", type=at_least(0), default=1, help="the first seed (1)")
    screening.add_argument(
        "--rows", type=at_least(100), nargs="+", default=[1_000, 4_000], help="offers in each (1000 4000)"
    )
    screening.add_argument("--jobs", type=at_least(0), default=0, help="processes at a time (one a core)")
    screening.add_argument("--json", action="store_true", help="print one JSON object")
    screening.set_defaults(command=_screening)


def _add_years(offers: Commands) -> None:
    years = offers.add_parser(
        "years", help="does the report stay true when the same people call for years? status 1 when it does not"
    )
    years.add_argument("--seeds", type=at_least(1), default=20, help="how many centers (20)")
    years.add_argument("--households", type=at_least(500), default=4_000, help="callers of each (4000)")
    years.add_argument("--days", type=at_least(91), default=730, help="how long (730)")
    years.add_argument("--jobs", type=at_least(0), default=0, help="processes at a time (one a core)")
    years.add_argument("--json", action="store_true", help="print one JSON object")
    years.set_defaults(command=_years)


def _years(arguments: argparse.Namespace) -> int:
    from ivr.demo.offer_years import years

    found = years(seeds=arguments.seeds, households=arguments.households, days=arguments.days, jobs=arguments.jobs)
    show(found, as_json=arguments.json)
    return 1 if found["missed"] else 0


def _screening(arguments: argparse.Namespace) -> int:
    from ivr.demo.offer_screening import screening

    found = screening(
        arguments.world,
        seeds=arguments.seeds,
        rows=arguments.rows,
        first=arguments.first,
        jobs=arguments.jobs,
    )
    show(found, as_json=arguments.json)
    return 1 if found["missed"] else 0


def _simulate(arguments: argparse.Namespace) -> int:
    from ivr.demo.offer_figures import plan_of, simulate
    from ivr.offers.effects.sample_size import guidance

    seeds, calls, holdout = arguments.seeds, arguments.calls, arguments.holdout
    if not holdout:
        print(f"--holdout is a share between 0 and 1, not {holdout:g}", file=sys.stderr)
        return 2
    if not arguments.json:
        plan = plan_of(arguments.world, calls)
        say_sizes(plan.planned, holdout, guidance(plan, holdout))
    found = simulate(arguments.world, seeds=seeds, calls=calls, jobs=arguments.jobs, holdout=holdout)
    show(found, as_json=arguments.json)
    return 0


def say_sizes(planned: int, holdout: float, rows: list[dict[str, Any]], language: str = "en") -> None:
    """What can be detected, and what cannot within the plan."""
    from ivr.offers.effects.words import number, percent

    words = _SIZES[language]
    print(words["title"].format(planned=number(planned, language), holdout=percent(holdout)))
    print(f"  {words['detect']:42} {words['once']:>12} {words['any_time']:>14}")
    for row in rows:
        mark = "" if row["any_time"] <= planned else f"  <- {words['beyond']}"
        once, any_time = (number(row[name], language) for name in ("once", "any_time"))
        print(f"  {row['words'][language]:42} {once:>12} {any_time:>14}{mark}")


_SIZES = {
    "en": {
        "title": "Planned: {planned} households, holdout {holdout}; power 80 %, 5 % two-sided, all together:",
        "detect": "to detect",
        "once": "one look",
        "any_time": "any time",
        "beyond": "not within the plan",
    },
    "ru": {
        "title": "Намечено {planned} домохозяйств, контроль {holdout}; мощность 80 %, 5 % в обе стороны:",
        "detect": "чтобы заметить",
        "once": "один взгляд",
        "any_time": "в любой день",
        "beyond": "в план не входит",
    },
}
