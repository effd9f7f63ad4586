"""Signing in and out, and the choice of a language. Owns the forms and the cookies; who is let in is accounts.py."""

from __future__ import annotations

from aiohttp import web

from ivr.model.accounts import Right
from ivr.web.accounts import SESSION_S, SignInError
from ivr.web.agent_words import WORDS
from ivr.web.api import DESK, body_of
from ivr.web.guard import COOKIE, is_secure, peer_of, visitor_of
from ivr.web.language import language_of, remember
from ivr.web.pages import GUARD, page
from ivr.web.rights import Visitor

routes = web.RouteTableDef()


@routes.get("/")
async def front(request: web.Request) -> web.Response:
    """The way in."""
    return web.Response(status=303, headers={"Location": home_of(visitor_of(request))})


@routes.get("/login")
async def login_form(request: web.Request) -> web.Response:
    """Ask for name and password, or for the access token where there are no accounts."""
    accounts = request.app[GUARD].accounts
    if not await accounts.any() and not accounts.has_token:
        return web.Response(status=303, headers={"Location": "/"})
    return _form(request, inner(request.query.get("next")), "", 200)


@routes.post("/login")
async def login(request: web.Request) -> web.Response:
    """Let somebody in; leave a session cookie."""
    body, accounts = await body_of(request), request.app[GUARD].accounts
    following, remote, browser = inner(body.get("next")), peer_of(request), request.headers.get("User-Agent", "")
    words, language = WORDS[language_of(request)], ""
    try:
        if "token" in body:
            cookie = await accounts.show_token(str(body["token"]), remote, browser)
        else:
            name, password = str(body.get("name", "")), str(body.get("password", ""))
            cookie, account = await accounts.sign_in(name, password, remote, browser)
            language = account.language
    except SignInError as refusal:
        wrong = words["wrong_token" if "token" in body else "wrong"]
        if refusal.wait_s:
            answer = _form(request, following, words["wait"].format(s=refusal.wait_s), 429)
            answer.headers["Retry-After"] = str(refusal.wait_s)
            return answer
        return _form(request, following, wrong, 403)
    await accounts.sign_out(visitor_of(request))  # whoever sat at this browser before is done
    answer = web.Response(status=303, headers={"Location": following})
    answer.set_cookie(
        COOKIE, cookie, max_age=SESSION_S, httponly=True, samesite="Strict", secure=is_secure(request), path="/"
    )
    if language in WORDS:
        remember(answer, request, language)
    return answer


@routes.post("/logout")
async def logout(request: web.Request) -> web.Response:
    """End the session and take the cookie back."""
    await request.app[GUARD].accounts.sign_out(visitor_of(request))
    answer = web.Response(status=303, headers={"Location": "/login"})
    answer.del_cookie(COOKIE, path="/")
    return answer


@routes.post("/language")
async def language(request: web.Request) -> web.Response:
    """Read the pages in another language from now on."""
    body, visitor = await body_of(request), visitor_of(request)
    wish = str(body.get("language", ""))
    if wish not in WORDS:
        raise web.HTTPBadRequest(reason=f"languages are {', '.join(WORDS)}")
    answer = web.Response(status=303, headers={"Location": inner(body.get("next"))})
    remember(answer, request, wish)
    if visitor.role is not None:
        await request.app[DESK].store.change_account(visitor.name, language=wish)
    return answer


def home_of(visitor: Visitor) -> str:
    """Where somebody's work begins."""
    if visitor.may(Right.DESK):
        return "/agent"
    return "/calls" if visitor.may(Right.CALLS) else "/effects"


def inner(path: object) -> str:
    """A path of ours to go on to; anything that could lead elsewhere becomes /agent."""
    text = str(path or "")
    return text if text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable() else "/agent"


def _form(request: web.Request, following: str, wrong: str, status: int) -> web.Response:
    by_name = request.app[GUARD].accounts.exist
    return page("login.html", request, {"next": following, "wrong": wrong, "by_name": by_name}, status)
