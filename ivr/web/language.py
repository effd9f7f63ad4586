"""Which language a page is in: chosen once and remembered, else as the browser asks. Owns the cookie of the choice."""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web

from ivr.web.agent_words import WORDS
from ivr.web.guard import VISITOR, is_secure

COOKIE = "ivr_language"
KEPT_S = 365 * 24 * 3600
DEFAULT = "en"


def language_of(request: web.Request) -> str:
    """The account's choice, this browser's, the first the browser asks for that we have; English."""
    visitor = request.get(VISITOR)
    chosen = (visitor.language if visitor else "", request.cookies.get(COOKIE, ""))
    wishes = (*chosen, *_asked_for(request.headers.get("Accept-Language", "")))
    return next((wish for wish in wishes if wish in WORDS), DEFAULT)


def remember(answer: web.StreamResponse, request: web.Request, language: str) -> None:
    """Keep the choice in this browser."""
    answer.set_cookie(
        COOKIE, language, max_age=KEPT_S, httponly=True, samesite="Lax", secure=is_secure(request), path="/"
    )


def _asked_for(header: str) -> Iterable[str]:
    """Primary language tags of Accept-Language (RFC 9110 section 12.5.4), most wanted first."""
    wishes = []
    for part in header[:500].split(","):
        tag, _, quality = part.partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            continue
        if weight > 0:
            wishes.append((-weight, tag.strip().partition("-")[0].lower()))
    return [tag for _, tag in sorted(wishes, key=lambda wish: wish[0])]
