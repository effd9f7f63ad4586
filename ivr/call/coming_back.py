"""A call that brings the token of a context: it was with us before, or with another of our bots, and comes back.

Owns looking the context up in time, by the token of the INVITE or the eight digits keyed after the answer, and what of
it counts: what the caller wanted and the language they spoke. Who the caller is never travels by token: a token tells
which call it was, not who holds the telephone now.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ivr.call.journal import Journal
from ivr.log import get_log
from ivr.model.errors import StorageError
from ivr.model.identity import Caller
from ivr.model.media import Headers
from ivr.routing.carriers import parse_handoff_headers
from ivr.routing.key_code import read_keys
from ivr.storage.store import Store

LOOKED_UP_S = 0.2
CODE_MS = 5000
"""So soon after the answer the `*` before eight digits must come: a machine sends them, or a person told to."""
WRONG_MOST, WRONG_IN_S = 10, 600.0

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
        """For the log of the call, and for the next human."""
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


class KeyedCodes:
    """Contexts by the eight digits that callers of a trunk key, and the brake on whoever guesses: after WRONG_MOST
    wrong codes of one trunk within WRONG_IN_S its codes are not looked up for the rest of it; its calls are calls like
    any other. A guess costs a call, so a thousand living contexts are met by chance once a week. clock: seconds."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._clock = store, clock
        self._wrong: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=WRONG_MOST))

    async def find(self, trunk: str, keys: str) -> ComingBack | None:
        """None when they belong to no context that lives, or this trunk has guessed too often."""
        wrong, now, code = self._wrong[trunk], self._clock(), read_keys(keys)
        if len(wrong) == WRONG_MOST and now - wrong[0] < WRONG_IN_S:
            _log.warning("context.codes_refused", trunk=trunk)
            return None
        try:
            async with asyncio.timeout(LOOKED_UP_S):
                found = await self._store.context_by_code(code) if code else None
        except (TimeoutError, StorageError) as error:
            _log.warning("context.not_looked_up", trunk=trunk, error=str(error) or "not found in time")
            return None
        if found is None:
            wrong.append(now)
            return None
        return ComingBack(token=found[0], told=found[1])
