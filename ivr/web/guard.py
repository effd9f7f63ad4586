"""Who may come in, and what every answer carries. Owns the question who somebody is, the check against the table of
rights, the checks against requests forged by other sites, the note of who looked at what, and the security headers;
refuses to know the pages.

Without accounts and without a token only this machine is served, under its own names (a foreign Host header is a
rebinding attack). /healthz is open to all: an orchestrator's probe has no secrets, and it holds no personal data.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Awaitable, Callable
from urllib.parse import quote, urlsplit

from aiohttp import web

from ivr.call.journal import wall_clock
from ivr.log import get_log
from ivr.model.accounts import Access, Right
from ivr.model.errors import StorageError
from ivr.web.accounts import Accounts
from ivr.web.desk import Desk
from ivr.web.rights import KNOWN, OPEN, OWN_BY_AGENT, OWN_BY_CALL, Visitor, wanted

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

COOKIE = "ivr_session"
VISITOR = web.RequestKey("visitor", Visitor)
CSRF_FIELD, CSRF_HEADER = "csrf", "X-Csrf-Token"
THIS_MACHINE = Visitor(name="this machine", rights=frozenset({Right.ADMIN}))
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors "
)
WITHIN_OURS = f"{_POLICY}'self'"  # of the one page that is shown within another
HEADERS = {
    "Content-Security-Policy": f"{_POLICY}'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_NOBODYS = ("/static/", "/healthz")  # who asks for these is not looked up: the database may be down
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")

_log = get_log("web.guard")


class Guard:
    """The doorkeeper of one app."""

    def __init__(self, desk: Desk, accounts: Accounts) -> None:
        self._desk, self.accounts = desk, accounts

    @property
    def needs_login(self) -> bool:
        """Must one sign in?"""
        return self.accounts.has_token or self.accounts.exist

    async def visitor(self, request: web.Request) -> Visitor | None:
        """Who asks, None when nobody we know. Raises StorageError."""
        scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and bearer.strip():  # an empty one is what programs send that have no token
            return await self.accounts.of_bearer(bearer.strip())
        if await self.accounts.any() or self.accounts.has_token:
            return await self.accounts.of_cookie(request.cookies.get(COOKIE, ""))
        near = "X-Forwarded-For" not in request.headers and _is_loopback(request.remote)
        return THIS_MACHINE if near and is_local_name(request.url.host) else None

    async def still_admits(self, request: web.Request) -> bool:
        """For an answer that goes on for hours: may this visitor still have it?"""
        visitor = await self.visitor(request)
        return visitor is not None and await self._refused(request, visitor) is None

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse strangers, forged requests and what a role does not see; turn failures of data requests into JSON."""
        if is_forged(request):
            _log.warning("web.forged_request_refused", path=request.path, origin=request.headers.get("Origin", ""))
            return error(403, "this request comes from another site")
        try:
            if request.path.startswith(_NOBODYS):
                return await handler(request)
            visitor = await self.visitor(request)
            if visitor is not None:
                request[VISITOR] = visitor
            if _wanted(request) != OPEN:
                if visitor is None:
                    return self._turn_away(request)
                words = await self._refused(request, visitor) or await _without_mark(request, visitor)
                if words is not None:
                    _log.warning("web.refused", who=visitor.name, method=request.method, path=request.path, why=words)
                    raise web.HTTPForbidden(reason=words)
            return await handler(request)
        except web.HTTPException as answer:
            if answer.status >= 400 and is_api(request):
                return error(answer.status, answer.reason)
            raise
        except StorageError as trouble:
            _log.error("web.storage_trouble", path=request.path, error=str(trouble))
            return error(503, "the database does not answer")

    async def _refused(self, request: web.Request, visitor: Visitor) -> str | None:
        """Why this visitor may not have this, None when it may."""
        want = _wanted(request)
        if isinstance(want, Right) and not visitor.may(want):
            return f"your account has no right to see this: it takes {want.value}"
        if visitor.only_own:
            where = _route(request)
            if OWN_BY_AGENT in where and request.match_info["agent_id"] != visitor.agent_id:
                return "this is another agent's desk"
            if OWN_BY_CALL in where and not await self._is_own(visitor, request.match_info["call_id"]):
                return "this is another agent's call"
        return None

    async def _is_own(self, visitor: Visitor, call_id: str) -> bool:
        """The agent took the call, or has it on the screen."""
        if not visitor.agent_id:
            return False
        screen = self._desk.hub.screen(f"agent:{visitor.agent_id}")
        if screen is not None and screen.data.get("call_id") == call_id:
            return True
        record = await self._desk.store.call(call_id)
        if record is not None and record.agent == visitor.agent_id:
            return True
        return await self._desk.store.wrap_up(call_id, visitor.agent_id) is not None

    def _turn_away(self, request: web.Request) -> web.StreamResponse:
        if not self.needs_login:
            return error(403, "there is no account and no access token, so only this machine is served, as localhost")
        if is_api(request) or request.method != "GET":
            refused = error(401, "sign in, or send a token as Authorization: Bearer")
            refused.headers["WWW-Authenticate"] = "Bearer"
            return refused
        return web.Response(status=303, headers={"Location": f"/login?next={quote(request.path_qs, safe='')}"})


