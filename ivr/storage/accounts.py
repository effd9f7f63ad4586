"""Accounts, their sessions, and tokens of machines. Owns that what is taken away counts with the next request; refuses
to know what anybody may see.
"""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

import sqlalchemy as sa

from ivr.model.accounts import Account, ApiToken, Right, Role, WebSession
from ivr.storage.account_tables import accounts, api_tokens, login_failures, web_sessions
from ivr.storage.database import Database

_ACCOUNT = tuple(field.name for field in fields(Account))
_SESSION = tuple(field.name for field in fields(WebSession))
_TOKEN = tuple(field.name for field in fields(ApiToken))


class Accounts:
    """The accounts' part of the store."""

    _db: Database

    async def any_account(self) -> bool:
        """Is there anybody who can sign in by name?"""
        return bool(await self._db.read(sa.select(accounts.c.name).limit(1)))

    async def account(self, name: str) -> Account | None:
        """One account."""
        rows = await self._db.read(_account_columns().where(accounts.c.name == name))
        return _account(rows[0]) if rows else None

    async def accounts(self) -> list[Account]:
        """All of them, by name."""
        return [_account(row) for row in await self._db.read(_account_columns().order_by(accounts.c.name))]

    async def add_account(self, account: Account) -> None:
        """Store a new account. Raises RefusedError when the name is taken."""
        await self._db.write((sa.insert(accounts), [{**asdict(account), "role": account.role.value}]))

    async def change_account(self, name: str, **values: str) -> bool:
        """Change role, agent_id, hashed or language. False when there is no such account. A new password or role ends
        the account's sessions."""
        ending = sa.delete(web_sessions).where(web_sessions.c.account == name)
        change = sa.update(accounts).where(accounts.c.name == name).values(**values)
        if values.keys() & {"role", "agent_id", "hashed"}:
            return await self._db.write((ending, None), (change, None)) > 0
        return await self._db.write((change, None)) > 0

    async def remove_account(self, name: str) -> bool:
        """Forget an account and its sessions; what it did stays noted by name. False when there is none."""
        return (
            await self._db.write(
                (sa.delete(web_sessions).where(web_sessions.c.account == name), None),
                (sa.delete(accounts).where(accounts.c.name == name), None),
            )
            > 0
        )

    # ---- sessions -------------------------------------------------------------------------------------------------

    async def begin_session(self, session: WebSession) -> None:
        """Somebody signed in; sessions past their time are swept out."""
        over = sa.delete(web_sessions).where(web_sessions.c.expires_ms <= self._db.now_ms())
        await self._db.write((over, None), (sa.insert(web_sessions), [asdict(session)]))

    async def session(self, session_id: str) -> tuple[WebSession, Account | None] | None:
        """A session and whose it is; None when it is unknown, over, or its account is gone."""
        columns = [web_sessions.c[name].label(f"s_{name}") for name in _SESSION]
        joined = web_sessions.outerjoin(accounts, web_sessions.c.account == accounts.c.name)
        query = sa.select(*columns, *(accounts.c[name] for name in _ACCOUNT)).select_from(joined)
        rows = await self._db.read(query.where(web_sessions.c.session_id == session_id))
        if not rows or rows[0].s_expires_ms <= self._db.now_ms():
            return None
        found = WebSession(**{name: rows[0]._mapping[f"s_{name}"] for name in _SESSION})
        owner = _account(rows[0]) if rows[0].name is not None else None
        return None if found.account and owner is None else (found, owner)

    async def sessions(self, account: str | None = None) -> list[WebSession]:
        """Sessions not over yet, the latest first; of one account, or of all."""
        query = sa.select(*(web_sessions.c[name] for name in _SESSION))
        query = query.where(web_sessions.c.expires_ms > self._db.now_ms())
        if account is not None:
            query = query.where(web_sessions.c.account == account)
        rows = await self._db.read(query.order_by(web_sessions.c.seen_ms.desc()))
        return [WebSession(**row._mapping) for row in rows]

    async def seen_session(self, session_id: str, at_ms: int) -> None:
        """It was used."""
        query = sa.update(web_sessions).where(web_sessions.c.session_id == session_id)
        await self._db.write((query.values(seen_ms=at_ms), None))

    async def end_sessions(self, *, account: str | None = None, session_id: str | None = None) -> int:
        """End one session, or all of an account; how many. session_id: its first characters will do."""
        query = sa.delete(web_sessions)
        if account is not None:
            query = query.where(web_sessions.c.account == account)
        if session_id is not None:
            query = query.where(web_sessions.c.session_id.startswith(session_id, autoescape=True))
        return await self._db.write((query, None)) if account is not None or session_id else 0

    # ---- tokens ---------------------------------------------------------------------------------------------------

    async def add_token(self, token: ApiToken) -> None:
        """Store a new token. Raises RefusedError when the name is taken."""
        row = {**asdict(token), "rights": [right.value for right in token.rights]}
        await self._db.write((sa.insert(api_tokens), [row]))

    async def tokens(self) -> list[ApiToken]:
        """All tokens, by name."""
        rows = await self._db.read(sa.select(*(api_tokens.c[name] for name in _TOKEN)).order_by(api_tokens.c.name))
        return [_token(row) for row in rows]

    async def token(self, hashed: str) -> ApiToken | None:
        """The token of this hash, unless it has expired."""
        query = sa.select(*(api_tokens.c[name] for name in _TOKEN)).where(api_tokens.c.hashed == hashed)
        rows = await self._db.read(query)
        found = _token(rows[0]) if rows else None
        return None if found is None or 0 < found.expires_ms <= self._db.now_ms() else found

    async def used_token(self, token_id: str, at_ms: int) -> None:
        """It was used."""
        query = sa.update(api_tokens).where(api_tokens.c.token_id == token_id)
        await self._db.write((query.values(used_ms=at_ms), None))

    async def remove_token(self, name: str) -> bool:
        """Forget a token. False when there is none."""
        return await self._db.write((sa.delete(api_tokens).where(api_tokens.c.name == name), None)) > 0

    # ---- sign-ins that failed -------------------------------------------------------------------------------------

    async def reserve_try(self, subjects: dict[str, tuple[int, int]], *, kept_ms: int) -> int:
        """Count a sign-in as failed before it is looked at, so that tries at once cannot share one count.

        subjects: who tries -> (tries that cost no delay, longest delay in ms). The delay doubles from a second on with
        every failure more; failures older than kept_ms are forgotten. Returns 0, or the milliseconds to wait: then
        nothing was counted.
        """
        now_ms, named = self._db.now_ms(), sorted(subjects)

        async def reserve(connection: Any) -> int:
            await connection.execute(
                sa.delete(login_failures).where(login_failures.c.last_ms.between(1, now_ms - kept_ms))
            )
            for subject in named:
                empty = {"subject": subject, "failures": 0, "last_ms": 0}
                await connection.execute(self._db.upsert(login_failures, empty, keep=True))
            of_them = sa.select(login_failures).where(login_failures.c.subject.in_(named)).with_for_update()
            rows = {row.subject: row for row in (await connection.execute(of_them.order_by("subject"))).all()}
            failures = {s: row.failures if now_ms - row.last_ms < kept_ms else 0 for s, row in rows.items()}
            waits = [rows[s].last_ms + _delay_ms(failures[s], *subjects[s]) - now_ms for s in named]
            if max(waits) > 0:
                return int(max(waits))
            for subject in named:
                change = sa.update(login_failures).where(login_failures.c.subject == subject)
                await connection.execute(change.values(failures=failures[subject] + 1, last_ms=now_ms))
            return 0

        return await self._db.transact(reserve)

    async def forget_failures(self, subjects: list[str]) -> None:
        """The right password was given."""
        await self._db.write((sa.delete(login_failures).where(login_failures.c.subject.in_(subjects)), None))


def _delay_ms(failures: int, free: int, most_ms: int) -> int:
    return 0 if failures < free else min(most_ms, 1000 * 2 ** min(failures - free, 20))


def _account_columns() -> sa.Select[Any]:
    return sa.select(*(accounts.c[name] for name in _ACCOUNT))


def _account(row: sa.Row[Any]) -> Account:
    values = {name: row._mapping[name] for name in _ACCOUNT}
    return Account(**{**values, "role": Role(values["role"])})


def _token(row: sa.Row[Any]) -> ApiToken:
    rights = tuple(Right(name) for name in row._mapping["rights"])
    return ApiToken(**{**row._mapping, "rights": rights})
