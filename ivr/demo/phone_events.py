"""What the scripted phone tells, and how it fails."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ivr.model.errors import IvrError


class PhoneError(IvrError):
    """The phone could not do it, or did not hear it in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneEvent:
    """What the phone told: name is the event of ivr.demo.phone, fields what came with it."""

    name: str
    at_ms: int
    fields: dict[str, Any] = field(default_factory=dict)

    def header(self, name: str) -> str:
        """A header of the INVITE (of "incoming"), "" when it has none."""
        return next((value for key, value in self.fields.get("headers", ()) if key.lower() == name.lower()), "")
