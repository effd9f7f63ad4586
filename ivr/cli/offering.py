"""Commands of those who decide about offers: read what they do, why a call heard what it heard, tell what came of it,
switch groups off and on, try it all on a world whose truth is known."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ivr.cli import objecting
from ivr.cli.arguments import Commands, at_least, settings_of, show, somebody, takes_settings
from ivr.model.errors import ConfigError

LEAST_CALLS = 260  # ten a week
GROUP = "a group of the experiment in offers.yml, or '*'"


def add(commands: Commands) -> None:
    """offers simulate, screening, report, explain, outcomes, plan, watch, suspend, reopen, suspensions; objecting's."""
    offers = commands.add_parser("offers", help="offers and what they do to callers").add_subparsers(
        required=True, metavar="what"
    )
    _add_simulate(offers)
    _add_screening(offers)
    report = _command(offers, "report", _report, "what offers did to callers so far; status 1 when it is not sound")
    report.add_argument("--language", choices=("en", "ru"), default="en", help="of the answer (en)")
    report.add_argument("--json", action="store_true", help="print one JSON object")
    explain = _command(offers, "explain", _explain, "every product with the first rule that removed it")
    explain.add_argument("--customer", default="", metavar="C", help="the last decision about this customer")
    explain.add_argument("--call", default="", metavar="X", help="the decision in this call, its facts as they were")
    explain.add_argument("--json", action="store_true", help="print one JSON object")
    outcomes = _command(offers, "outcomes", _outcomes, "store what became of opportunities, from a CSV file")
    outcomes.add_argument("file", type=Path, help="columns opportunity, outcome, value; optionally at, source")
    plan = _command(offers, "plan", _plan, "how many households an answer takes: to be read before the start")
    plan.add_argument("--json", action="store_true", help="print one JSON object")
    _command(offers, "watch", _watch, "join outcomes and suspend harmed groups now (`ivr run` does so every hour)")
    suspend = _command(offers, "suspend", _suspend, "switch offers to a group off; '*': to everybody")
    suspend.add_argument("group", help=GROUP)
    suspend.add_argument("--reason", default="switched off by hand", help="why (switched off by hand)")
    suspend.add_argument("--by", type=somebody, help="who takes the responsibility (default: your login)")
    reopen = _command(offers, "reopen", _reopen, "take a suspension back: only a person does that")
    reopen.add_argument("group", help=GROUP)
    reopen.add_argument("--by", type=somebody, help="who takes the responsibility (default: your login)")
    suspensions = _command(offers, "suspensions", _suspensions, "groups switched off, now and before")
    suspensions.add_argument("--json", action="store_true", help="print one JSON object")
    objecting.add(offers)


def _command(
    offers: Commands, name: str, run: Callable[[argparse.Namespace], int], words: str
) -> argparse.ArgumentParser:
    parser = offers.add_parser(name, help=words)
    takes_settings(parser)
    parser.set_defaults(command=run)
    return parser


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
        _say_sizes(plan.planned, holdout, guidance(plan, holdout))
    found = simulate(arguments.world, seeds=seeds, calls=calls, jobs=arguments.jobs, holdout=holdout)
    show(found, as_json=arguments.json)
    return 0


def _report(arguments: argparse.Namespace) -> int:
    from ivr.offers.effects.document import as_json, as_text
    from ivr.offers.effects.notes import note
    from ivr.offers.effects.sample_size import guidance
    from ivr.offers.effects.words import percent
    from ivr.supervisor.offer_report import report_of

    settings = settings_of(arguments.config)
    report, language, held = asyncio.run(report_of(settings)), arguments.language, settings.offers.holdout
    if arguments.json:
        show(as_json(report), as_json=True)
        return 0 if report.sound else 1
    print("\n".join(as_text(report, language)))
    if not report.rows and held:
        from ivr.web.effects_words import WORDS

        print(WORDS[language]["begin"].format(holdout=percent(held)))
        _say_sizes(report.plan.planned, held, guidance(report.plan, held), language)
    elif not report.rows:
        print(note("no_holdout")[language])
    return 0 if report.sound else 1


