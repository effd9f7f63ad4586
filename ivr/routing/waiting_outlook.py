"""What a waiting call may expect: how many come before it, and how long that takes.

Only calls that compete for the same people come before it, whatever their queue; only people at work who could take it
count. Requirements loosen as a call waits, so each step of the plan is asked, and the soonest is believed. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ivr.routing.agents import AgentDirectory
from ivr.routing.matching import at_work, fits
from ivr.routing.relaxation import standing
from ivr.routing.waiting import WaitingCall
from ivr.routing.waiting_pace import QueuePaces


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """ahead: calls that are served before this one; None where nobody at work could take it. expected_ms: None when it
    cannot be told honestly."""

    ahead: int | None = None
    expected_ms: int | None = None


def outlook(
    directory: AgentDirectory,
    paces: QueuePaces,
    waiting: Iterable[WaitingCall],
    call: WaitingCall,
    *,
    now_ms: int,
    until_ms: int,
) -> Outlook:
    """The outlook of a call that waits, or would begin to wait now. waiting: everybody in the line; until_ms: when its
    waiting ends, for the steps that still come."""
    plan, queue = directory.plan, call.request.queue
    people = at_work(directory, now_ms)
    before = [other.request.queue for other in waiting if other.urgency < call.urgency]
    ahead: int | None = None
    soonest_ms: int | None = None
    in_ms = 0
    while True:
        stands = standing(plan, call.request, call.language, call.waited_ms(now_ms + in_ms), call.exclude)
        able = [agent for agent in people if fits(agent, queue, stands, call.exclude)]
        if able:
            shared = {name for agent in able for name in agent.queues}
            ahead = sum(name in shared for name in before)
            expected_ms = paces.expected_ms(queue, ahead + 1, len(able), now_ms)
            if expected_ms is not None:
                expected_ms = max(expected_ms, in_ms)
                soonest_ms = expected_ms if soonest_ms is None else min(soonest_ms, expected_ms)
        in_ms += stands.next_in_ms
        if not stands.next_in_ms or now_ms + in_ms > until_ms:
            return Outlook(ahead=ahead, expected_ms=soonest_ms)
