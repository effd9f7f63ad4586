"""Commands about what people said yes to: what became of it, and orders that were confirmed or cancelled."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ivr.cli.arguments import Commands, settings_of, show, somebody, takes_settings
from ivr.model.errors import ConfigError
from ivr.model.fulfilment import Acceptance, FulfilState

if TYPE_CHECKING:
    from ivr.storage.store import Store

Result = TypeVar("Result")


def add(offers: Commands) -> None:
    """offers accepted, order."""
    accepted = offers.add_parser("accepted", help="every yes to an offer, and what became of it; the newest first")
    accepted.add_argument("--since", default="", metavar="WHEN", help="ISO 8601, such as 2026-11-21 (ever)")
    accepted.add_argument("--json", action="store_true", help="print one JSON object")
    accepted.set_defaults(command=_accepted)
    order = offers.add_parser("order", help="a customer has confirmed an order, or will not have it")
    order.add_argument("order", metavar="ORDER", help="its number, as in the message")
    states = (FulfilState.CONFIRMED.value, FulfilState.CANCELLED.value)
    order.add_argument("state", choices=states, help="what became of the order")
    order.add_argument("--by", required=True, type=somebody, metavar="NAME", help="who says so")
    order.set_defaults(command=_order)
    for each in (accepted, order):
        takes_settings(each)


def _accepted(arguments: argparse.Namespace) -> int:
    try:
        datetime.fromisoformat(arguments.since or "2000-01-01")
    except ValueError as error:
        raise ConfigError(f"--since: {error}") from error
    found = _in_store(arguments.config, lambda store: store.acceptances(since=arguments.since))
    if arguments.json:
        show({"accepted": [asdict(each) for each in found]}, as_json=True)
        return 0
    for each in found:
        print(_line(each))
    if not found:
        print("nobody has accepted anything")
    return 0


def _order(arguments: argparse.Namespace) -> int:
    state = FulfilState(arguments.state)
    settled = _in_store(arguments.config, lambda store: store.settle_order(arguments.order, state, arguments.by))
    if not settled:
        raise ConfigError(f"no order {arguments.order} is pending")
    print(f"order {arguments.order} {state.value}, by {arguments.by}")
    return 0


def _line(accepted: Acceptance) -> str:
    """When, who, what, how it was said, what follows, how that stands."""
    said = f"said to {accepted.agent}" if accepted.agent else f"{accepted.method}: {accepted.said}"
    words = (accepted.at, accepted.customer_id, accepted.product, said, *_became(accepted), accepted.opportunity_id)
    return "  ".join(word or "-" for word in words)


def _became(accepted: Acceptance) -> tuple[str, str]:
    """What offers.yml wants, and how it stands."""
    found, owed = accepted.fulfilment, accepted.callback
    if found is None:
        return "", "nothing is noted"
    if found.state is FulfilState.LEAD:
        stands = f"{owed.state}, by {owed.deadline}" if owed is not None and owed.state == "due" else ""
        return found.fulfil, f"a call: {stands or (f'{owed.state} ({owed.done_by})' if owed else 'done and forgotten')}"
    return found.fulfil, f"order {found.order_id} {found.state.value}" if found.order_id else found.state.value


def _in_store(config: Path | None, work: Callable[[Store], Awaitable[Result]]) -> Result:
    async def run() -> Result:
        from ivr.storage.store import Store

        store = await Store.open(settings_of(config).storage.url)
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(run())
