"""The Rasa SDK's webhook: what an action server is asked, so that existing custom actions run unchanged.

Owns the body of the request; what the answer means is the dialog's matter. Refuses to pretend a whole Rasa
conversation: an action sees the slots it is given, what the caller said and keyed (sensitive answers masked) and which
services were called, no forms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ivr.model.call import LogEntry

# The release whose protocol this is; the SDK warns when it differs from its own.
VERSION = "3.6.21"


def webhook_body(
    action: str, slots: Mapping[str, Any], *, sender: str, at_s: float, journal: Sequence[LogEntry] = ()
) -> dict[str, Any]:
    """The JSON of one action call. slots: those the action may see. sender: the conversation. at_s: Unix time.

    journal: the call so far, of which the tracker's events are made.
    """
    past = [event for entry in journal for event in _events(entry)]
    began_s = past[0]["timestamp"] if past else at_s
    events: list[dict[str, Any]] = [{"event": "action", "name": "action_session_start", "timestamp": began_s}]
    events.append({"event": "session_started", "timestamp": began_s})
    events += past
    events += [{"event": "slot", "name": n, "value": v, "timestamp": at_s} for n, v in slots.items()]
    heard = next((event["parse_data"] for event in reversed(past) if event["event"] == "user"), _parsed("", "", 0.0))
    tracker = {
        "sender_id": sender,
        "slots": dict(slots),
        "latest_message": heard,
        "latest_event_time": at_s,
        "followup_action": None,
        "paused": False,
        "events": events,
        "latest_input_channel": "ivr",
        "active_loop": {},
        "latest_action": {"action_name": "action_listen"},
        "latest_action_name": "action_listen",
    }
    # An SDK action may look its own slots up in the domain; types are not known here, so all of them are "any".
    domain = {
        "version": "3.1",
        "config": {"store_entities_as_slots": True},
        "session_config": {"session_expiration_time": 60, "carry_over_slots_to_new_session": True},
        "intents": [],
        "entities": [],
        "slots": {name: {"type": "any", "initial_value": None, "mappings": [{"type": "custom"}]} for name in slots},
        "responses": {},
        "actions": [action],
        "forms": {},
        "e2e_actions": [],
    }
    return {
        "next_action": action,
        "sender_id": sender,
        "tracker": tracker,
        "domain": domain,
        "version": VERSION,
    }


def _events(entry: LogEntry) -> list[dict[str, Any]]:
    """What the tracker holds of one entry of the journal: what was heard or keyed, and a service that was called."""
    at_s, data = datetime.fromisoformat(entry.at).timestamp(), entry.data
    if entry.kind == "service.called":
        return [{"event": "action", "name": str(data["service"]), "timestamp": at_s}]
    if entry.kind == "turn.heard":
        parsed = _parsed(str(data["text"]), str(data["intent"]), float(data["intent_confidence"]))
    elif entry.kind == "turn.keys":
        parsed = _parsed(str(data["digits"]), "", 0.0)
    else:
        return []
    listened = {"event": "action", "name": "action_listen", "timestamp": at_s}
    said = {"event": "user", "text": parsed["text"], "parse_data": parsed, "input_channel": "ivr", "timestamp": at_s}
    return [listened, {**said, "message_id": f"{entry.call_id}-{entry.seq}", "metadata": {}}]


def _parsed(text: str, intent: str, confidence: float) -> dict[str, Any]:
    """Rasa's parse JSON; an intent that was not understood is None, as after a restart."""
    found = {"name": intent or None, "confidence": confidence}
    return {"text": text, "intent": found, "entities": [], "intent_ranking": [found] if intent else []}
