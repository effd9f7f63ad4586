"""Who may come in, and what every answer carries. Owns the token, the session cookie, the checks against requests
forged by other sites, and the security headers; refuses to know the pages.

Without a token only this machine is served, under its own names (a foreign Host header is a rebinding attack).
/healthz is open to all: an orchestrator's probe has no secrets, and it holds no personal data.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import time
from collections.abc import Awaitable, Callable
from urllib.parse import quote, urlsplit

from aiohttp import web

from ivr.log import get_log
from ivr.model.errors import StorageError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

COOKIE = "ivr_session"
SESSION_S = 12 * 3600
OPEN_PATHS = ("/healthz", "/login")
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_log = get_log("web.guard")


class Guard:
    """The doorkeeper of one app. now: Unix seconds."""

    def __init__(self, token: str, now: Callable[[], float] = time.time) -> None:
        self._token, self._now = token, now

    @property
    def needs_login(self) -> bool:
        """Is there a token to show?"""
        return bool(self._token)

    def session(self) -> str:
        """A fresh session for the cookie: it proves the token was known, and does not contain it."""
        expires = str(int(self._now()) + SESSION_S)
        return f"{expires}.{self._seal(expires)}"

    def knows(self, token: str) -> bool:
        """Is this the token?"""
        return bool(self._token) and _same(token, self._token)

    def admits(self, request: web.Request) -> bool:
        """May this request see anything at all?"""
        if not self._token:
            return _is_local(request.remote) and _is_local_name(request.url.host)
        scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self.knows(bearer.strip())
        expires, _, seal = request.cookies.get(COOKIE, "").partition(".")
        return _same(seal, self._seal(expires)) and int(expires) > self._now()

    def _seal(self, expires: str) -> str:
        return hmac.new(
            self._token.encode(), f"session:{expires}".encode("utf-8", "replace"), hashlib.sha256
        ).hexdigest()

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse strangers and forged requests; turn failures of data requests into JSON."""
        if is_forged(request):
            _log.warning("web.forged_request_refused", path=request.path, origin=request.headers.get("Origin", ""))
            return error(403, "this request comes from another site")
        if request.path not in OPEN_PATHS and not request.path.startswith("/static/") and not self.admits(request):
            return self._turn_away(request)
        try:
            return await handler(request)
        except web.HTTPException as answer:
            if answer.status >= 400 and is_api(request):
                return error(answer.status, answer.reason)
            raise
        except StorageError as trouble:
            _log.error("web.storage_trouble", path=request.path, error=str(trouble))
            return error(503, "the database does not answer")

    def _turn_away(self, request: web.Request) -> web.StreamResponse:
        if not self._token:
            return error(403, "no access token is configured, so only this machine is served, as localhost")
        if is_api(request) or request.method != "GET":
            refused = error(401, "send the access token as Authorization: Bearer")
            refused.headers["WWW-Authenticate"] = "Bearer"
            return refused
        return web.Response(status=303, headers={"Location": f"/login?next={quote(request.path_qs, safe='')}"})


def is_api(request: web.Request) -> bool:
    """Does the client want JSON or text rather than a page?"""
    return request.path.startswith(("/api/", "/metrics", "/healthz")) or request.path.endswith("/events")


def is_forged(request: web.Request) -> bool:
    """A state-changing request another site's page made in the user's browser (Fetch Metadata, else Origin).

    Programs that are no browsers send neither header and are let through: they hold no cookie of ours.
    """
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return False
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is not None and urlsplit(origin).netloc != request.host


async def dress(request: web.Request, response: web.StreamResponse) -> None:
    """Put the security headers on a response about to be sent; pages and data are never kept by caches."""
    response.headers.update(HEADERS)
    response.headers["Cache-Control"] = "no-cache" if request.path.startswith("/static/") else "no-store"


def error(status: int, words: str) -> web.Response:
    """An error as JSON: {"error": words}."""
    return web.json_response({"error": words}, status=status)


def _same(given: str, known: str) -> bool:
    """Compared in constant time; headers may hold any byte."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), known.encode())


def _is_local(remote: str | None) -> bool:
    try:
        return remote is None or ipaddress.ip_address(remote).is_loopback
    except ValueError:
        return remote == ""  # a Unix socket


def _is_local_name(host: str | None) -> bool:
    return host == "localhost" or (host is not None and _is_loopback_address(host))


def _is_loopback_address(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
