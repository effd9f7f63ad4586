"""Events leave the house: what lies in the outbox is posted, again and again, until somebody takes it.

Owns one line for each endpoint, so that a slow one holds up no other; tries under way, their pauses, and who waits for
an event to be taken. Never delays a call: calls only write to the outbox. What a delivery looks like is written in
ivr/routing/webhook.py.
"""

from __future__ import annotations

import asyncio
import random
import ssl
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from ivr.log import get_log
from ivr.metrics import Metrics
from ivr.model.errors import StorageError
from ivr.model.webhooks import Delivery, DeliveryState, EventKind
from ivr.routing.webhook import event_body, retry_in_ms, signed_headers
from ivr.sections import WebhookSettings
from ivr.storage.store import Store
from ivr.supervisor.chores import for_ever

LANES = 8
"""Tries at a time for one endpoint; one when it has failed DOWN_AFTER times in a row."""
DOWN_AFTER = 3
ACKNOWLEDGED_S = 0.9
"""A transfer waits so long for a desktop to take the context, then goes on without: less than it waits for a page."""
POLL_S = 2.0
COUNT_S = 10.0
PRUNE_S = 600.0
LEASE_GRACE_MS = 5000
MOST_RETRY_AFTER_S = 3600
_REMEMBERED = 1000

