"""Commands of those who decide about offers: read what they do, why a call heard what it heard, tell what came of it,
switch groups off and on."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys
from collections.abc import Callable
from pathlib import Path

from ivr.cli import accepting, objecting, offer_worlds
from ivr.cli.arguments import Commands, settings_of, show, somebody, takes_settings
from ivr.cli.offer_worlds import say_sizes
from ivr.model.errors import ConfigError

GROUP = "a group of the experiment in offers.yml, or '*'"


def add(commands: Commands) -> None:
    """offers report, explain, outcomes, plan, watch, suspend, reopen, suspensions; those of worlds, objecting and
    accepting."""
    offers = commands.add_parser("offers", help="offers and what they do to callers").add_subparsers(
        required=True, metavar="what"
    )
    offer_worlds.add(offers)
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
    accepting.add(offers)


def _command(
    offers: Commands, name: str, run: Callable[[argparse.Namespace], int], words: str
) -> argparse.ArgumentParser:
    parser = offers.add_parser(name, help=words)
    takes_settings(parser)
    parser.set_defaults(command=run)
    return parser


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
        say_sizes(report.plan.planned, held, guidance(report.plan, held), language)
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
    say_sizes(plan.planned, holdout, rows)
    error = f"{100 * plan.alpha / len(plan.groups):.2f} %"
    print(f"A group of a share s of the callers takes 1/s times as many, at {error} each.")
    return 0


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
