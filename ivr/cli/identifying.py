"""Commands about customers and how callers are identified: import and erase customers, measure names and calls."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from ivr.cli import guarding, simulating
from ivr.cli.arguments import Commands, settings_of, takes_settings
from ivr.model.errors import ConfigError


def add(commands: Commands) -> None:
    """customers import, list, export, erase, invent; identity simulate, names, attack, locks."""
    customers = commands.add_parser("customers", help="the customers callers are identified among").add_subparsers(
        required=True, metavar="what"
    )
    imported = _command(customers, "import", _import, "store the customers of a CSV file; each replaces the older one")
    imported.add_argument("file", type=Path, help="columns: docs/customers.md")
    imported.add_argument("--check", action="store_true", help="only say what is wrong in the file")
    _command(customers, "list", _list, "ids, languages and numbers of telephones, without what proves anything")
    exported = _command(customers, "export", _export, "all customers as CSV, secrets as hashes")
    exported.add_argument("file", type=Path, help="the CSV file to write")
    erase = _command(customers, "erase", _erase, "remove a customer and everything to find one by")
    erase.add_argument("customer_id", help="as `ivr customers list` shows it")
    invent = customers.add_parser("invent", help="write a CSV file of invented customers to try things with")
    invent.add_argument("file", type=Path, help="the CSV file to write")
    invent.add_argument("--count", type=int, default=10_000, help="how many (10000)")
    invent.add_argument("--seed", type=int, default=2026, help="another one, other customers (2026)")
    invent.set_defaults(command=_invent)
    identity = commands.add_parser("identity", help="who calls: what is locked, how it holds").add_subparsers(
        required=True, metavar="what"
    )
    guarding.add(identity)
    simulating.add(identity)


def _command(
    group: Commands, name: str, run: Callable[[argparse.Namespace], int], words: str
) -> argparse.ArgumentParser:
    parser = group.add_parser(name, help=words)
    takes_settings(parser)
    parser.set_defaults(command=run)
    return parser


def _import(arguments: argparse.Namespace) -> int:
    from ivr.call.importing import import_customers
    from ivr.identity.customer_file import read_customers
    from ivr.storage.store import Store

    settings = settings_of(arguments.config)
    try:
        with arguments.file.open(encoding="utf-8", newline="") as lines:
            rows, faults = read_customers(lines, str(arguments.file), settings.server.region)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{arguments.file}: cannot be read: {error}") from error
    for fault in faults:
        print(fault, file=sys.stderr)
    if faults or arguments.check:
        print(f"{len(rows)} customers could be stored, {len(faults)} faults; nothing was stored")
        return 1 if faults else 0

    async def save() -> int:
        store = await Store.open(settings.storage.url)
        try:
            return await import_customers(store, rows)
        finally:
            await store.close()

    print(f"{asyncio.run(save())} customers stored")
    return 0


def _list(arguments: argparse.Namespace) -> int:
    from ivr.storage.store import Store

    async def names() -> int:
        store = await Store.open(settings_of(arguments.config).storage.url)
        try:
            for candidate in await store.all_customers():
                print(f"{candidate.customer_id}\t{candidate.language or '-'}\t{len(candidate.phones)}")
        finally:
            await store.close()
        return 0

    return asyncio.run(names())


def _export(arguments: argparse.Namespace) -> int:
    from ivr.demo.customer_csv import write_customers
    from ivr.storage.store import Store

    async def write() -> int:
        store = await Store.open(settings_of(arguments.config).storage.url)
        try:
            found = await store.all_customers()
        finally:
            await store.close()
        with arguments.file.open("w", encoding="utf-8", newline="") as to:
            return write_customers(found, to)

    print(f"{asyncio.run(write())} customers written to {arguments.file}")
    return 0


def _erase(arguments: argparse.Namespace) -> int:
    from ivr.storage.store import Store

    async def erase() -> bool:
        store = await Store.open(settings_of(arguments.config).storage.url)
        try:
            now = datetime.now(UTC).isoformat(timespec="seconds")
            voice = await store.delete_voiceprint(arguments.customer_id, now)
            return await store.erase_customer(arguments.customer_id) or voice
        finally:
            await store.close()

    erased = asyncio.run(erase())
    print("erased" if erased else f"there is no customer {arguments.customer_id}")
    return 0 if erased else 1


def _invent(arguments: argparse.Namespace) -> int:
    from ivr.demo.crm_directory import candidate_of_invented
    from ivr.demo.crm_people import invent
    from ivr.demo.customer_csv import write_customers

    people = map(candidate_of_invented, invent(arguments.count, arguments.seed))
    with arguments.file.open("w", encoding="utf-8", newline="") as to:
        print(f"{write_customers(people, to)} invented customers written to {arguments.file}")
    return 0
