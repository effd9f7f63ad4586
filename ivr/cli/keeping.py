"""The command of those who answer for what is kept: what is too old, and its end."""

from __future__ import annotations

import argparse
import asyncio
from datetime import UTC, datetime

from ivr.cli.arguments import Commands, settings_of, show, takes_settings


def add(commands: Commands) -> None:
    """forget."""
    parser = commands.add_parser("forget", help="say what [keep] would delete (`ivr run` does it); --now: delete")
    parser.add_argument("--now", action="store_true", help="delete it")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    takes_settings(parser)
    parser.set_defaults(command=_forget)


def _forget(arguments: argparse.Namespace) -> int:
    from ivr.storage.store import Store
    from ivr.supervisor.retention import TooOld, forget, too_old

    settings = settings_of(arguments.config)

    async def found() -> TooOld:
        store = await Store.open(settings.storage.url)
        try:
            return await (forget if arguments.now else too_old)(store, settings, datetime.now(UTC))
        finally:
            await store.close()

    old = asyncio.run(found())
    keep = settings.keep
    days = {"calls": keep.calls_days, "recordings": keep.recordings_days, "offers": keep.offers_days}
    counts = {"calls": len(old.calls), "recordings": len(old.recordings), "offers": len(old.offers)}
    if arguments.json:
        show({"deleted": arguments.now, **counts, "keep_days": days}, as_json=True)
        return 0
    for what, count in counts.items():
        kept = f"older than {days[what]} days" if days[what] else "kept for ever: [keep] says nothing"
        print(f"{what:10} {count:>8}  {kept}")
    print("deleted" if arguments.now else "nothing was deleted; --now does it")
    return 0
