"""Who may use the pages and the API: accounts, their sessions, tokens of machines, and what is noted of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person does here. What each may see: ivr/web/rights.py."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    DESIGNER = "designer"
    MANAGER = "manager"
    ADMIN = "admin"


class Right(StrEnum):
    """What may be seen or done; also the scopes of a token."""

    DESK = "desk"  # agents' pages, their states, what they note of a call
    CALLBACKS = "callbacks"
    CALLS = "calls"  # who called when, and what came of it
    LIVE = "live"  # what happens in calls at this moment
    TRANSCRIPTS = "transcripts"
    RECORDINGS = "recordings"
    CONTEXTS = "contexts"  # the packets handoffs carry the token of
    OFFERS = "offers"  # ask for offers, tell what came of them
    EFFECTS = "effects"
    METRICS = "metrics"
    ADMIN = "admin"  # everything


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person. name: what one signs in with, in small letters. agent_id: whose desk it is, "" for none. hashed:
    Argon2id. language: of the pages, "" as the browser asks."""

    name: str
    role: Role
    hashed: str
    created_at: str
    agent_id: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSession:
    """A browser that signed in. session_id: a hash of its cookie. account: "" for whoever showed the access token.
    *_ms: Unix milliseconds; seen_ms is right to the minute."""

    session_id: str
    account: str
    began_ms: int
    seen_ms: int
    expires_ms: int
    remote: str = ""
    browser: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """A machine's key. hashed: SHA-256 of it, long and random. expires_ms: 0 for never; used_ms: to the minute."""

    token_id: str
    name: str
    rights: tuple[Right, ...]
    hashed: str
    created_at: str
    expires_ms: int = 0
    used_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Somebody looked at what a caller said. what: "transcript" | "recording" | "context" | "screen"; subject: the call
    or token."""

    at: str
    who: str
    what: str
    subject: str
    remote: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUp:
    """What an agent noted of a call. code: one of the desk's dispositions, "" while none is given. solved: None while
    nobody said. asked_again: the caller had to repeat what the assistant knew."""

    call_id: str
    agent_id: str
    code: str = ""
    note: str = ""
    solved: bool | None = None
    asked_again: bool = False
    by: str = ""
    at: str = ""
