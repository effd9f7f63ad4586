"""Every order in which the phone of an agent, or of a contact center's queue, the caller, the worker and the timers can
act upon a transfer, messages crossing and doubled on the way: walked through exhaustively, two candidates deep."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import pytest

from ivr.call.transfer_news import in_its_turn
from ivr.call.transfer_states import LEG_ENDS, TransferEvent, TransferState, transition
from ivr.model.routing import TransferResult

pytestmark = pytest.mark.slow
S, E = TransferState, TransferEvent
CANDIDATES = 2
IN_FLIGHT = 4  # messages on the way at once


@dataclass(frozen=True, slots=True)
class Room:
    """All there is: what control believes, what the phone really does, and what is on the way between them.

    phone: "none", "ringing", "up" or "down". messages: (attempt, event), the oldest first. fate: where the caller is.
    """

    person: bool = True
    state: TransferState = S.INFORMING
    attempt: int = 1
    phone: str = "none"
    asked: bool = False  # the agent was asked for a key
    refer: str = "none"  # to the caller's phone: "none", "sent" or "decided"
    messages: tuple[tuple[int, TransferEvent], ...] = ()
    fate: str = "ours"


def sent(room: Room, event: TransferEvent) -> Iterator[Room]:
    """The phone's worker tells something: once, or twice as after a retransmission."""
    for times in (1, 2):
        if len(room.messages) + times <= IN_FLIGHT:
            yield replace(room, messages=(*room.messages, *[(room.attempt, event)] * times))


def phone_moves(room: Room) -> Iterator[Room]:
    """What the agent may do with a phone in that state. A busy or declining phone goes straight down."""
    if room.phone == "ringing":
        yield from sent(room, E.RINGING)
        yield from sent(replace(room, phone="up"), E.ANSWERED)
    if room.phone == "up" and room.asked and room.person:
        yield from sent(room, E.ACCEPTED)
        yield from sent(room, E.RETURNED)
        yield from sent(room, E.WHISPERED)
    if room.phone in {"ringing", "up"}:
        yield from sent(replace(room, phone="down"), E.AGENT_GONE)
    if room.refer == "sent":
        yield from sent(replace(room, refer="decided"), E.MOVED)
        yield from sent(replace(room, refer="decided"), E.UNMOVED)
        if room.state is S.MOVING:  # the agent's phone refused the caller's
            yield from sent(replace(room, refer="decided"), E.AGENT_GONE)


def happened(room: Room, event: TransferEvent) -> Room:
    """Control takes the event: the table decides, and what the table says about the leg is done."""
    before, after = room.state, transition(room.state, event)
    room = replace(room, state=after)
    if after is before:
        return room
    if after in LEG_ENDS and room.phone in {"ringing", "up"}:
        # Hung up by us; what it said meanwhile is still on the way, and that it is down comes after it.
        room = replace(room, phone="down", messages=(*room.messages, (room.attempt, E.AGENT_GONE)))
    if event is E.UNMOVED:
        return replace(room, phone="ringing")  # as control does without REFER, at once
    if after is S.MOVING:
        return replace(room, refer="sent")
    if after is S.WHISPERING:
        return replace(room, asked=True)
    if after in {S.BRIDGED, S.MOVED}:
        return replace(room, fate=after.value)
    if after is S.FAILED:
        if room.attempt < CANDIDATES:
            return replace(room, state=S.INFORMING, attempt=room.attempt + 1, phone="none", asked=False, refer="none")
        return replace(room, fate="dialog")  # where the flow keeps the place in a queue or promises a callback
    if after is S.OVER:
        fates = {E.CALLER_GONE: "hung up", E.WORKER_LOST: "callback", E.AGENT_GONE: "dialog"}
        return replace(room, fate=fates[event])
    return room


def delivered(room: Room) -> Room:
    """Control reads the oldest message. One of an attempt that is over finds its end, and changes nothing."""
    (attempt, event), rest = room.messages[0], room.messages[1:]
    room = replace(room, messages=rest)
    if attempt < room.attempt:
        assert transition(S.FAILED, event) is S.FAILED
        return room
    event, _ = in_its_turn((event, TransferResult.FAILED), room.state, person=room.person, alive=True)
    return happened(room, event)


def own_moves(room: Room) -> Iterator[Room]:
    """What control can bring about alone, whatever the world does: reading its messages, and its timers."""
    if room.messages:
        yield delivered(room)
    if room.state is S.INFORMING:
        yield replace(happened(room, E.INFORMED), phone="ringing")
        yield happened(happened(room, E.INFORMED), E.REFERRED)
    if room.state is S.BRIDGED and room.refer == "none":
        yield replace(room, refer="sent")  # attended: the bridge stands meanwhile
    if room.state is S.MOVING:
        yield happened(room, E.UNMOVED)  # nothing was heard of the REFER
    if room.state is S.WHISPERING and not room.person:
        yield happened(room, E.JOINED)
    if room.state is S.JOINED:
        yield happened(room, E.ACCEPTED)  # it has kept the caller long enough
    if room.state in {S.INFORMING, S.MOVING, S.DIALING, S.RINGING, S.WHISPERING, S.DECIDING}:
        yield happened(room, E.TIMED_OUT)


def moves(room: Room) -> Iterator[Room]:
    yield from own_moves(room)
    yield from phone_moves(room)
    yield happened(room, E.CALLER_GONE)
    yield happened(room, E.WORKER_LOST)
    if room.state is S.INFORMING:
        yield happened(room, E.AGENT_GONE)


@cache
def reached() -> frozenset[Room]:
    """Every room any order of events leads to. An impossible transition would raise on the way."""
    begin = (Room(), Room(person=False))
    seen, waiting = set(begin), deque(begin)
    while waiting:
        for following in moves(waiting.popleft()):
            if following not in seen:
                seen.add(following)
                waiting.append(following)
    return frozenset(seen)


ENDS = {"dialog", "hung up", "callback", "moved"}


def test_no_order_of_events_is_impossible_to_the_table() -> None:
    rooms = reached()
    assert len(rooms) > 1000
    assert {room.state for room in rooms} == set(S)
    assert {room.fate for room in rooms} == {"ours", "bridged", *ENDS}


def test_the_caller_ends_bridged_in_the_dialog_with_a_callback_or_gone_by_their_own_wish() -> None:
    for room in reached():
        settled = room.state in {S.FAILED, S.OVER, S.BRIDGED, S.MOVED}
        assert (room.fate != "ours") is settled, room
        if room.state is S.BRIDGED:
            assert room.fate == "bridged"


def test_no_phone_rings_and_nobody_listens_to_a_dead_line_once_an_attempt_is_over() -> None:
    for room in reached():
        if room.state in LEG_ENDS:
            assert room.phone in {"none", "down"}, room


def test_a_bridge_needs_an_agent_who_answered_and_was_asked() -> None:
    for room in reached():
        if room.state is S.BRIDGED:
            assert room.asked and room.phone in {"up", "down"}
            if room.phone == "down":  # the agent is gone already; the message says so soon
                assert (room.attempt, E.AGENT_GONE) in room.messages, room


def test_every_handoff_ends_by_itself_when_nobody_does_anything_more() -> None:
    """From anywhere control's own timers and unread messages lead to a bridge that holds or to an end."""

    @cache
    def ends(room: Room) -> bool:
        following = list(own_moves(room))
        if not following:
            return room.fate in ENDS or (room.state is S.BRIDGED and room.phone == "up")
        return all(ends(one) for one in following)

    assert all(ends(room) for room in reached())
