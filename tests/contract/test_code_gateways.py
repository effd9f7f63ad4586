"""Every message gateway takes a message once, and says so when it takes none: the webhook's and the console's."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from ivr.call.code_gateway import ConsoleGateway, WebhookGateway
from ivr.model.errors import ServiceError
from ivr.model.identity import TextMessage
from ivr.model.ports import CodeGateway

KEY, NOW = b"shared key", 1_800_000_000
MESSAGE = TextMessage(
    message_id="m1", number="+4915123456789", language="en", kind="code", text="Your code is 123456.", code="123456"
)


@dataclass
class Phones:
    """An SMS gateway: answers with the statuses given, 202 when there are none left, and delivers each id once."""

    statuses: list[int] = field(default_factory=list)
    asked: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    delivered: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.asked.append((dict(request.headers), body))
        status = self.statuses.pop(0) if self.statuses else 202
        if status < 300:
            self.delivered.setdefault(request.headers["Idempotency-Key"], json.loads(body))
        return web.Response(status=status)


@pytest.fixture
def phones() -> Phones:
    return Phones()


@pytest.fixture
async def webhook(phones: Phones) -> AsyncIterator[WebhookGateway]:
    app = web.Application()
    app.router.add_post("/sms", phones.take)
    async with TestServer(app) as server:
        gateway = WebhookGateway(str(server.make_url("/sms")), KEY, clock=lambda: NOW)
        yield gateway
        await gateway.close()


@pytest.fixture(params=["webhook", "console"])
async def told(request: pytest.FixtureRequest, phones: Phones, webhook: WebhookGateway) -> tuple[CodeGateway, Any]:
    """A gateway, and what arrived at telephones."""
    if request.param == "webhook":
        return webhook, lambda: [m["text"] for m in phones.delivered.values()]
    shown: list[str] = []
    return ConsoleGateway(shown.append), lambda: shown


async def test_a_message_arrives(told: tuple[CodeGateway, Any]) -> None:
    gateway, arrived = told
    await gateway.send(MESSAGE)
    assert len(arrived()) == 1
    assert "123456" in arrived()[0]


async def test_the_same_message_twice_is_one(told: tuple[CodeGateway, Any]) -> None:
    gateway, arrived = told
    await gateway.send(MESSAGE)
    await gateway.send(MESSAGE)
    assert len(arrived()) == 1


async def test_a_message_nobody_takes_is_an_error(told: tuple[CodeGateway, Any], phones: Phones) -> None:
    gateway, arrived = told
    phones.statuses[:] = [422]
    nowhere = TextMessage(message_id="m2", number="", language="en", kind="code", text="x")
    with pytest.raises(ServiceError, match="took nothing"):
        await gateway.send(nowhere)
    assert arrived() == []
    await gateway.close()


async def test_the_webhook_signs_body_and_time(webhook: WebhookGateway, phones: Phones) -> None:
    await webhook.send(MESSAGE)
    headers, body = phones.asked[0]
    told = {"id": "m1", "to": "+4915123456789", "language": "en", "kind": "code"}
    assert json.loads(body) == told | {"text": MESSAGE.text, "code": "123456"}
    signed = hmac.new(KEY, f"{NOW}.".encode() + body, hashlib.sha256).hexdigest()
    assert headers["X-Ivr-Signature"] == f"t={NOW},v1={signed}"


@pytest.mark.parametrize(("statuses", "tries"), [([503, 429], 3), ([500] * 3, 3), ([400], 1), ([302], 1)])
async def test_the_webhook_tries_again_where_it_helps(
    webhook: WebhookGateway, phones: Phones, statuses: list[int], tries: int
) -> None:
    phones.statuses[:] = statuses
    taken = len(statuses) < tries
    if taken:
        await webhook.send(MESSAGE)
    else:
        with pytest.raises(ServiceError) as caught:
            await webhook.send(MESSAGE)
        assert "123456" not in str(caught.value)
    assert len(phones.asked) == tries
    assert {headers["Idempotency-Key"] for headers, _ in phones.asked} == {"m1"}


async def test_a_gateway_that_cannot_be_reached_is_an_error() -> None:
    gateway = WebhookGateway("http://127.0.0.1:9/sms", KEY, timeout_s=0.2)
    with pytest.raises(ServiceError, match="took nothing"):
        await gateway.send(MESSAGE)
    await gateway.close()
