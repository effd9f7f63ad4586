"""Commands of those who guard identification: what is locked, and what an attacker would reach."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from ivr.cli.arguments import Commands, settings_of, show, takes_settings


def add(identity: Commands) -> None:
    """identity attack, locks."""
    attack = identity.add_parser(
        "attack", help="guess PINs, codes and facts of invented customers; print what it reached"
    )
    attack.add_argument("--tries", type=int, default=10_000, help="at guessing (10000)")
    attack.add_argument("--processes", type=int, default=2, help="so many guess at once (2)")
    attack.add_argument("--rounds", type=int, default=3, help="how often the processes are ended and started again (3)")
    attack.add_argument("--days", type=float, default=3.0, help="made-up days it takes (3)")
    attack.add_argument("--seed", type=int, default=1, help="another one, other customers (1)")
    attack.add_argument("--json", action="store_true", help="print one JSON object")
    attack.set_defaults(command=_attack)
    locks = identity.add_parser("locks", help="failures that weigh on accounts and numbers").add_subparsers(
        required=True, metavar="what"
    )
    listed = locks.add_parser("list", help="accounts and numbers with failures, most first")
    listed.set_defaults(command=_list)
    clear = locks.add_parser("clear", help="take the failures of an account or a number back")
    clear.add_argument("subject", help="customer:<id> or number:<E.164>")
    clear.add_argument("--by", required=True, help="who does it; it is stored")
    clear.set_defaults(command=_clear)
    for parser in (listed, clear):
        takes_settings(parser)


def _attack(arguments: argparse.Namespace) -> int:
    from ivr.demo.identity_attack import attack, reached, stored_tries

    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        told = attack(
            Path(folder),
            arguments.tries,
            seed=arguments.seed,
            processes=arguments.processes,
            rounds=arguments.rounds,
            days=arguments.days,
        )
        tries = asyncio.run(stored_tries(Path(folder)))
    found = reached(tries)
    held = all(each.most <= each.limit for each in found)
    figures = {
        "tries": arguments.tries,
        "compared": len({each.attempt_id for each in tries if each.tried.value != "send"}),
        "outcomes": dict(sorted(told.items())),
        "reached": {each.what: {"most": each.most, "limit": each.limit} for each in found},
        "held": held,
        "took_s": round(time.monotonic() - began, 1),
    }
    if arguments.json:
        show(figures, as_json=True)
    else:
        print(f"{figures['tries']} tries, {figures['compared']} were compared, {figures['took_s']} s")
        for each in found:
            print(f"{each.what:<34} {each.most:>4} of {each.limit}")
        for outcome, count in sorted(told.items()):
            print(f"{outcome:<34} {count:>4}")
        print("the limits held" if held else "A LIMIT WAS PASSED")
    return 0 if held else 1


def _list(arguments: argparse.Namespace) -> int:
    from ivr.storage.store import Store

    async def failures() -> int:
        store = await Store.open(settings_of(arguments.config).storage.url)
        try:
            for lock in await store.failures():
                last = datetime.fromtimestamp(lock.last_ms / 1000, UTC).isoformat(timespec="seconds")
                print(f"{lock.subject}\t{lock.failures}\t{last}")
        finally:
            await store.close()
        return 0

    return asyncio.run(failures())


def _clear(arguments: argparse.Namespace) -> int:
    from ivr.storage.store import Store

    kind, _, name = arguments.subject.partition(":")
    if kind not in ("customer", "number") or not name:
        print("write customer:<id> or number:<E.164>")
        return 2

    async def clear() -> None:
        store = await Store.open(settings_of(arguments.config).storage.url)
        try:
            await store.clear_failures(arguments.subject, arguments.by)
        finally:
            await store.close()

    asyncio.run(clear())
    print(f"{arguments.subject} is cleared")
    return 0
