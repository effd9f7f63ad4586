"""Commands about promises to call back: what is due, and that one was kept."""

from __future__ import annotations

import argparse
import asyncio

from ivr.cli.arguments import Commands, settings_of, takes_settings
from ivr.model.call import Callback
from ivr.model.errors import ConfigError


def add(commands: Commands) -> None:
    """callbacks list, claim, done."""
    group = commands.add_parser("callbacks", help="promises to call back").add_subparsers(required=True, metavar="what")
    listed = group.add_parser("list", help="the most urgent first")
    listed.add_argument("--all", action="store_true", help="also those done and failed")
    listed.add_argument("--queue", default="", help="of this full queue, by the places callers had there")
    listed.set_defaults(command=_list)
    claim = group.add_parser("claim", help="say that you are about to call")
    done = group.add_parser("done", help="say that you called")
    done.add_argument("--failed", action="store_true", help="nobody was reached, and nobody will call again")
    for command, run in ((claim, _claim), (done, _done)):
        command.add_argument("callback_id", help="as `ivr callbacks list` shows it")
        command.add_argument("--by", required=True, help="who calls")
        command.set_defaults(command=run)
    for command in (listed, claim, done):
        takes_settings(command)


def _list(arguments: argparse.Namespace) -> int:
    for promise in asyncio.run(_promises(arguments)):
        place = f"{promise.queue} since {promise.arrived_at}" if promise.queue else ""
        who = promise.claimed_by if promise.state == "due" else promise.done_by
        words = (promise.callback_id, promise.deadline, promise.state, promise.number, promise.reason, place, who)
        print("  ".join(word or "-" for word in words))
    return 0


async def _promises(arguments: argparse.Namespace) -> list[Callback]:
    from ivr.storage.store import Store

    store = await Store.open(settings_of(arguments.config).storage.url)
    try:
        return await store.callbacks(None if arguments.all else "due", queue=arguments.queue)
    finally:
        await store.close()


def _claim(arguments: argparse.Namespace) -> int:
    return asyncio.run(_change(arguments, "claimed"))


def _done(arguments: argparse.Namespace) -> int:
    return asyncio.run(_change(arguments, "failed" if arguments.failed else "done"))


async def _change(arguments: argparse.Namespace, to: str) -> int:
    from ivr.sections import subscribers
    from ivr.storage.store import Store

    settings = settings_of(arguments.config)
    store = await Store.open(settings.storage.url, subscribers=subscribers(settings.webhooks))
    try:
        if to == "claimed":
            changed = await store.claim_callback(arguments.callback_id, arguments.by)
        else:
            changed = await store.finish_callback(arguments.callback_id, arguments.by, to)
    finally:
        await store.close()
    if not changed:
        raise ConfigError(f"{arguments.callback_id} is not due, or somebody else is about to call")
    print(f"{arguments.callback_id} {to}")
    return 0
