"""Events reach a receiver that is down, slow, broken and back again: each once by its id, signed, in their order."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from pydantic import ValidationError

from ivr.cli import main
from ivr.metrics import Metrics
from ivr.model.call import Callback, LogEntry
from ivr.model.webhooks import Delivery, DeliveryState, EventKind, WebhookEvent
from ivr.routing.webhook import RETRIES_S, SeenEvents, Verdict, verify
from ivr.sections import WebhookSettings
from ivr.storage.store import Store
from ivr.supervisor.webhook_delivery import WebhookDelivery

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
PATIENCE_S = 5.0
PROMISE = Callback(
    callback_id="B1",
    call_id="B",
    number="+4915112345678",
    customer_id="C1",
    reason="claim",
    promised_at="2026-11-21T10:00:00Z",
    deadline="2026-11-21T16:00:00Z",
)


@dataclass
class Clock:
    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at

    def seconds(self) -> float:
        return self.at.timestamp()

    def wind(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class Receiver:
    """What a customer builds: checks the signature, remembers ids, answers by plan and 204 when there is none left."""

    clock: Clock
    plan: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    seen: SeenEvents = field(default_factory=SeenEvents)
    tried: int = 0

    async def take(self, request: web.Request) -> web.Response:
        self.tried += 1
        how = self.plan.pop(0) if self.plan else "204"
        body = await request.read()
        if how == "slow":
            await asyncio.sleep(0.4)
        if how not in ("204", "lost"):
            headers = {"Retry-After": "3000"} if how == "503" else {"Location": "/elsewhere"}
            return web.Response(status=500 if how == "slow" else int(how), headers=headers)
        verdict = verify(request.headers, body, [SECRET], now_s=int(self.clock.seconds()), seen=self.seen)
        self.verdicts.append(verdict)
        if verdict is Verdict.GENUINE:
            event = json.loads(body)
            self.taken.append(f"{event['type']} {request.headers['webhook-id']}")
        return web.Response(status=500 if how == "lost" else 204)  # lost: taken, but we are not told


def settings(monkeypatch: pytest.MonkeyPatch, url: str, **more: object) -> WebhookSettings:
    monkeypatch.setenv("IVR_WEBHOOK_SECRET", SECRET)
    return WebhookSettings.model_validate({"name": "crm", "url": url, "timeout_ms": 200, **more})


async def until(holds: Callable[[Mapping[object, int], list[Delivery]], bool], store: Store) -> None:
    for _ in range(round(PATIENCE_S / 0.01)):
        if holds(await store.delivery_counts(), await store.deliveries(DeliveryState.WAITING)):
            return
        await asyncio.sleep(0.01)
    raise AssertionError(await store.deliveries())


async def settled(store: Store, state: DeliveryState, many: int) -> None:
    await until(lambda counts, _: counts.get(("crm", state), 0) == many, store)


async def failed(store: Store, times: int) -> None:
    await until(lambda _, waiting: waiting[-1].failures == times, store)


def firsts(waiting: list[Delivery]) -> list[Delivery]:
    """Those whose turn it is, each the first of its call."""
    return [each for each in waiting if each.event_id.endswith("0")]


def delivered(metrics: Metrics) -> float:
    line = 'ivr_webhooks_tries_total{endpoint="crm",result="delivered"} '
    said = metrics.exposition().decode().splitlines()
    return next((float(each.removeprefix(line)) for each in said if each.startswith(line)), 0.0)


def event(name: str, call: str = "A") -> WebhookEvent:
    return WebhookEvent(event_id=name, kind=EventKind.TEST, at="2026-11-21T10:00:00Z", call_id=call, data={"ü": name})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(database_url: str, clock: Clock) -> AsyncIterator[Store]:
    subscribers = {"crm": frozenset(EventKind)}
    opened = await Store.open(database_url, now=clock, subscribers=subscribers)
    yield opened
    await opened.close()


async def test_a_receiver_that_was_down_slow_and_broken_gets_each_event_once_and_in_order(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver, port, metrics = Receiver(clock), unused_port(), Metrics()
    told = settings(monkeypatch, f"http://127.0.0.1:{port}/events")
    delivery = WebhookDelivery([told], store, metrics, clock=clock.seconds, spread=lambda: 0.5)
    app = web.Application()
    app.router.add_post("/events", receiver.take)
    async with asyncio.TaskGroup() as tasks:
        delivery.start(tasks)
        await store.tell(event("e1"), event("e2"))
        await failed(store, 1)  # nobody listens
        async with TestServer(app, port=port):
            receiver.plan = ["slow", "500", "307", "503", "lost"]
            for tries, pause_s in enumerate(RETRIES_S[:5], start=2):
                clock.wind(pause_s if tries < 6 else 3000)  # the 503 asked for 3000 s, which is more than its pause
                delivery.ring()
                await failed(store, tries)
            assert (receiver.taken, receiver.tried) == (["webhook.test e1"], 5)
            clock.wind(RETRIES_S[5])
            delivery.ring()
            await settled(store, DeliveryState.DELIVERED, 2)
            assert receiver.taken == ["webhook.test e1", "webhook.test e2"]
            assert receiver.verdicts == [Verdict.GENUINE, Verdict.REPEATED, Verdict.GENUINE]
            began = asyncio.get_running_loop().time()
            store.append(LogEntry(call_id="B", seq=1, at="t", at_ms=1, kind="handoff.bridged", data={"agent": "a"}))
            await settled(store, DeliveryState.DELIVERED, 3)  # at once: nothing polls for it
            assert asyncio.get_running_loop().time() - began < 1.5
            assert receiver.taken[-1] == "transfer.ended B-1"
        await delivery.close()
    text = metrics.exposition().decode()
    assert 'ivr_webhooks_tries_total{endpoint="crm",result="failed"} 6.0' in text
    assert 'ivr_webhooks_tries_total{endpoint="crm",result="delivered"} 3.0' in text


async def test_an_event_nobody_takes_is_given_up_and_tried_again_by_hand(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clock.at = datetime.now(UTC)  # commands know no other time
    told = settings(monkeypatch, f"http://127.0.0.1:{unused_port()}/", acknowledge=True)
    delivery, metrics = WebhookDelivery([told], store, Metrics(), clock=clock.seconds, spread=lambda: 1.0), Metrics()
    await store.save_context("T1", "A", {"v": 1}, "2099-01-01T00:00:00Z")
    async with asyncio.TaskGroup() as tasks:
        delivery.start(tasks)
        assert not await delivery.acknowledged("T1", 0.05)  # and the transfer goes on
        await failed(store, 1)
        for tries, pause_s in enumerate(RETRIES_S, start=2):
            clock.wind(pause_s * 1.25)
            delivery.ring()
            if tries <= len(RETRIES_S):
                await failed(store, tries)
        await settled(store, DeliveryState.DEAD, 1)
        await delivery.close()
    file = tmp_path / "ivr.toml"
    lines = [f'[storage]\nurl = "sqlite:///{tmp_path / "ivr.db"}"', f'[[webhooks]]\nname = "crm"\nurl = "{told.url}"']
    file.write_text("\n".join(lines), encoding="utf-8")
    commands = [["list", "--state", "dead"], ["retry", "crm"], ["test", "crm", "--json"], ["retry", "nobody"]]
    run = [await asyncio.to_thread(main, ["webhooks", *words, "-c", str(file)]) for words in commands]
    assert run == [0, 0, 1, 2]
    out = capsys.readouterr().out
    assert "dead 1" in out and "handoff.context" in out and "1 events are tried again" in out
    assert '"taken": false' in out
    await store.promise(PROMISE)
    assert await asyncio.to_thread(main, ["callbacks", "done", "B1", "--by", "a1", "-c", str(file)]) == 0
    receiver, app = Receiver(clock), web.Application()
    app.router.add_post("/", receiver.take)
    async with TestServer(app) as server, asyncio.TaskGroup() as tasks:
        told = settings(monkeypatch, str(server.make_url("/")), acknowledge=True)
        again = WebhookDelivery([told], store, metrics, clock=clock.seconds)
        again.start(tasks)
        assert await again.acknowledged("T1", PATIENCE_S)
        assert await again.acknowledged("T1", 0)  # known already
        await settled(store, DeliveryState.DELIVERED, 3)
        assert set(receiver.taken) == {"handoff.context T1", "callback.promised B1-promised", "callback.ended B1-ended"}
        await again.close()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"url": "http://crm.example.com/"}, "https"),
        ({"url": "http://192.168.1.5/"}, "https"),
        ({"url": "https://me:secret@crm.example.com/"}, "password"),
        ({"events": ["everything"]}, "call.ended"),
        ({"secret_env": "IVR_NO_SUCH_SECRET"}, "IVR_NO_SUCH_SECRET"),
    ],
)
def test_events_are_sent_encrypted_and_signed_or_not_at_all(
    changed: dict[str, object], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(monkeypatch, "https://192.168.1.5/events")  # on premises: a private address is as good as any
    assert settings(monkeypatch, "http://[::1]:9/").kinds == frozenset(EventKind)
    with pytest.raises(ValidationError, match=words):
        settings(monkeypatch, **{"url": "https://crm.example.com/", **changed})


async def test_after_an_hour_of_silence_a_receiver_is_told_everything_in_order_and_was_not_stormed_meanwhile(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver, port, metrics = Receiver(clock), unused_port(), Metrics()
    told = settings(monkeypatch, f"http://127.0.0.1:{port}/")
    delivery = WebhookDelivery([told], store, metrics, clock=clock.seconds, spread=lambda: 0.5)
    app = web.Application()
    app.router.add_post("/", receiver.take)
    calls = "ABCDEF"
    async with asyncio.TaskGroup() as tasks:
        delivery.start(tasks)
        await store.tell(*(event(f"{call}{n}", call) for n in range(3) for call in calls))
        for minutes in (0, 1, 2, 3, 10, 15, 29):
            clock.wind(60 * minutes)
            delivery.ring()
            now_ms = clock.seconds() * 1000
            await until(lambda _, owed, now_ms=now_ms: min(e.due_ms for e in firsts(owed)) > now_ms, store)
        waiting = await store.deliveries(DeliveryState.WAITING)
        assert (clock.at - NOW).total_seconds() == 3600 and len(waiting) == 18
        assert {each.failures for each in firsts(waiting)} <= {4, 5, 6}
        assert {each.failures for each in waiting if each not in firsts(waiting)} == {0}, "they wait for their turn"
        async with TestServer(app, port=port):
            due_ms = min(each.due_ms for each in firsts(waiting))
            clock.wind(due_ms / 1000 - clock.seconds())
            delivery.ring()
            await settled(store, DeliveryState.DELIVERED, 18)  # all at once: who takes one event takes them all
        await delivery.close()
    assert receiver.tried == 18
    for call in calls:
        assert [name for name in receiver.taken if f" {call}" in name] == [f"webhook.test {call}{n}" for n in range(3)]


@pytest.mark.slow
async def test_two_processes_that_deliver_what_a_third_left_behind_share_it_and_tell_nothing_twice(
    store: Store, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver, app, many = Receiver(clock), web.Application(), 60
    app.router.add_post("/", receiver.take)
    await store.tell(*(event(f"e{n}", call=f"c{n % 20}") for n in range(many)))  # and there its process dies
    clock.wind(6)
    others = [await Store.open(f"sqlite:///{tmp_path / 'ivr.db'}", now=clock) for _ in range(2)]
    counted = [Metrics(), Metrics()]
    try:
        async with TestServer(app) as server, asyncio.TaskGroup() as tasks:
            told = settings(monkeypatch, str(server.make_url("/")), timeout_ms=2000)
            two = [
                WebhookDelivery([told], each, counts, clock=clock.seconds)
                for each, counts in zip(others, counted, strict=True)
            ]
            for delivery in two:
                delivery.start(tasks)
            await settled(store, DeliveryState.DELIVERED, many)
            for delivery in two:
                await delivery.close()
    finally:
        for each in others:
            await each.close()
    assert receiver.tried == len(receiver.taken) == many
    shares = [delivered(counts) for counts in counted]
    assert sum(shares) == many and min(shares) >= many / 10, "neither starves"
