"""A packet as flat keys, for contact centers that route by attributes and pop a screen by an address.

One table of what is told; one function for each dialect of names. What is empty is left out: an attribute that is not
set fails a condition, an empty one may pass it. Limits as documented by Amazon Connect (UpdateContactAttributes: keys
of letters, digits, "-" and "_", 32768 bytes in all) and Twilio TaskRouter (a hyphen in a key breaks its expressions).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MAX_CONNECT_BYTES = 32_768
MAX_TASK_PRIORITY = 2_147_483_647
PREFIX = "ivr_"

# key -> where in the packet; the first are the last to go when space runs out
_TOLD: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ctx_id", ("id",)),
    ("intent", ("need", "intent")),
    ("level", ("customer", "level")),
    ("lang", ("call", "lang")),
    ("queue", ("queue", "asked")),
    ("priority", ("queue", "priority")),
    ("customer_id", ("customer", "id")),
    ("name", ("customer", "name")),
    ("segment", ("customer", "segment")),
    ("status", ("need", "status")),
    ("summary", ("summary",)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What creates a TaskRouter task. attributes: JSON; priority: higher goes first."""

    attributes: str
    priority: int


def flat_attributes(packet: Mapping[str, Any], url: str, prefix: str = PREFIX) -> Mapping[str, str]:
    """At most twelve keys and the address of the context, as text: for Amazon Connect, Genesys participant data, Webex
    global variables, RingCentral attached data. Skills are one key, "claims=2,lang:en=1"."""
    found = {key: str(_at(packet, path)) for key, path in _TOLD}
    found["skills"] = ",".join(f"{skill}={least}" for skill, least in packet["skills"]["required"].items())
    found["url"] = url
    return {f"{prefix}{key}": value for key, value in found.items() if value}


def connect_attributes(packet: Mapping[str, Any], url: str) -> Mapping[str, str]:
    """Attributes for UpdateContactAttributes. Raises ValueError when they take more than MAX_CONNECT_BYTES."""
    found = flat_attributes(packet, url)
    used = sum(len(key.encode()) + len(value.encode()) for key, value in found.items())
    if used > MAX_CONNECT_BYTES:
        raise ValueError(f"{used} bytes of attributes, {MAX_CONNECT_BYTES} are allowed")
    return found


def taskrouter_task(packet: Mapping[str, Any], url: str) -> Task:
    """A task whose workflow can say `skill_claims >= 2` or `worker.id IN preferred_agents`: every key is snake_case.
    skills keeps the names as they are here."""
    required = packet["skills"]["required"]
    preferred = packet["skills"]["preferred"]["agent"]
    attributes = {
        **{key: _at(packet, path) for key, path in _TOLD},
        "url": url,
        "skills": [{"name": skill, "least": least} for skill, least in required.items()],
        **{f"skill_{snake_case(skill)}": least for skill, least in required.items()},
        "preferred_agents": [preferred] if preferred else [],
        "overflow_from": packet["queue"]["overflow_from"],
    }
    return Task(
        attributes=json.dumps(attributes, ensure_ascii=False, separators=(",", ":")),
        priority=min(MAX_TASK_PRIORITY, max(0, packet["queue"]["priority"])),
    )


def snake_case(name: str) -> str:
    """Lower case letters, digits and underscores: "lang:ru" is lang_ru."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def _at(packet: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = packet
    for part in path:
        value = value[part]
    return value
