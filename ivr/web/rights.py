"""Which role has which rights, and which route asks for which right: the one place both stand in.

A route that is not in the table is for admins alone. Refuses to know who somebody is: see guard.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ivr.model.accounts import Right, Role

_R = Right

ROLES: Mapping[Role, frozenset[Right]] = {
    Role.AGENT: frozenset({_R.DESK, _R.CALLBACKS, _R.CALLS, _R.TRANSCRIPTS}),
    Role.SUPERVISOR: frozenset({_R.DESK, _R.CALLBACKS, _R.CALLS, _R.LIVE, _R.TRANSCRIPTS, _R.RECORDINGS, _R.CONTEXTS}),
    Role.DESIGNER: frozenset({_R.CALLS, _R.LIVE, _R.TRANSCRIPTS}),
    Role.MANAGER: frozenset({_R.EFFECTS}),
    Role.ADMIN: frozenset(Right),
}

# What everybody may ask for, and what everybody who is known may.
OPEN, KNOWN = "open", "known"

ROUTES: Mapping[tuple[str, str], Right | str] = {
    ("GET", "/"): KNOWN,
    ("GET", "/healthz"): OPEN,
    ("GET", "/login"): OPEN,
    ("POST", "/login"): OPEN,
    ("GET", "/static"): OPEN,
    ("POST", "/language"): OPEN,
    ("POST", "/logout"): KNOWN,
    ("GET", "/agent"): KNOWN,
    ("GET", "/agent/{agent_id}"): _R.DESK,
    ("GET", "/agent/{agent_id}/events"): _R.DESK,
    ("POST", "/agent/{agent_id}/shown/{pop_id}"): _R.DESK,
    ("POST", "/agent/{agent_id}/beat"): _R.DESK,
    ("GET", "/api/agents"): _R.DESK,
    ("POST", "/api/agents/{agent_id}/state"): _R.DESK,
    ("POST", "/api/calls/{call_id}/wrap-up"): _R.DESK,
    ("POST", "/api/calls/{call_id}/act"): _R.DESK,
    ("POST", "/api/calls/{call_id}/offer"): _R.DESK,
    ("POST", "/api/calls/{call_id}/offer/answer"): _R.DESK,
    ("POST", "/api/calls/{call_id}/care"): _R.DESK,
    ("GET", "/agent/{agent_id}/plain"): _R.DESK,
    ("GET", "/api/callbacks"): _R.CALLBACKS,
    ("POST", "/api/callbacks/{callback_id}/claim"): _R.CALLBACKS,
    ("POST", "/api/callbacks/{callback_id}/release"): _R.CALLBACKS,
    ("POST", "/api/callbacks/{callback_id}/done"): _R.CALLBACKS,
    ("GET", "/calls"): _R.CALLS,
    ("GET", "/calls/events"): _R.LIVE,
    ("GET", "/calls/{call_id}"): _R.TRANSCRIPTS,
    ("GET", "/api/calls"): _R.CALLS,
    ("GET", "/api/calls/{call_id}"): _R.TRANSCRIPTS,
    ("GET", "/api/calls/{call_id}/recording"): _R.RECORDINGS,
    ("POST", "/api/calls/{call_id}/recording"): _R.RECORDINGS,
    ("GET", "/api/contexts/{token}"): _R.CONTEXTS,
    ("GET", "/api/overflow"): _R.CONTEXTS,
    ("GET", "/api/overflow/{token}"): _R.CONTEXTS,
    ("POST", "/api/overflow/waits"): _R.CONTEXTS,
    ("POST", "/api/offers/decide"): _R.OFFERS,
    ("POST", "/api/offers/outcome"): _R.OFFERS,
    ("GET", "/api/offers/accepted"): _R.OFFERS,
    ("POST", "/api/offers/orders/{order_id}"): _R.OFFERS,
    ("GET", "/api/openapi.json"): KNOWN,
    ("GET", "/metrics"): _R.METRICS,
    ("GET", "/effects"): _R.EFFECTS,
    ("GET", "/direct"): _R.EFFECTS,
    ("POST", "/effects/reopen"): _R.EFFECTS,
    ("GET", "/api/effects"): _R.EFFECTS,
    ("GET", "/api/effects.csv"): _R.EFFECTS,
}

# Whoever has only an agent's rights sees what is the agent's own of these.
OWN_BY_AGENT, OWN_BY_CALL = "{agent_id}", "{call_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who asks. name: for the record: an account, "token:NAME", "access token" or "this machine". session_id: of a
    browser that signed in, "" for others. csrf: what its forms must carry."""

    name: str
    rights: frozenset[Right]
    role: Role | None = None
    agent_id: str = ""
    language: str = ""
    session_id: str = ""
    csrf: str = ""

    @property
    def only_own(self) -> bool:
        """Sees no desk and no call but its own."""
        return self.role is Role.AGENT

    def is_at(self, agent_id: str) -> bool:
        """Is this the visitor's own desk? People without an account, and machines, may sit anywhere."""
        return self.role is None or self.agent_id == agent_id

    def may(self, right: Right) -> bool:
        """Has this right?"""
        return right in self.rights or Right.ADMIN in self.rights


def wanted(method: str, route: str) -> Right | str:
    """What a route asks for. route: as it was registered, "/calls/{call_id}"."""
    return ROUTES.get(("GET" if method == "HEAD" else method, route), Right.ADMIN)
