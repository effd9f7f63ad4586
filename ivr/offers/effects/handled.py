"""A call as the effect report sees it. Owns what counts as settled, as reaching a human, and as calling again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

REPEAT_MS = 7 * 24 * 3600 * 1000
SETTLED = frozenset({"resolved", "informed"})
WITH_HUMAN = frozenset({"transferred", "returned", "callback"})
BOT, QUEUE = "bot", "queue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """One answered call. at_ms: Unix, when it began; bot_s: with the bot; agent_s: with a person, None when the person
    took it away and nobody saw how long; requests: (intent, result); outcome as ivr.model.call.Outcome; answer_ms: how
    long it rang. greeted: was the caller known by the time the greeting was said? open: were people at their desks?

    arm: "bot" or "queue" (held out: straight to the queue) as drawn for unit with the probability held of "queue"; ""
    when nothing was drawn. moved_on, asked_again: noted by the agent, None when nothing was noted."""

    call_id: str
    household: str
    at_ms: int
    bot_s: float
    requests: tuple[tuple[str, str], ...]
    outcome: str
    agent: str
    level: str
    answer_ms: int
    agent_s: float | None = 0.0
    greeted: bool = False
    open: bool = True
    arm: str = ""
    unit: str = ""
    held: float = 0.0
    moved_on: bool | None = None
    asked_again: bool | None = None

    @property
    def settled(self) -> bool:
        """The bot served the request, and no human took part."""
        return self.outcome in SETTLED and not self.agent

    @property
    def reached_human(self) -> bool:
        """An agent took it, or will: back in the queue it came from, or called back."""
        return bool(self.agent) or self.outcome in WITH_HUMAN

    @property
    def known(self) -> bool:
        """Was it known who calls, in the end?"""
        return self.level not in ("", "L0")


def repeated(calls: Iterable[Handled]) -> frozenset[str]:
    """Calls after which the same household asked for the same again within 7 days."""
    asked: dict[tuple[str, str], list[Handled]] = {}
    for call in sorted(calls, key=lambda c: (c.at_ms, c.call_id)):
        for intent in {intent for intent, _ in call.requests} if call.household else ():
            asked.setdefault((call.household, intent), []).append(call)
    found = set()
    for same in asked.values():
        for earlier, later in pairwise(same):
            if later.at_ms - earlier.at_ms < REPEAT_MS:
                found.add(earlier.call_id)
    return frozenset(found)
