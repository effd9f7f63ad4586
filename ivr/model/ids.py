"""Identifiers: ULIDs, 26 characters of Crockford base32, sortable by the time they were made (github.com/ulid/spec)."""

from __future__ import annotations

import os
import time

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_id() -> str:
    """A new ULID: 48 bits of Unix time in ms, 80 random bits; always 26 ASCII characters."""
    # Not `secrets`: it loads the TLS library, which is megabytes in every media worker.
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10))
    return "".join(_ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5))


def monotonic_ms() -> int:
    """Milliseconds of CLOCK_MONOTONIC, which all processes of one machine share."""
    return time.monotonic_ns() // 1_000_000
