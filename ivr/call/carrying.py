"""What travels to one target with its call: headers of the INVITE, and keys after the answer where only keys pass.

Owns when keys are sent, and that they have a leg of ours to be sent on. What is written is routing's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from ivr.call.moving import Method
from ivr.model.carry import Carrier, Carry
from ivr.model.media import Headers, SendDigits
from ivr.routing.carriers import carried_headers
from ivr.routing.key_code import key_code, key_sequence


class Carrying:
    """Of one consult leg."""

    def __init__(self, carry: Carry, leg: str, send: Callable[[object], None]) -> None:
        self._carry, self._leg, self._send = carry, leg, send

    def method(self, wanted: Method) -> Method:
        """Keys are sent by us: whoever gets any is not left to the caller's phone."""
        return Method.BRIDGE if Carrier.KEYS in self._carry.by else wanted

    def headers(self, token: str, packet: Mapping[str, Any]) -> Headers:
        """Of the INVITE."""
        return carried_headers(self._carry, token, packet)

    def answered(self, token: str) -> None:
        """The far end is there, and gets ready to hear keys. A leg that ends before is sent nothing."""
        if Carrier.KEYS in self._carry.by:
            keys = SendDigits(leg=self._leg, digits=key_sequence(key_code(token), self._carry.keys_as))
            asyncio.get_running_loop().call_later(self._carry.keys_after_ms / 1000, self._send, keys)
