"""Signing in: passwords checked, sessions begun and recognised, tokens of machines known. Owns how long a session
lasts and how guessing is slowed down; what somebody may see is rights.py.

A try is counted before it is looked at. Delays grow for whoever guesses (the pair of account and address), mildly for
an account guessed at from many places, and for an address many people share: nobody can lock the house out.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import time
import unicodedata
from collections.abc import Callable

from ivr.identity.secrets import secret_fits
from ivr.log import get_log
from ivr.model.accounts import Account, Right, WebSession
from ivr.storage.store import Store
from ivr.web.rights import ROLES, Visitor

SESSION_S = 12 * 3600
IDLE_S = 3600  # an open agent page is heard of every few seconds: it is not idle
SEEN_MS = 60_000
KNOWN_MS = 2000  # how late a running house notices the first account
FAILURES_KEPT_MS = 3600_000
# Tries without delay, longest delay.
PAIR, ACCOUNT, ADDRESS = (3, 300_000), (20, 10_000), (12, 60_000)
CHECKS = 2  # passwords looked at at once: each takes 64 MiB
LONGEST_PASSWORD = 256

_log = get_log("web.accounts")


class SignInError(Exception):
    """Not let in. wait_s: how long nothing is looked at, 0 = the name or password is wrong."""

    def __init__(self, wait_s: int = 0) -> None:
        super().__init__(f"wait {wait_s} s" if wait_s else "wrong name or password")
        self.wait_s = wait_s


class Accounts:
    """Who is known in this house. token: the configured one, "" for none; now: Unix seconds."""

    def __init__(self, store: Store, token: str, now: Callable[[], float] = time.time) -> None:
        self._store, self._token, self._now = store, token, now
        self._checking = asyncio.Semaphore(CHECKS)
        self._looked_ms, self.exist = -KNOWN_MS, False

    async def any(self) -> bool:
        """Are there accounts? Then nobody comes in without one, or a token."""
        now_ms = self._now_ms()
        if now_ms - self._looked_ms >= KNOWN_MS:
            self.exist, self._looked_ms = await self._store.any_account(), now_ms
        return self.exist

    @property
    def has_token(self) -> bool:
        """Is there a configured token?"""
        return bool(self._token)

    async def sign_in(self, name: str, password: str, remote: str, browser: str) -> tuple[str, Account]:
        """A new session's cookie and whose it is. Raises SignInError, StorageError."""
        name, plain = plain_name(name), plain_password(password)
        await self._reserve({f"pair:{name}@{remote}": PAIR, f"account:{name}": ACCOUNT, f"address:{remote}": ADDRESS})
        account = await self._store.account(name)
        async with self._checking:
            fits = await asyncio.to_thread(secret_fits, account.hashed if account else "", plain)
        if account is None or not fits:
            _log.warning("web.login_refused", account=name, remote=remote)
            raise SignInError
        await self._store.forget_failures([f"pair:{name}@{remote}", f"account:{name}", f"address:{remote}"])
        _log.info("web.signed_in", account=name, remote=remote)
        return await self._begin(name, remote, browser), account

    async def show_token(self, token: str, remote: str, browser: str) -> str:
        """A new session's cookie for whoever shows the configured token. Raises SignInError, StorageError."""
        await self._reserve({f"address:{remote}": ADDRESS})
        if not self._is_token(token):
            _log.warning("web.login_refused", remote=remote)
            raise SignInError
        await self._store.forget_failures([f"address:{remote}"])
        return await self._begin("", remote, browser)

    async def of_cookie(self, cookie: str) -> Visitor | None:
        """Whose browser this is."""
        if not cookie or len(cookie) > 200:
            return None
        found = await self._store.session(session_of(cookie))
        now_ms = self._now_ms()
        if found is None or now_ms - found[0].seen_ms > IDLE_S * 1000:
            return None
        session, account = found
        if account is None and not self._token:
            return None  # the access token this session showed is configured no more
        if now_ms - session.seen_ms > SEEN_MS:
            await self._store.seen_session(session.session_id, now_ms)
        csrf = _digest("csrf", cookie)
        if account is None:
            return Visitor(
                name="access token", rights=frozenset({Right.ADMIN}), session_id=session.session_id, csrf=csrf
            )
        return Visitor(
            name=account.name,
            rights=ROLES[account.role],
            role=account.role,
            agent_id=account.agent_id,
            language=account.language,
            session_id=session.session_id,
            csrf=csrf,
        )

    async def of_bearer(self, token: str) -> Visitor | None:
        """Which machine this is."""
        if self._is_token(token):
            return Visitor(name="access token", rights=frozenset({Right.ADMIN}))
        found = await self._store.token(token_hash(token)) if token else None
        if found is None:
            return None
        now_ms = self._now_ms()
        if now_ms - found.used_ms > SEEN_MS:
            await self._store.used_token(found.token_id, now_ms)
        return Visitor(name=f"token:{found.name}", rights=frozenset(found.rights))

    async def sign_out(self, visitor: Visitor) -> None:
        """This browser's session ends."""
        if visitor.session_id:
            await self._store.end_sessions(session_id=visitor.session_id)

    async def _begin(self, account: str, remote: str, browser: str) -> str:
        cookie, now_ms = secrets.token_urlsafe(32), self._now_ms()
        await self._store.begin_session(
            WebSession(
                session_id=session_of(cookie),
                account=account,
                began_ms=now_ms,
                seen_ms=now_ms,
                expires_ms=now_ms + SESSION_S * 1000,
                remote=remote,
                browser=browser[:200],
            )
        )
        return cookie

    async def _reserve(self, subjects: dict[str, tuple[int, int]]) -> None:
        wait_ms = await self._store.reserve_try(subjects, kept_ms=FAILURES_KEPT_MS)
        if wait_ms:
            _log.warning("web.login_delayed", subjects=sorted(subjects), wait_ms=wait_ms)
            raise SignInError(wait_s=-(-wait_ms // 1000))

    def _is_token(self, token: str) -> bool:
        given, known = token.encode("utf-8", "replace"), self._token.encode()
        return bool(known) and hmac.compare_digest(given, known)

    def _now_ms(self) -> int:
        return round(self._now() * 1000)


def plain_name(name: str) -> str:
    """A name as accounts keep it."""
    return unicodedata.normalize("NFKC", name).strip().casefold()[:80]


def plain_password(password: str) -> str:
    """A password as it is hashed; one too long is cut on both occasions. Case and spaces count."""
    return unicodedata.normalize("NFC", password)[:LONGEST_PASSWORD]


def session_of(cookie: str) -> str:
    """What stands in the database for a cookie."""
    return _digest("session", cookie)


def token_hash(token: str) -> str:
    """What stands in the database for a machine's token."""
    return _digest("token", token)


def _digest(what: str, secret: str) -> str:
    return hashlib.sha256(f"{what}:{secret}".encode("utf-8", "replace")).hexdigest()
