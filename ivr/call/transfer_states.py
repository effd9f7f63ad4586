"""The warm transfer as a table: consult, whisper, accept, bridge. Pure; the handoff runs it.

An attempt is one agent, or one queue of a contact center. Whatever happens to it, the caller is bridged, still ours, or
proven to be with the agent without us (REFER); only a media worker that dies takes the caller along, who is then owed a
call back.
"""

from __future__ import annotations

from enum import StrEnum

from ivr.model.errors import ImpossibleTransitionError
from ivr.model.routing import TransferResult

_RESULTS = {486: TransferResult.BUSY, 600: TransferResult.BUSY, 603: TransferResult.REFUSED}
_NO_ANSWER_CODES = frozenset({408, 480, 487})


class TransferState(StrEnum):
    """Where an attempt stands."""

    INFORMING = "informing"  # context stored, page told
    MOVING = "moving"  # the caller was asked to call the agent (blind REFER), and is ours as well
    DIALING = "dialing"
    RINGING = "ringing"
    WHISPERING = "whispering"  # the agent hears who and why
    DECIDING = "deciding"  # the whisper is over, the agent has not answered it
    JOINED = "joined"  # the caller hears a contact center's queue, which may yet turn them away
    BRIDGED = "bridged"
    MOVED = "moved"  # they talk without us, and that is proven
    FAILED = "failed"  # this agent will not take it; the caller is ours
    OVER = "over"  # one side of a bridge, or the caller, is gone


class TransferEvent(StrEnum):
    """What can happen to an attempt."""

    INFORMED = "informed"
    REFERRED = "referred"
    UNMOVED = "unmoved"  # REFER was refused, or nothing was heard of it: there is another way
    MOVED = "moved"
    RINGING = "ringing"
    ANSWERED = "answered"
    WHISPERED = "whispered"
    JOINED = "joined"  # a queue takes calls as they come
    ACCEPTED = "accepted"
    TURNED_AWAY = "turned_away"  # a queue answered, and hung up before anybody can have helped
    RETURNED = "returned"  # the agent gives it back
    TIMED_OUT = "timed_out"
    AGENT_GONE = "agent_gone"  # busy, declined, no answer or hung up
    CALLER_GONE = "caller_gone"
    WORKER_LOST = "worker_lost"  # the process that held both legs died


_S, _E = TransferState, TransferEvent
_CALLED = (_S.DIALING, _S.RINGING, _S.WHISPERING, _S.DECIDING, _S.JOINED)

TRANSITIONS: dict[tuple[TransferState, TransferEvent], TransferState] = {
    (_S.INFORMING, _E.INFORMED): _S.DIALING,
    (_S.INFORMING, _E.TIMED_OUT): _S.FAILED,  # neither the store nor the page may keep a caller waiting
    (_S.INFORMING, _E.AGENT_GONE): _S.FAILED,  # the agent left before the phone was dialled
    (_S.DIALING, _E.REFERRED): _S.MOVING,
    (_S.MOVING, _E.UNMOVED): _S.DIALING,
    (_S.MOVING, _E.MOVED): _S.MOVED,
    (_S.MOVING, _E.AGENT_GONE): _S.FAILED,
    (_S.MOVING, _E.TIMED_OUT): _S.FAILED,
    (_S.DIALING, _E.RINGING): _S.RINGING,
    (_S.DIALING, _E.ANSWERED): _S.WHISPERING,
    (_S.DIALING, _E.AGENT_GONE): _S.FAILED,
    (_S.DIALING, _E.TIMED_OUT): _S.FAILED,
    (_S.RINGING, _E.RINGING): _S.RINGING,
    (_S.RINGING, _E.ANSWERED): _S.WHISPERING,
    (_S.RINGING, _E.AGENT_GONE): _S.FAILED,
    (_S.RINGING, _E.TIMED_OUT): _S.FAILED,
    (_S.WHISPERING, _E.WHISPERED): _S.DECIDING,
    (_S.WHISPERING, _E.ACCEPTED): _S.BRIDGED,
    (_S.WHISPERING, _E.RETURNED): _S.FAILED,
    (_S.WHISPERING, _E.TIMED_OUT): _S.FAILED,
    (_S.WHISPERING, _E.AGENT_GONE): _S.FAILED,
    (_S.DECIDING, _E.ACCEPTED): _S.BRIDGED,
    (_S.DECIDING, _E.RETURNED): _S.FAILED,
    (_S.DECIDING, _E.TIMED_OUT): _S.FAILED,
    (_S.DECIDING, _E.AGENT_GONE): _S.FAILED,
    (_S.WHISPERING, _E.JOINED): _S.JOINED,
    (_S.WHISPERING, _E.TURNED_AWAY): _S.FAILED,
    (_S.JOINED, _E.ACCEPTED): _S.BRIDGED,
    (_S.JOINED, _E.TURNED_AWAY): _S.FAILED,
    (_S.BRIDGED, _E.AGENT_GONE): _S.OVER,
    (_S.BRIDGED, _E.MOVED): _S.MOVED,
    # A REFER given up too soon may still succeed: then they talk, and nobody else shall ring.
    **{(state, _E.MOVED): _S.MOVED for state in _CALLED},
    **{(state, event): _S.OVER for state in _S if state is not _S.MOVED for event in (_E.CALLER_GONE, _E.WORKER_LOST)},
}

# Entering one of these ends a consult leg that is still there: no phone is left ringing.
LEG_ENDS: frozenset[TransferState] = frozenset({_S.FAILED, _S.MOVED, _S.OVER})

# An attempt in one of these is decided.
SETTLED: frozenset[TransferState] = frozenset({_S.BRIDGED, *LEG_ENDS})

# Messages of a leg that cross each other on the way; they change nothing.
LATE: frozenset[tuple[TransferState, TransferEvent]] = frozenset(
    [
        *((state, event) for state in (_S.FAILED, _S.OVER, _S.MOVED, _S.BRIDGED) for event in _E),
        *((_S.DECIDING, event) for event in (_E.WHISPERED, _E.RINGING, _E.ANSWERED)),
        *((_S.WHISPERING, event) for event in (_E.RINGING, _E.ANSWERED)),
        *((_S.JOINED, event) for event in (_E.RINGING, _E.ANSWERED)),
        *((state, _E.UNMOVED) for state in _CALLED),
    ]
) - frozenset(TRANSITIONS)


def transition(state: TransferState, event: TransferEvent) -> TransferState:
    """The next state. Raises ImpossibleTransitionError when the event cannot happen there."""
    following = TRANSITIONS.get((state, event))
    if following is not None:
        return following
    if (state, event) in LATE:
        return state
    raise ImpossibleTransitionError("transfer", state, event)


def result_of(code: int) -> TransferResult:
    """What the SIP code a leg ended with says about whoever was called."""
    if 300 <= code < 400:  # the phone is forwarded; behind it may be a voicemail, where a caller is lost
        return TransferResult.REFUSED
    fallback = TransferResult.NO_ANSWER if code in _NO_ANSWER_CODES else TransferResult.FAILED
    return _RESULTS.get(code, fallback)
