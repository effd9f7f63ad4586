"""Commands of operators whose other systems are told what happens: what was not taken, and who answers."""

from __future__ import annotations

import argparse
import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ivr.cli.arguments import Commands, settings_of, show, takes_settings

if TYPE_CHECKING:
    from ivr.config import Settings
    from ivr.sections import WebhookSettings
    from ivr.storage.store import Store


def add(commands: Commands) -> None:
    """webhooks list, retry, test."""
    webhooks = commands.add_parser("webhooks", help="events told to other systems: what waits, what was given up")
    group = webhooks.add_subparsers(required=True, metavar="what")
    listed = group.add_parser("list", help="endpoints, how many events wait, and the latest events")
    listed.add_argument("--state", choices=("waiting", "delivered", "dead"), help="only these")
    listed.add_argument("--count", type=int, default=20, help="of events shown (20)")
    listed.set_defaults(command=_list)
    retry = group.add_parser("retry", help="try again what was given up, and at once what waits")
    retry.add_argument("endpoint", nargs="?", default="", help="only this endpoint's (all)")
    retry.add_argument("--event", default="", help="only this event, by its id")
    retry.set_defaults(command=_retry)
    test = group.add_parser("test", help="send a signed webhook.test now; status 0 when it was taken")
    test.add_argument("endpoint", help="as named in [[webhooks]]")
    test.set_defaults(command=_test)
    for parser in (listed, retry, test):
        takes_settings(parser)
        parser.add_argument("--json", action="store_true", help="print one JSON object")


def _list(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments.config)
    found = asyncio.run(_overview(settings, arguments.state, arguments.count))
    if arguments.json:
        show(found, as_json=True)
        return 0
    for endpoint in found["endpoints"]:
        counts = "  ".join(f"{state} {endpoint[state]}" for state in ("waiting", "delivered", "dead"))
        print(f"{endpoint['name']:20} {counts}  {endpoint['url']}  {' '.join(endpoint['events'])}")
    if not found["endpoints"]:
        print("no endpoints: add [[webhooks]] to ivr.toml (docs/integrating.md)")
    for event in found["events"]:
        words = f"{event['state']:9} {event['failures']} failed  {event['trouble']}".rstrip()
        print(f"{event['at']}  {event['endpoint']:16} {event['kind']:18} {event['event_id']}  {words}")
    return 0


def _retry(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments.config)
    if arguments.endpoint:
        _named(settings, arguments.endpoint)
    many = asyncio.run(_again(settings, arguments.endpoint, arguments.event))
    show({"again": many}, as_json=True) if arguments.json else print(f"{many} events are tried again")
    return 0 if many or not arguments.event else 1


def _test(arguments: argparse.Namespace) -> int:
    found = asyncio.run(_try_out(_named(settings_of(arguments.config), arguments.endpoint)))
    if arguments.json:
        show(found, as_json=True)
    else:
        taken = "taken" if found["taken"] else "not taken"
        print(f"{taken}: {found['answer']} after {found['took_ms']} ms, event {found['event_id']}")
    return 0 if found["taken"] else 1


def _named(settings: Settings, name: str) -> WebhookSettings:
    from ivr.model.errors import ConfigError

    for webhook in settings.webhooks:
        if webhook.name == name:
            return webhook
    known = ", ".join(webhook.name for webhook in settings.webhooks) or "none"
    raise ConfigError(f"no endpoint {name!r} in [[webhooks]] (known: {known})")


async def _open(settings: Settings) -> Store:
    from ivr.storage.store import Store

    return await Store.open(settings.storage.url)


async def _overview(settings: Settings, state: str | None, most: int) -> dict[str, Any]:
    from ivr.model.webhooks import DeliveryState

    store = await _open(settings)
    try:
        counts = await store.delivery_counts()
        events = await store.deliveries(DeliveryState(state) if state else None, most)
    finally:
        await store.close()
    told = ("at", "endpoint", "kind", "event_id", "call_id", "state", "failures", "trouble")
    return {
        "endpoints": [
            {"name": webhook.name, "url": webhook.url, "events": [str(event) for event in webhook.events]}
            | {each.value: counts.get((webhook.name, each), 0) for each in DeliveryState}
            for webhook in settings.webhooks
        ],
        "events": [{name: getattr(event, name) for name in told} for event in events],
    }


async def _again(settings: Settings, endpoint: str, event_id: str) -> int:
    store = await _open(settings)
    try:
        return await store.retry_deliveries(endpoint=endpoint, event_id=event_id)
    finally:
        await store.close()


async def _try_out(webhook: WebhookSettings) -> dict[str, Any]:
    from ivr.model.ids import new_id
    from ivr.model.webhooks import Delivery, DeliveryState, EventKind
    from ivr.supervisor.webhook_delivery import Endpoint

    trial = Delivery(
        event_id=new_id(),
        endpoint=webhook.name,
        kind=EventKind.TEST.value,
        call_id="",
        at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        data={"endpoint": webhook.name},
        state=DeliveryState.WAITING,
        failures=0,
        trouble="",
        due_ms=0,
    )
    endpoint = Endpoint(webhook)
    try:
        reply = await endpoint.post(trial)
    finally:
        await endpoint.close()
    answer = {"taken": reply.taken, "answer": reply.trouble, "took_ms": round(reply.took_s * 1000)}
    return {"event_id": trial.event_id, **answer}
