"""Messages of a consent to advertising that is asked for in a call: nothing is offered before it is on record.

See ivr/model/dialog.py for what events and commands are.
"""

from __future__ import annotations

from dataclasses import dataclass

from ivr.model.offers import OfferDecision


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepConsent:
    """A command: the caller agreed to hear advertising; store it with its proof. words: the question, heard to its end;
    method: "dtmf" with digits, or "speech" with what was heard and its confidence, 0..1."""

    decision: OfferDecision
    words: str
    method: str
    heard: str = ""
    confidence: float = 0.0
    digits: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentKept:
    """An event: what became of KeepConsent. stored: it is on record, and what is offered may be said."""

    at_ms: int
    stored: bool