_log = get_log("supervisor.webhooks")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came of one try. status: 0 = no answer. wait_s: what the receiver asked for. took_s: how long it took."""

    status: int
    trouble: str
    wait_s: int = 0
    took_s: float = 0.0

    @property
    def taken(self) -> bool:
        """Any 2xx; a redirect is none: an event goes where its secret belongs to."""
        return 200 <= self.status < 300


class Endpoint:
    """One receiver: posts and signs. clock: Unix seconds."""

    def __init__(self, settings: WebhookSettings, clock: Callable[[], float] = time.time) -> None:
        self.name, self.settings, self._clock = settings.name, settings, clock
        self._client: aiohttp.ClientSession | None = None
        self.failures = 0  # in a row

    async def post(self, delivery: Delivery) -> Reply:
        """One try. Never raises."""
        body = event_body(delivery.kind, delivery.at, delivery.data)
        began = time.monotonic()
        try:
            signed = signed_headers(self.settings.secrets, delivery.event_id, int(self._clock()), body)
            headers = {"Content-Type": "application/json", "User-Agent": "ivr", **signed}
            async with self._open().post(
                self.settings.url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                took_s = time.monotonic() - began
                wait_s = _seconds(answer.headers.get("Retry-After", ""))
                return Reply(status=answer.status, trouble=f"HTTP {answer.status}", wait_s=wait_s, took_s=took_s)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            return Reply(status=0, trouble=type(error).__name__, took_s=time.monotonic() - began)

    async def close(self) -> None:
        """End its connections."""
        if self._client is not None:
            await self._client.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._client is None:
            told = self.settings
            context: Any = ssl.create_default_context(cafile=told.ca_file) if told.ca_file else True
            self._client = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=told.timeout_ms / 1000),
                connector=aiohttp.TCPConnector(ssl=context, limit=LANES),
            )
        return self._client


class WebhookDelivery:
    """Delivers what the store's outbox holds to the configured endpoints. spread: 0..1, so that many events that failed
    together are not tried together."""

    def __init__(
        self,
        settings: Sequence[WebhookSettings],
        store: Store,
        metrics: Metrics,
        *,
        clock: Callable[[], float] = time.time,
        spread: Callable[[], float] = random.random,
    ) -> None:
        self._endpoints = tuple(Endpoint(each, clock) for each in settings)
        self._store, self._metrics, self._spread = store, metrics, spread
        self._bells = {endpoint.name: asyncio.Event() for endpoint in self._endpoints}
        self._waited_for = [each.name for each in settings if each.acknowledge and EventKind.CONTEXT in each.kinds]
        self._taken: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._waiting: dict[tuple[str, str], asyncio.Future[None]] = {}
        self._running: asyncio.Task[None] | None = None

    def ring(self) -> None:
        """Something new lies in the outbox."""
        for bell in self._bells.values():
            bell.set()

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Deliver from now on, when there is anybody to deliver to."""
        if self._endpoints:
            self._store.on_told(self.ring)
            self._running = tasks.create_task(for_ever(self.run), name="webhooks")

    async def run(self) -> None:
        """Deliver for ever."""
        async with asyncio.TaskGroup() as tasks:
            for endpoint in self._endpoints:
                tasks.create_task(self._serve(endpoint))
            tasks.create_task(self._count())
            tasks.create_task(self._prune())

    async def acknowledged(self, event_id: str, within_s: float = ACKNOWLEDGED_S) -> bool:
        """Did every endpoint that is waited for take this context? False after within_s: then it comes late."""
        missing = [key for name in self._waited_for if (key := (event_id, name)) not in self._taken]
        if not missing:
            return True
        loop = asyncio.get_running_loop()
        futures = [self._waiting.setdefault(key, loop.create_future()) for key in missing]
        try:
            _, late = await asyncio.wait(futures, timeout=within_s)
            return not late
        finally:
            for key in missing:
                self._waiting.pop(key, None)

    async def close(self) -> None:
        """End all tries and connections; what was not taken waits in the outbox."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait((self._running,))
        for endpoint in self._endpoints:
            await endpoint.close()

    async def _serve(self, endpoint: Endpoint) -> None:
        bell, under_way = self._bells[endpoint.name], set[asyncio.Task[None]]()
        async with asyncio.TaskGroup() as tasks:
            while True:
                bell.clear()
                lanes = LANES if endpoint.failures < DOWN_AFTER else 1
                claimed = await self._claim(endpoint, lanes - len(under_way))
                for delivery in claimed:
                    task = tasks.create_task(self._deliver(endpoint, delivery))
                    under_way.add(task)
                    task.add_done_callback(under_way.discard)
                    task.add_done_callback(lambda _: bell.set())
                if not claimed:
                    await _pause(bell, POLL_S)

    async def _claim(self, endpoint: Endpoint, most: int) -> Sequence[Delivery]:
        if most <= 0:
            return ()
        try:
            return await self._store.claim_deliveries(endpoint.name, most, self._lease_ms(endpoint))
        except StorageError as error:
            _log.error("webhook.outbox_unread", endpoint=endpoint.name, error=str(error))
            await asyncio.sleep(POLL_S)
            return ()

    @staticmethod
    def _lease_ms(endpoint: Endpoint) -> int:
        return endpoint.settings.timeout_ms + LEASE_GRACE_MS

    async def _deliver(self, endpoint: Endpoint, delivery: Delivery) -> None:
        reply = await endpoint.post(delivery)
        metrics, name = self._metrics, endpoint.name
        metrics.webhook_seconds.labels(endpoint=name).observe(reply.took_s)
        metrics.webhook_tries.labels(endpoint=name, result="delivered" if reply.taken else "failed").inc()
        was_down = endpoint.failures >= DOWN_AFTER
        endpoint.failures = 0 if reply.taken else endpoint.failures + 1
        try:
            if reply.taken:
                self._note_taken((delivery.event_id, name))
                await self._store.delivered(delivery)
                if was_down:
                    await self._store.hasten_deliveries(name, self._lease_ms(endpoint))
                    self._bells[name].set()
            else:
                await self._failed(delivery, reply)
        except StorageError as error:  # its lease runs out, and it is told once more: at least once
            _log.error("webhook.outbox_unwritten", endpoint=name, event_id=delivery.event_id, error=str(error))

    async def _failed(self, delivery: Delivery, reply: Reply) -> None:
        failures, trouble = delivery.failures + 1, reply.trouble
        again_ms = retry_in_ms(failures, self._spread())
        if again_ms is None:
            self._metrics.webhook_dead.labels(endpoint=delivery.endpoint).inc()
            _log.error("webhook.dead", endpoint=delivery.endpoint, event_id=delivery.event_id, kind=delivery.kind)
        else:
            again_ms = max(again_ms, reply.wait_s * 1000)
            known = {"endpoint": delivery.endpoint, "event_id": delivery.event_id, "kind": delivery.kind}
            _log.warning("webhook.failed", **known, trouble=trouble, failures=failures, again_ms=again_ms)
        await self._store.not_delivered(delivery, trouble, again_ms)

    def _note_taken(self, key: tuple[str, str]) -> None:
        self._taken[key] = None
        while len(self._taken) > _REMEMBERED:
            self._taken.popitem(last=False)
        waiting = self._waiting.get(key)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    async def _count(self) -> None:
        while True:
            try:
                counts = await self._store.delivery_counts()
            except StorageError:
                counts = {}  # the gauges keep what they said last; the store tells of its own trouble
            for endpoint in self._endpoints if counts else ():
                for state, gauge in ((DeliveryState.WAITING, "waiting"), (DeliveryState.DEAD, "dead")):
                    self._metrics.webhook_events.labels(endpoint=endpoint.name, state=gauge).set(
                        counts.get((endpoint.name, state), 0)
                    )
            await asyncio.sleep(COUNT_S)

    async def _prune(self) -> None:
        while True:
            try:
                await self._store.forget_old_deliveries()
            except StorageError as error:
                _log.error("webhook.outbox_unpruned", error=str(error))
            await asyncio.sleep(PRUNE_S)


async def _pause(bell: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await bell.wait()
    except TimeoutError:
        return


def _seconds(retry_after: str) -> int:
    """Of a Retry-After header; one with a date counts as none."""
    return min(int(retry_after[:6]), MOST_RETRY_AFTER_S) if retry_after.isascii() and retry_after.isdigit() else 0
