"""Who calls, how surely. Levels are inspired by NIST SP 800-63B-4; no AAL is claimed for a telephone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any


class Level(IntEnum):
    """The identification ladder; a request names the level it needs."""

    L0 = 0  # nothing, or number withheld
    L1 = 1  # recognised: one account has this number
    L2 = 2  # matched: L1 and two facts
    L3 = 3  # possession: a code sent to the registered number
    L4 = 4  # two factors: L3 and a PIN
    HUMAN = 9  # only a person may do this


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """What the number says about the caller.

    ani: E.164, "" when withheld or unusable. claimed: True when the number came from an untrusted peer's From.
    """

    ani: str
    dnis: str
    claimed: bool = True
    diverted_from: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A profile from the customer's CRM.

    household: the unit of experiments. lines: insured lines owned ("dacha", "car"). owns: product ids.
    flags: "vulnerable", "no_offers", ... profile: everything else the CRM sent, for conditions in dialogs.
    """

    customer_id: str
    household: str
    name: str = ""
    language: str = ""
    lines: tuple[str, ...] = ()
    owns: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    profile: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The caller's identity at a moment of the call, with the evidence that carried it there."""

    level: Level = Level.L0
    customer: Customer | None = None
    evidence: tuple[str, ...] = ()
