"""Commands of those who measure: the product on real SIP calls."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from ivr.cli.arguments import Commands, show


def add(commands: Commands) -> None:
    """bench turns, calls, transfers, decisions, pauses, echo, voices, offers."""
    bench = commands.add_parser("bench", help="measure")
    benches = bench.add_subparsers(required=True, metavar="what")
    turns = benches.add_parser("turns", help="end of caller speech to first bot audio, on real SIP calls")
    turns.add_argument("--json", action="store_true", help="print one JSON object")
    turns.add_argument("--calls", type=int, default=1, help="so many at once, each talking 30 %% of the time (1)")
    turns.add_argument("--seconds", type=int, default=90, help="how long --calls go on (90)")
    turns.add_argument("--full", action="store_true", help="the whole corpus: 120 sentences, 60 numbers (20 minutes)")
    turns.set_defaults(command=_bench_turns)
    calls = benches.add_parser("calls", help="answer, greeting, barge-in and memory, on real SIP calls")
    calls.add_argument("--json", action="store_true", help="print one JSON object")
    calls.set_defaults(command=_bench_calls)
    transfers = benches.add_parser("transfers", help="callers brought to agents: waits, page before ring, nobody lost")
    transfers.add_argument("--count", type=int, default=200, help="how many (200: a minute and a half)")
    transfers.add_argument("--json", action="store_true", help="print one JSON object")
    transfers.set_defaults(command=_bench_transfers)
    decisions = benches.add_parser("decisions", help="who gets a call: many people at work, many calls waiting")
    decisions.add_argument("--agents", type=int, default=1000, help="at work (1000)")
    decisions.add_argument("--waiting", type=int, default=50, help="calls that wait (50)")
    decisions.add_argument("--json", action="store_true", help="print one JSON object")
    decisions.set_defaults(command=_bench_decisions)
    pauses = benches.add_parser("pauses", help="when turns end and how many are cut off, on recordings, without a wire")
    pauses.add_argument("--digits", type=Path, help="recordings of fsdd")
    pauses.add_argument("--prompts", type=Path, help="asterisk-core-sounds-{en,ru} and -wav, unpacked with dpkg -x")
    pauses.add_argument("--languages", default="en", help="to hear, by comma (en)")
    pauses.add_argument("--most", type=int, default=1000, help="utterances of a kind (1000)")
    pauses.add_argument("--tuning", action="store_true", help="the half the pauses were chosen on, not the other")
    pauses.add_argument("--full", action="store_true", help="what `bench turns --full` says, and nothing else")
    pauses.add_argument("--json", action="store_true", help="print one JSON object")
    pauses.set_defaults(command=_bench_pauses)
    echo = benches.add_parser("echo", help="barge-in on lines that echo the prompt, without a wire")
    echo.add_argument("prompts", type=Path, help="folder of WAVs the bot says, such as its prompt cache")
    echo.add_argument("callers", type=Path, help="folder of WAVs callers say")
    echo.add_argument("--count", type=int, default=40, help="how many of each (40)")
    echo.add_argument("--json", action="store_true", help="print one JSON object")
    echo.set_defaults(command=_bench_echo)
    voices = benches.add_parser("voices", help="the wait for a sentence nobody has rendered, and what rendering costs")
    voices.add_argument("--rounds", type=int, default=10, help="of the sentences, with other values (10)")
    voices.add_argument("--json", action="store_true", help="print one JSON object")
    voices.set_defaults(command=_bench_voices)
    offers = benches.add_parser("offers", help="what deciding on an offer costs a call, with a real store")
    offers.add_argument("--decisions", type=int, default=2000, help="how many (2000)")
    offers.add_argument("--json", action="store_true", help="print one JSON object")
    offers.set_defaults(command=_bench_offers)


def _bench_turns(arguments: argparse.Namespace) -> int:
    from ivr.demo.bench_load import bench_load
    from ivr.demo.bench_turns import bench_turns

    many = arguments.calls > 1
    calls, seconds = arguments.calls, arguments.seconds
    result = asyncio.run(bench_load(calls=calls, seconds=seconds) if many else bench_turns(full=arguments.full))
    show(result, as_json=arguments.json)
    return 0


def _bench_offers(arguments: argparse.Namespace) -> int:
    from ivr.demo.offer_bench import bench_offers

    show(asyncio.run(bench_offers(max(arguments.decisions, 100))), as_json=arguments.json)
    return 0


def _bench_calls(arguments: argparse.Namespace) -> int:
    from ivr.demo.bench_calls import bench_calls

    result = asyncio.run(bench_calls())
    show(result, as_json=arguments.json)
    return 0


def _bench_transfers(arguments: argparse.Namespace) -> int:
    from ivr.demo.bench_transfers import bench_transfers

    result = asyncio.run(bench_transfers(arguments.count))
    show(result, as_json=arguments.json)
    return 0 if result["ok"] else 1


def _bench_decisions(arguments: argparse.Namespace) -> int:
    from ivr.demo.bench_decisions import bench_decisions

    result = asyncio.run(bench_decisions(arguments.agents, arguments.waiting))
    show(result, as_json=arguments.json)
    return 0 if result["ok"] else 1


def _bench_pauses(arguments: argparse.Namespace) -> int:
    from ivr.demo.bench_pauses import bench_ear, bench_pauses

    languages = tuple(arguments.languages.split(","))
    if arguments.full:
        show(bench_ear(languages), as_json=arguments.json)
        return 0
    result = bench_pauses(
        digits_from=arguments.digits,
        prompts_from=arguments.prompts,
        tuning=arguments.tuning,
        most=arguments.most,
        languages=languages,
    )
    show(result, as_json=arguments.json)
    return 0


def _bench_echo(arguments: argparse.Namespace) -> int:
    from ivr.demo.bench_echo import bench_echo

    show(
        bench_echo(prompts_from=arguments.prompts, callers_from=arguments.callers, count=arguments.count),
        as_json=arguments.json,
    )
    return 0


def _bench_voices(arguments: argparse.Namespace) -> int:
    from ivr.cli.arguments import settings_of
    from ivr.demo.bench_voices import bench_voices

    result = asyncio.run(bench_voices(settings_of(), rounds=arguments.rounds))
    show(result, as_json=arguments.json)
    return 0 if result["ok"] else 1
