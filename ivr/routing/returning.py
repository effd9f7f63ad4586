"""What a caller from a full queue can choose, and how the call goes back to its place with priority and arrival kept.

Pure: says what to send and to tell; sends and dials nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ivr.model.media import Headers
from ivr.routing.carriers import user_to_user
from ivr.routing.overflow import Overflow
from ivr.routing.overflow_terms import OverflowTerms, ReturnBy
from ivr.routing.refer_to import refer_to


class Way(StrEnum):
    """What is offered."""

    SOLVE = "solve"  # the assistant does it now
    KEEP_PLACE = "keep_place"
    CALLBACK = "callback"


class OverflowOutcome(StrEnum):
    """How it ended, for the contact center."""

    RESOLVED = "resolved"
    RETURNED = "returned"
    CALLBACK = "callback"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """How a call goes back. refer_to: "" when hanging up is the return; headers: of the BYE or the REFER itself. age_s:
    since the original arrival, for peers told over HTTP (Amazon Connect: QueueTimeAdjustmentSeconds)."""

    by: ReturnBy
    refer_to: str
    headers: Headers
    age_s: int
    priority: int


def ways(
    terms: OverflowTerms, overflow: Overflow, expected_ms: int | None, *, can_call_back: bool, now_ms: int
) -> tuple[Way, ...]:
    """What to offer, in the order of offering. A callback when the wait is expected to be longer than the terms say;
    when nobody can tell, by how long the caller has waited already. can_call_back: is there a number, and are there
    people to keep the promise?"""
    long = overflow.waited_ms(now_ms) if expected_ms is None else expected_ms
    offered = [Way.SOLVE]
    if overflow.can_return:
        offered.append(Way.KEEP_PLACE)
    if can_call_back and long > terms.callback_after_ms:
        offered.append(Way.CALLBACK)
    return tuple(offered)


def return_call(overflow: Overflow, token: str, *, now_ms: int, in_uri: bool = True) -> Return:
    """Back to the place it had. A contact center that places a call by age and priority puts it exactly there: the age
    is counted from the original arrival. in_uri: the headers stand in the Refer-To URI as well as on the REFER.

    Raises ValueError when there is no way back, or token is no ULID.
    """
    if not overflow.can_return:
        raise ValueError(f"no way back to {overflow.queue.name}")
    age_s = overflow.waited_ms(now_ms) // 1000
    headers = (
        *token_headers(token),
        ("X-Queue", _visible(overflow.queue.name)),
        ("X-Queue-Age", str(age_s)),
        ("X-Priority", str(overflow.priority)),
    )
    by = overflow.queue.return_by
    target = refer_to(overflow.queue.return_to, headers if in_uri else ()) if by is ReturnBy.REFER else ""
    return Return(
        by=by,
        refer_to=target,
        headers=headers,
        age_s=age_s,
        priority=overflow.priority,
    )


def token_headers(token: str) -> Headers:
    """What tells a contact center the token of a call. Raises ValueError when it is no ULID."""
    return (("User-to-User", user_to_user(token)), ("X-Ctx-Id", token))


def result_event(
    token: str, outcome: OverflowOutcome, overflow: Overflow, *, intent: str, level: str, bot_s: int, now_ms: int
) -> Mapping[str, Any]:
    """The data of the event overflow.result: what a contact center needs to close or to go on with its own contact."""
    return {
        "token": token,
        "outcome": outcome.value,
        "queue": overflow.queue.name,
        "intent": intent,
        "bot_s": max(0, bot_s),
        "waited_s": overflow.waited_ms(now_ms) // 1000,
        "priority": overflow.priority,
        "level": level,
    }


def _visible(name: str) -> str:
    return "".join(c if "!" <= c <= "~" else "_" for c in name)
