"""Prints a call's events as a conversation, one line a turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def printer(number: int) -> Callable[[Mapping[str, Any]], None]:
    """Prints the log entries of one call that are part of the story, each marked with the call's number."""

    def print_event(event: Mapping[str, Any]) -> None:
        line = _line(event["kind"], event["data"])
        if line:
            print(f" {number} │ {event['at'][11:23]}  {line}", flush=True)

    return print_event


def _line(kind: str, data: Mapping[str, Any]) -> str:
    match kind:
        case "turn.said":
            return f"bot     {data['text']}"
        case "turn.heard":
            intent = f", {data['intent']} {data['intent_confidence']:.2f}" if data["intent"] else ""
            return f"caller  “{data['text']}”  (confidence {data['confidence']:.2f}{intent})"
        case "turn.keys":
            return f"caller  keys {data['digits']}"
        case "turn.answered":
            return f"        bot answered {data['latency_ms']} ms after the caller's last sound"
        case "call.answered":
            return f"call    answered after {data['answer_ms']} ms"
        case "call.greeted":
            return f"call    first greeting audio {data['greeting_ms']} ms after 200 OK"
        case "call.ended":
            return f"call    ended by {data['by']}: {data['outcome']} {data['disposition']}".rstrip()
        case _:
            return _behind_the_scenes(kind, data)


def _behind_the_scenes(kind: str, data: Mapping[str, Any]) -> str:
    match kind:
        case "identity.level":
            return f"·       identity {data['level']} by {', '.join(data['evidence'])}"
        case "service.ended":
            return f"·       service {data['service']}: {data['outcome']}"
        case "offer.decided":
            closed = f", closed by {', '.join(data['closed_by'])}" if data["closed_by"] else ""
            return f"·       offer: arm {data['arm']}, {data['product'] or 'nothing'} {data['relation']}{closed}"
        case "offer.answered":
            return f"·       offer {data['product']}: {data['answer']}" + (" (proof stored)" if data["proof"] else "")
        case "handoff.chosen":
            return f"·       handoff to {data['agent']} from queue {data['queue']}"
        case "handoff.popped":
            return f"·       context stored; agent page shows it: {data['shown']}"
        case "handoff.ringing":
            return f"·       {data['agent']}'s phone rings"
        case "handoff.whispered":
            return f"·       whispered to the agent alone: {data['text']}"
        case "handoff.bridged":
            return f"·       caller and {data['agent']} are talking ({data['method']})"
        case _ if kind.startswith(("overflow.", "callback.", "handoff.attempt")):
            return _of_queues(kind, data)
        case "turn.barged_in" | "turn.rejected" | "turn.silence" | "hearing.lost" | "hearing.restored" | "trouble":
            return f"·       {kind} {dict(data) if data else ''}".rstrip()
        case _:
            return ""


def _of_queues(kind: str, data: Mapping[str, Any]) -> str:
    match kind:
        case "handoff.attempt_failed":
            return f"·       {data['agent']} did not take the call"
        case "overflow.arrived":
            return (
                f"·       from the full queue {data['queue']}: {data['waited_s']} s there, priority {data['priority']}"
            )
        case "overflow.returning":
            return f"·       back to the queue {data['queue']} by {data['by'].upper()}: {data['reason']}"
        case "overflow.result":
            return f"·       the contact center is told: {data['outcome']}, {data['bot_s']} s with the bot"
        case "callback.promised":
            return f"·       a call back is promised until {data['deadline']}"
        case _:
            return f"·       {kind} {dict(data)}"
