"""What messages about one attempt mean: who rings, answers, takes the call, gives it back or is gone. The table of
transfer_states says what follows. Knows the whisper, which hears words and keys; changes no state."""

from __future__ import annotations

from ivr.call.transfer_states import TransferEvent, TransferState, result_of
from ivr.call.whisper import Whisper
from ivr.model.media import LegAnswered, LegEnded, LegRinging, PlaybackEnded
from ivr.model.routing import AgentAct, TransferResult, WhisperAnswer

News = tuple[TransferEvent, TransferResult]

_S, _E = TransferState, TransferEvent
_ANSWERED = frozenset({_S.WHISPERING, _S.JOINED})


def news_of(message: object, state: TransferState, whisper: Whisper) -> News | None:
    """None for a message that says nothing new of the attempt."""
    match message:
        case LegRinging():
            return _E.RINGING, TransferResult.FAILED
        case LegAnswered():
            return _E.ANSWERED, TransferResult.FAILED
        case PlaybackEnded(at_ms=at_ms):
            whisper.heard_out(at_ms)
            return _E.WHISPERED, TransferResult.FAILED
        case LegEnded(code=code):
            return _E.AGENT_GONE, result_of(code)
        case AgentAct(answer=WhisperAnswer.RETURN):
            return _E.AGENT_GONE, TransferResult.REFUSED
    if state not in {_S.WHISPERING, _S.DECIDING}:
        return None
    match whisper.answer(message):
        case WhisperAnswer.TAKE:
            return _E.ACCEPTED, TransferResult.ANSWERED
        case WhisperAnswer.RETURN:
            return _E.RETURNED, TransferResult.REFUSED
    return None


def silence(state: TransferState) -> News:
    """Nothing came for as long as it may take. For a queue that answered, that is the proof that it keeps callers."""
    if state is _S.JOINED:
        return _E.ACCEPTED, TransferResult.ANSWERED
    return _E.TIMED_OUT, TransferResult.NO_ANSWER


def in_its_turn(news: News, state: TransferState, *, person: bool, alive: bool) -> News:
    """The news as they are when their turn comes. alive: is the consult leg still there?"""
    event, result = news
    if event is _E.ACCEPTED and not alive:  # took the call and hung up in one breath
        event, result = _E.AGENT_GONE, TransferResult.FAILED
    if event is _E.AGENT_GONE and not person and state in _ANSWERED:
        event, result = _E.TURNED_AWAY, TransferResult.REFUSED
    return event, result