def visitor_of(request: web.Request) -> Visitor:
    """Who asks, for handlers behind the guard."""
    return request.get(VISITOR) or Visitor(name="", rights=frozenset())


def doer_of(request: web.Request, said: object) -> str:
    """Who does something: the desk or name of an account; whoever has none says it."""
    visitor = visitor_of(request)
    return (visitor.agent_id or visitor.name) if visitor.role is not None else str(said or "")


async def note_access(request: web.Request, desk: Desk, what: str, subject: str) -> None:
    """Note that this visitor looks at what was said. Raises StorageError: then it must not be shown."""
    who, remote = visitor_of(request).name, peer_of(request)
    await desk.store.note_access(Access(at=wall_clock(), who=who, what=what, subject=subject, remote=remote))


def peer_of(request: web.Request) -> str:
    """The address of the browser: a proxy on this machine is believed about whom it speaks for."""
    passed_on = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return passed_on[:60] if passed_on and _is_loopback(request.remote) else (request.remote or "")


def is_secure(request: web.Request) -> bool:
    """Did the browser use TLS, to us or to a proxy on this machine?"""
    by_proxy = _is_loopback(request.remote) and request.headers.get("X-Forwarded-Proto", "") == "https"
    return request.secure or by_proxy


def is_api(request: web.Request) -> bool:
    """Does the client want JSON or text rather than a page?"""
    return request.path.startswith(("/api/", "/metrics", "/healthz")) or request.path.endswith(("/events", "/beat"))


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
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["Cache-Control"] = "no-cache" if request.path.startswith("/static/") else "no-store"


def error(status: int, words: str) -> web.Response:
    """An error as JSON: {"error": words}."""
    return web.json_response({"error": words}, status=status)


async def _without_mark(request: web.Request, visitor: Visitor) -> str | None:
    """Why a change a browser asks for is not believed to come from our page: it lacks the session's mark."""
    if not visitor.session_id or request.method in ("GET", "HEAD", "OPTIONS"):
        return None
    mark = request.headers.get(CSRF_HEADER, "")
    if not mark and request.content_type in _FORMS:
        mark = str((await request.post()).get(CSRF_FIELD, ""))
    fits = hmac.compare_digest(mark.encode("utf-8", "replace"), visitor.csrf.encode())
    return None if fits else "this page is out of date: load it again"


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else ""


def _wanted(request: web.Request) -> Right | str:
    where = _route(request)
    return wanted(request.method, where) if where else KNOWN


def _is_loopback(address: str | None) -> bool:
    try:
        return address is None or ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return address == ""  # a Unix socket


def is_local_name(host: str | None) -> bool:
    """Does the Host header name this machine?"""
    return host == "localhost" or (bool(host) and _is_loopback(host))
