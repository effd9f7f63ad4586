"""Messages to telephones: to the operator's SMS gateway by a signed webhook, or to the console of a demo.

Owns the wire form, the signature and the tries. What a message says is written elsewhere; nothing of it is logged.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Callable

import aiohttp

from ivr.model.errors import ServiceError
from ivr.model.identity import TextMessage

TRIES = 3
BACKOFF_S = 0.2
SIGNATURE = "X-Ivr-Signature"
IDEMPOTENCY = "Idempotency-Key"
KEPT = 1000


class WebhookGateway:
    """POSTs {id, to, language, kind, text, code} to url; any 2xx means taken. key signs: see signature_of.
    timeout_s: of one try. Tried again when there is no answer, or 429 or 5xx, with the same id."""

    def __init__(self, url: str, key: bytes, timeout_s: float = 1.5, clock: Callable[[], float] = time.time) -> None:
        self._url, self._key, self._clock = url, key, clock
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._client: aiohttp.ClientSession | None = None

    async def send(self, message: TextMessage) -> None:
        told = {"id": message.message_id, "to": message.number, "language": message.language, "kind": message.kind}
        body = json.dumps(told | {"text": message.text, "code": message.code}, ensure_ascii=False).encode()
        error = ""
        for attempt in range(TRIES):
            await asyncio.sleep(BACKOFF_S * attempt)
            status, error = await self._post(message.message_id, body)
            if 200 <= status < 300:
                return
            if status and status != 429 and status < 500:
                break
        raise ServiceError(f"the message gateway took nothing: {error}")

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    async def _post(self, message_id: str, body: bytes) -> tuple[int, str]:
        """(status, what went wrong); status 0 = no answer."""
        if self._client is None:
            self._client = aiohttp.ClientSession(timeout=self._timeout)
        headers = {"Content-Type": "application/json", IDEMPOTENCY: message_id}
        if self._key:
            headers[SIGNATURE] = signature_of(body, self._key, int(self._clock()))
        try:
            async with self._client.post(self._url, data=body, headers=headers, allow_redirects=False) as reply:
                return reply.status, f"HTTP {reply.status}"
        except (aiohttp.ClientError, OSError, TimeoutError) as problem:
            return 0, type(problem).__name__


def signature_of(body: bytes, key: bytes, at_s: int) -> str:
    """t=<Unix seconds>,v1=<hex HMAC-SHA256 of "<t>." and the body>: the receiver checks both, and that t is recent."""
    digest = hmac.new(key, f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at_s},v1={digest}"


class ConsoleGateway:
    """Shows messages where somebody trying things out reads them. For demos: whoever sees the console has the codes."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._shown: dict[str, None] = {}

    async def send(self, message: TextMessage) -> None:
        if not message.number:
            raise ServiceError("the message gateway took nothing: no number")
        if message.message_id in self._shown:
            return
        self._shown[message.message_id] = None
        while len(self._shown) > KEPT:
            del self._shown[next(iter(self._shown))]
        self._show(f"SMS to {message.number}: {message.text}")

    async def close(self) -> None:
        """Nothing is open."""
