"""The queue of the demo's contact center: who waits, who is away at the bot, whose turn it is. Pure.

A place is made of priority and arrival, and of nothing else: whoever comes back stands where they stood. Times:
monotonic milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class ContactState(StrEnum):
    """WAITING: in the line; AWAY: with the bot, the place kept; TALKING: with a person here; ENDED."""

    WAITING = "waiting"
    AWAY = "away"
    TALKING = "talking"
    ENDED = "ended"


@dataclass(slots=True, kw_only=True)
class Contact:
    """Somebody in the queue. overflowed: was with the bot already, and is not sent there again. returned_age_s: the age
    the bot gave back, None before; outcome: how it ended here, "" while it goes on."""

    contact_id: str
    arrived_ms: int
    priority: int = 0
    state: ContactState = ContactState.WAITING
    overflowed: bool = False
    token: str = ""
    outcome: str = ""
    returned_age_s: int | None = None
    true_age_s: int | None = None
    free_at_ms: int = 0


class AcdQueue:
    """One queue. agents: how many people work; each handles a call for handling_ms."""

    def __init__(self, name: str, *, agents: int, handling_ms: int, max_wait_ms: int) -> None:
        self.name, self.agents = name, agents
        self.handling_ms, self.max_wait_ms = handling_ms, max_wait_ms
        self.contacts: dict[str, Contact] = {}
        self.taken: list[str] = []

    def join(self, contact: Contact) -> None:
        """Somebody calls."""
        self.contacts[contact.contact_id] = contact

    def line(self) -> list[Contact]:
        """Everybody who has a place, by their turns; those away at the bot keep theirs."""
        placed = [c for c in self.contacts.values() if c.state in {ContactState.WAITING, ContactState.AWAY}]
        return sorted(placed, key=lambda c: (-c.priority, c.arrived_ms, c.contact_id))

    def position(self, contact_id: str) -> int:
        """1 for who is next; 0 for who has no place."""
        return next((at for at, c in enumerate(self.line(), 1) if c.contact_id == contact_id), 0)

    def expected_s(self) -> int:
        """What the next to come would wait: those before them times the handling time over the people at work."""
        return round(len(self.line()) * self.handling_ms / 1000 / max(1, self.agents))

    def overflowing(self, now_ms: int) -> Iterator[Contact]:
        """Who has waited too long and has not been with the bot yet."""
        for contact in self.line():
            waited_ms = now_ms - contact.arrived_ms
            if contact.state is ContactState.WAITING and not contact.overflowed and waited_ms >= self.max_wait_ms:
                yield contact

    def serve(self, now_ms: int) -> tuple[list[Contact], list[Contact]]:
        """(those a person takes now, those a person is done with). Whoever is away is passed over, not forgotten."""
        talking = [c for c in self.contacts.values() if c.state is ContactState.TALKING]
        done = [c for c in talking if c.free_at_ms <= now_ms]
        for contact in done:
            contact.state, contact.outcome = ContactState.ENDED, "served"
        free = max(0, self.agents - len(talking) + len(done))
        begun = [c for c in self.line() if c.state is ContactState.WAITING][:free]
        for contact in begun:
            contact.state, contact.free_at_ms = ContactState.TALKING, now_ms + self.handling_ms
            self.taken.append(contact.contact_id)
        return begun, done
