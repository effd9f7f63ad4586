"""A call that brings the token of a context: it was with us before, or with another of our bots, and comes back.

Owns looking the context up in time, and what of it counts: what the caller wanted and the language they spoke. Who the
caller is never travels by token: a token tells which call it was, not who holds the telephone now.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ivr.call.journal import Journal
from ivr.log import get_log
from ivr.model.errors import StorageError
from ivr.model.identity import Caller
from ivr.model.media import Headers
from ivr.routing.carriers import parse_handoff_headers
from ivr.storage.store import Store

LOOKED_UP_S = 0.2

_log = get_log("call.coming_back")


@dataclass(frozen=True, slots=True, kw_only=True)
class ComingBack:
    """The context a call comes back with. told: its packet."""

    token: str
    told: Mapping[str, Any]

    @property
    def language(self) -> str:
        """The language spoken before."""
        return str(self.told.get("call", {}).get("lang", ""))

    def note(self, journal: Journal) -> None:
        """For the log of the call, and for the next human: see contacts()."""
        need, call = self.told.get("need", {}), self.told.get("call", {})
        journal.note(
            "call.returned",
            token=self.token,
            call=str(call.get("call_id", "")),
            began=str(call.get("started", "")),
            intent=str(need.get("intent", "")),
            status=str(need.get("status", "")),
        )

    def known_of(self, caller: Caller) -> Caller:
        """The caller with the facts flows can branch on."""
        need = self.told.get("need", {})
        return replace(
            caller,
            returned=True,
            returned_intent=str(need.get("intent", "")),
            returned_status=str(need.get("status", "")),
        )


async def came_back(headers: Headers, store: Store) -> ComingBack | None:
    """The context whose token an INVITE brings; None when it brings none, or it is unknown, expired or late: then the
    call is one like any other."""
    token = parse_handoff_headers(headers).token
    if not token:
        return None
    try:
        async with asyncio.timeout(LOOKED_UP_S):
            packet = await store.context(token)
    except (TimeoutError, StorageError) as error:
        _log.warning("context.not_looked_up", token=token, error=str(error) or "not found in time")
        return None
    return ComingBack(token=token, told=packet) if packet is not None else None


def contacts(journal: Journal) -> tuple[Mapping[str, str], ...]:
    """What the call before came to, for whoever is called next."""
    return tuple(
        {"at": entry.data["began"], "what": f"{entry.data['intent'] or 'call'}: {entry.data['status']}, with the bot"}
        for entry in journal.entries
        if entry.kind == "call.returned"
    )
