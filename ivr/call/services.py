"""Calls the customer's services as services.yml says: over HTTP, on a Rasa action server, or a Python function.

Owns the sockets, the time limit and the retries.

Whatever goes wrong comes back as an outcome ("timeout", "error"), never as an exception: the dialog has a way on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp

from ivr.call.python_actions import PythonActions
from ivr.call.rasa_actions import webhook_body
from ivr.dialog.services import ServiceSpec, interpret, interpret_result, request_of
from ivr.log import get_log
from ivr.metrics import Metrics
from ivr.model.call import LogEntry
from ivr.model.dialog import ServiceEnded
from ivr.model.errors import ServiceError
from ivr.model.ids import monotonic_ms, new_id

BACKOFF_S = 0.2

_log = get_log("call.services")


class ServiceCaller:
    """One HTTP client for all calls of the process. environment: values of ${NAME} in services.yml."""

    def __init__(self, environment: Mapping[str, str], metrics: Metrics) -> None:
        self._environment, self._metrics = environment, metrics
        self._client: aiohttp.ClientSession | None = None
        self._functions = PythonActions()

    async def close(self) -> None:
        """Close the connections; start no more functions."""
        self._functions.close()
        if self._client is not None:
            await self._client.close()

    async def call(
        self,
        spec: ServiceSpec,
        args: Mapping[str, Any],
        *,
        timeout_ms: int,
        sender: str = "",
        journal: Sequence[LogEntry] = (),
    ) -> ServiceEnded:
        """Call the service within timeout_ms in all, retries included. Never raises for what the service does.

        sender: the call, as a Rasa action sees it; "" = one made up for this request. journal: the call so far.
        """
        began_ms = monotonic_ms()
        if spec.python:
            timeout_ms = min(timeout_ms, spec.timeout_ms)
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                if spec.python:
                    outcome, values, error = await self._function(spec, args)
                else:
                    outcome, values, error = await self._attempts(spec, args, sender or new_id(), journal)
        except TimeoutError:
            outcome, values, error = "timeout", {}, f"no answer within {timeout_ms} ms"
        took_s = (monotonic_ms() - began_ms) / 1000
        self._metrics.services.labels(service=spec.name, outcome=outcome).observe(took_s)
        if error:
            _log.warning("service.failed", service=spec.name, outcome=outcome, error=error)
        return ServiceEnded(at_ms=monotonic_ms(), service=spec.name, outcome=outcome, values=values, error=error)

    async def _function(self, spec: ServiceSpec, args: Mapping[str, Any]) -> tuple[str, dict[str, Any], str]:
        try:
            told, values = await self._functions.run(spec.python, {name: args.get(name) for name in spec.takes})
        except ServiceError as problem:
            return "error", {}, str(problem)
        outcome, values = interpret_result(spec, told, values)
        return outcome, values, f"{spec.python} returned {told!r}, which fits no outcome" if outcome == "error" else ""

    async def _attempts(
        self, spec: ServiceSpec, args: Mapping[str, Any], sender: str, journal: Sequence[LogEntry]
    ) -> tuple[str, dict[str, Any], str]:
        error = ""
        for attempt in range(spec.retries + 1):
            await asyncio.sleep(BACKOFF_S * attempt)
            try:
                status, body = await self._request(spec, args, sender, journal)
            except ServiceError as problem:  # asking again cannot help
                return "error", {}, str(problem)
            except (aiohttp.ClientError, OSError) as problem:
                error = f"{type(problem).__name__}: {problem}"
                continue
            outcome, values = interpret(spec, status, body)
            if status < 500:
                return outcome, values, f"HTTP {status} fits no outcome" if outcome == "error" else ""
            error = f"HTTP {status}"
        return "error", {}, error

    async def _request(
        self, spec: ServiceSpec, args: Mapping[str, Any], sender: str, journal: Sequence[LogEntry]
    ) -> tuple[int, Any]:
        if self._client is None:
            self._client = aiohttp.ClientSession(headers={"Accept": "application/json"})
        wanted = request_of(spec, args, self._environment)
        body = wanted.json
        if spec.action:
            given = {name: args.get(name) for name in spec.takes}
            body = webhook_body(spec.action, given, sender=sender, at_s=time.time(), journal=journal)
        limit = aiohttp.ClientTimeout(total=spec.timeout_ms / 1000)
        try:
            async with self._client.request(
                wanted.method, wanted.url, json=body, headers=wanted.headers, timeout=limit
            ) as reply:
                return reply.status, await _json(reply)
        except TimeoutError as problem:
            raise aiohttp.ClientConnectionError(f"no answer within {spec.timeout_ms} ms") from problem


async def _json(reply: aiohttp.ClientResponse) -> Any:
    try:
        return await reply.json(content_type=None)
    except ValueError:
        return None  # the outcome's condition on the body decides whether that matters
