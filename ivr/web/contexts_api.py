"""Context packets for other systems: by token or by eight digits, whole or as the flat keys a contact center takes.

Owns the forms, and the brake on whoever guesses: what is unknown, expired or never was gets the same answer, and too
many wrong tokens get none for a while. Every context given is noted first.
"""

from __future__ import annotations

import json
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from ivr.routing.attributes import connect_attributes, flat_attributes, taskrouter_task
from ivr.routing.carriers import read_token
from ivr.routing.key_code import read_keys
from ivr.web.api import DESK
from ivr.web.guard import error, is_secure, note_access, peer_of, visitor_of

WRONG_MOST = 20
WRONG_IN_S = 60.0
_REMEMBERED = 1000

routes = web.RouteTableDef()


class WrongTokens:
    """Counts wrong tokens by who asks and from where; beyond WRONG_MOST in WRONG_IN_S nothing is looked up. Eight
    digits can be guessed, 26 characters cannot. clock: seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._wrong: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_s(self, who: str) -> int:
        """Seconds until who may ask again; 0 = now."""
        wrong = self._wrong.get(who)
        if wrong is None or len(wrong) < WRONG_MOST:
            return 0
        return max(0, round(wrong[0] + WRONG_IN_S - self._clock() + 0.5))

    def note(self, who: str) -> None:
        """One more was wrong."""
        wrong = self._wrong.setdefault(who, deque(maxlen=WRONG_MOST))
        wrong.append(self._clock())
        self._wrong.move_to_end(who)
        while len(self._wrong) > _REMEMBERED:
            self._wrong.popitem(last=False)


WRONG_TOKENS = web.AppKey("wrong_tokens", WrongTokens)


def _full(packet: Mapping[str, Any], _url: str) -> Any:
    return packet


def _twilio(packet: Mapping[str, Any], url: str) -> Any:
    task = taskrouter_task(packet, url)
    return {"attributes": json.loads(task.attributes), "priority": task.priority}


FORMS: Mapping[str, Callable[[Mapping[str, Any], str], Any]] = {
    "full": _full,
    "flat": flat_attributes,
    "connect": connect_attributes,
    "twilio": _twilio,
}


@routes.get("/api/contexts/{token}")
async def context(request: web.Request) -> web.Response:
    """The context a handoff carries the token of, in any way contact centers hand it on, or sent the digits of."""
    desk, asked = request.app[DESK], request.match_info["token"]
    asked = read_token(asked) or asked
    form = FORMS.get(request.query.get("as", "full"))
    if form is None:
        return error(400, f"as is one of {', '.join(FORMS)}")
    brake, who = request.app[WRONG_TOKENS], f"{visitor_of(request).name} {peer_of(request)}"
    wait_s = brake.wait_s(who)
    if wait_s:
        refused = error(429, "too many wrong tokens")
        refused.headers["Retry-After"] = str(wait_s)
        return refused
    token, packet = asked, await desk.store.context(asked)
    code = read_keys(asked) if packet is None else ""
    found = await desk.store.context_by_code(code) if code else None
    if found is not None:
        token, packet = found
    if packet is None:
        brake.note(who)
        return error(404, "no such context")
    await note_access(request, desk, "context", token)
    scheme = "https" if is_secure(request) else "http"
    url = f"{scheme}://{request.host}{packet.get('transcript_url') or f'/api/contexts/{token}'}"
    return web.json_response(form(packet, url))
