"""A packet's token as keys, for peers through which nothing but a telephone number and DTMF passes.

Seven digits made from the token and a check digit (ISO/IEC 7812-1, Luhn), so that a key lost or doubled on the line is
noticed and opens nobody else's context. A code is a pointer and no secret: it is good as long as its packet, and only
together with the call it arrives on.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Container

from ivr.model.carry import CODE, EVERYDAY

DIGITS = 8
_FREE = 10 ** (DIGITS - 1)


def key_code(token: str, taken: Container[str] = ()) -> str:
    """The eight digits of a token; another eight when these are taken by a packet that still lives.

    Raises ValueError when a thousand tries found none free.
    """
    for attempt in range(1000):
        digest = hashlib.sha256(f"{token}/{attempt}".encode()).digest()
        digits = f"{int.from_bytes(digest[:8]) % _FREE:0{DIGITS - 1}d}"
        code = digits + _check_digit(digits)
        if code not in taken:
            return code
    raise ValueError("no code is free")


def key_sequence(code: str, form: str = EVERYDAY.keys_as) -> str:
    """The keys to send. form: what the far end expects around CODE."""
    return form.replace(CODE, code)


def read_keys(keys: str) -> str:
    """The code that was keyed, "" when it is none: too short, too long, or its check digit is wrong."""
    digits = re.sub(r"[\s,wW*-]", "", keys).removesuffix("#")
    right = re.fullmatch(rf"[0-9]{{{DIGITS}}}", digits) and _check_digit(digits[:-1]) == digits[-1]
    return digits if right else ""


def _check_digit(digits: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)
