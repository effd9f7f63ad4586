"""The one exception tree. Owns what can go wrong by name; refuses to know who catches it."""

from __future__ import annotations

from dataclasses import dataclass


class IvrError(Exception):
    """Anything this product raises on purpose."""


class ConfigError(IvrError):
    """The operator's configuration cannot be used. The message says what to change."""


class WireError(IvrError):
    """A message between processes was malformed or of an unknown type."""


class SpeechError(IvrError):
    """A recogniser or a voice failed. The caller is served by another one or by keypad."""


class AbandonedError(IvrError):
    """Work was given up because nobody waits for it any more."""


class MediaError(IvrError):
    """The SIP or RTP side refused an operation."""


class StorageError(IvrError):
    """The database refused to open, migrate or store."""


class ServiceError(IvrError):
    """A customer's service (CRM, tariff, gateway) could not be reached or answered nonsense."""


class ImpossibleTransitionError(IvrError):
    """A state machine was given an event its table does not allow."""

    def __init__(self, machine: str, state: str, event: str) -> None:
        super().__init__(f"{machine}: no transition from {state} on {event}")
        self.machine, self.state, self.event = machine, state, event


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Fault:
    """One mistake in a designer's file: where it is, what is wrong, how to mend it.

    line and column count from 1; 0 means "the file as a whole". severity is "error" or "warning".
    """

    file: str
    line: int
    column: int
    code: str
    what: str
    fix: str
    severity: str = "error"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.severity} {self.code}: {self.what}. {self.fix}"


class DesignError(IvrError):
    """A dialog cannot be used. Carries every fault found, not only the first."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(str(f) for f in faults))
        self.faults = faults
