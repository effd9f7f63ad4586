"""Commands of those who measure: the product on real SIP calls."""

from __future__ import annotations

import argparse
import asyncio

from ivr.cli.arguments import Commands, show


def add(commands: Commands) -> None:
    """bench turns, bench calls."""
    bench = commands.add_parser("bench", help="measure")
    benches = bench.add_subparsers(required=True, metavar="what")
    turns = benches.add_parser("turns", help="end of caller speech to first bot audio, on real SIP calls")
    turns.add_argument("--json", action="store_true", help="print one JSON object")
    turns.add_argument("--calls", type=int, default=1, help="so many at once, each talking 30 %% of the time")
    turns.add_argument("--seconds", type=int, default=90, help="how long --calls go on")
    turns.set_defaults(command=_bench_turns)
    calls = benches.add_parser("calls", help="answer, greeting, barge-in and memory, on real SIP calls")
    calls.add_argument("--json", action="store_true", help="print one JSON object")
    calls.set_defaults(command=_bench_calls)


def _bench_turns(arguments: argparse.Namespace) -> int:
    from ivr.demo.bench_load import bench_load
    from ivr.demo.bench_turns import bench_turns

    many = arguments.calls > 1
    result = asyncio.run(bench_load(calls=arguments.calls, seconds=arguments.seconds) if many else bench_turns())
    show(result, as_json=arguments.json)
    return 0


def _bench_calls(arguments: argparse.Namespace) -> int:
    from ivr.demo.bench_calls import bench_calls

    result = asyncio.run(bench_calls())
    show(result, as_json=arguments.json)
    return 0
