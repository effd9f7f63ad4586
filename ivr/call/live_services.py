"""The services of a call that nobody telephones: the real ones, steps of identification among them.

Owns whose call it is meant to be. Tries are counted like those of a telephone, for they are as good a guess.
"""

from __future__ import annotations

from ivr.call.identifying import Identifying
from ivr.call.identity_desk import IdentityDesk
from ivr.call.journal import Journal
from ivr.call.services import ServiceCaller
from ivr.dialog.assistant import Assistant
from ivr.identity.policy import IdentityPolicy
from ivr.model.dialog import CallService, ServiceEnded
from ivr.model.identity import Caller
from ivr.model.ids import new_id


class LiveServices:
    """Services of the assistant, asked one after another."""

    def __init__(self, http: ServiceCaller, desk: IdentityDesk) -> None:
        self._http, self._desk = http, desk
        self._assistant: Assistant | None = None
        self._identifying: Identifying | None = None

    def begin(self, assistant: Assistant, policy: IdentityPolicy, ani: str, language: str) -> None:
        """A new call: nobody is known yet but by the number, which counts as one a trusted trunk asserted."""
        call_id = new_id()
        caller = Caller(ani=ani, dnis="", claimed=False)
        self._assistant = assistant
        self._identifying = Identifying(
            call_id,
            self._desk,
            policy,
            Journal(call_id, ()),
            caller=lambda: caller,
            language=lambda: language,
        )

    async def __call__(self, command: CallService) -> ServiceEnded:
        """Ask a service. Never raises for what it does."""
        if self._assistant is None or self._identifying is None:
            raise RuntimeError("no call has begun")
        spec = self._assistant.services[command.service]
        if spec.identity is not None:
            return await self._identifying.serve(spec, command.args, timeout_ms=command.timeout_ms)
        ended = await self._http.call(spec, command.args, timeout_ms=command.timeout_ms)
        await self._identifying.vouched(spec, ended)
        return ended

    async def close(self) -> None:
        """Close the connections; the store stays open."""
        await self._http.close()
        await self._desk.close()
