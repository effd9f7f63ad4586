"""The Rasa SDK's webhook: what an action server is asked, so that existing custom actions run unchanged.

Owns the body of the request; what the answer means is the dialog's matter. Refuses to pretend a whole Rasa
conversation: an action sees the slots it is given, no words of the caller and no forms.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# The release whose protocol this is; the SDK warns when it differs from its own.
VERSION = "3.6.21"


def webhook_body(action: str, slots: Mapping[str, Any], *, sender: str, at_s: float) -> dict[str, Any]:
    """The JSON of one action call. slots: those the action may see. sender: the conversation. at_s: Unix time."""
    events: list[dict[str, Any]] = [{"event": "action", "name": "action_session_start", "timestamp": at_s}]
    events.append({"event": "session_started", "timestamp": at_s})
    events += [{"event": "slot", "name": n, "value": v, "timestamp": at_s} for n, v in slots.items()]
    tracker = {
        "sender_id": sender,
        "slots": dict(slots),
        "latest_message": {
            "text": "",
            "intent": {"name": None, "confidence": 0.0},
            "entities": [],
            "intent_ranking": [],
        },
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