def _explain(arguments: argparse.Namespace) -> int:
    from ivr.supervisor.offer_report import explanation_of

    if not (arguments.customer or arguments.call):
        print("name a --customer, a --call, or both", file=sys.stderr)
        return 2
    found = asyncio.run(
        explanation_of(settings_of(arguments.config), call_id=arguments.call, customer_id=arguments.customer)
    )
    if arguments.json:
        show(found.as_json(), as_json=True)
        return 0
    stored, decision = found.stored, found.stored.decision
    print(f"{stored.at}  call {stored.call_id}, customer {stored.customer_id or '-'}, household {decision.household}")
    said = {"treat": "offered", "holdout": "in the holdout: nothing was said", "none": "no opportunity"}[decision.arm]
    print(
        f"arm {decision.arm} ({said}), p_treat {decision.p_treat:g}, group {decision.group or '-'}, {decision.policy}"
    )
    for finding in decision.gate:
        print(f"  {'ok ' if finding.passed else 'NO '} {finding.rule:16} {finding.detail}")
    for title, fates in (("then", found.fates), ("with the catalogue of today, on the facts of then", found.today)):
        if fates is None:
            continue
        print(f"products, {title}:")
        for fate in fates:
            why = f"{fate.rule}: {fate.words} ({fate.detail})" if fate.rule else fate.detail or "eligible"
            mark = " <- drawn" if fate.chosen else ""
            print(f"  {fate.product:20} p = {fate.probability:.4f}  {why}{mark}")
    return 0


def _outcomes(arguments: argparse.Namespace) -> int:
    from ivr.supervisor.offer_report import take_outcomes

    count = asyncio.run(take_outcomes(settings_of(arguments.config), arguments.file))
    print(f"{count} outcomes; what was told before stays as it was")
    return 0


def _plan(arguments: argparse.Namespace) -> int:
    from ivr.offers.effects.notes import note
    from ivr.offers.effects.sample_size import guidance
    from ivr.supervisor.offer_report import experiment_of

    settings = settings_of(arguments.config)
    plan, holdout = experiment_of(settings).plan, settings.offers.holdout
    if not holdout:
        raise ConfigError(note("no_holdout")["en"])
    rows = guidance(plan, holdout)
    if arguments.json:
        show({"planned": plan.planned, "holdout": holdout, "detect": rows}, as_json=True)
        return 0
    _say_sizes(plan.planned, holdout, rows)
    error = f"{100 * plan.alpha / len(plan.groups):.2f} %"
    print(f"A group of a share s of the callers takes 1/s times as many, at {error} each.")
    return 0


def _say_sizes(planned: int, holdout: float, rows: list[dict[str, Any]], language: str = "en") -> None:
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


def _watch(arguments: argparse.Namespace) -> int:
    from ivr.supervisor.offer_watch import watch

    made = asyncio.run(watch(settings_of(arguments.config)))
    for suspension in made:
        print(f"suspended: {suspension.group}: {suspension.reason}")
    print("nothing new" if not made else f"{len(made)} suspended")
    return 0


def _suspend(arguments: argparse.Namespace) -> int:
    from ivr.supervisor.offer_report import suspend

    by = arguments.by or getpass.getuser()
    asyncio.run(suspend(settings_of(arguments.config), arguments.group, arguments.reason, by))
    print(f"offers to {arguments.group} are off, by {by}")
    return 0


def _reopen(arguments: argparse.Namespace) -> int:
    from ivr.supervisor.offer_report import reopen

    by = arguments.by or getpass.getuser()
    done = asyncio.run(reopen(settings_of(arguments.config), arguments.group, by))
    print(f"offers to {arguments.group} are on again, by {by}" if done else f"{arguments.group} was not suspended")
    return 0 if done else 1


def _suspensions(arguments: argparse.Namespace) -> int:
    from dataclasses import asdict

    from ivr.supervisor.offer_report import suspensions_of

    found = asyncio.run(suspensions_of(settings_of(arguments.config)))
    if arguments.json:
        show({"suspensions": [asdict(each) for each in found]}, as_json=True)
        return 0
    for each in found:
        ended = f"reopened {each.reopened_at} by {each.reopened_by}" if each.reopened_at else "OFF"
        hand = f", by {each.suspended_by}" if each.suspended_by else ""
        print(f"{each.group:16} {each.at}  {ended}  {each.reason}{hand}")
    return 0
