"""Commands of those who say who may see what: people, machines, and who looked at what callers said."""

from __future__ import annotations

import argparse
import asyncio
import difflib
import getpass
import secrets
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ivr.cli.arguments import Commands, settings_of, takes_settings
from ivr.model.accounts import Right, Role
from ivr.model.errors import IvrError

if TYPE_CHECKING:
    from ivr.storage.store import Store

LEAST_PASSWORD = 12
DAY_MS = 86_400_000
NAME = "what one signs in with"


def add(commands: Commands) -> None:
    """users, tokens, accesses."""
    _add_users(commands)
    _add_tokens(commands)
    looked = commands.add_parser("accesses", help="who looked at which transcript, recording or context")
    looked.add_argument("--of", default=None, help="only of this call or token")
    looked.add_argument("--count", type=int, default=50, help="the last so many (50)")
    _of_file(looked, _accesses)


def _add_users(commands: Commands) -> None:
    users = commands.add_parser("users", help="accounts of people: agents, supervisors, designers, managers, admins")
    group = users.add_subparsers(required=True, metavar="what")
    made = group.add_parser("add", help="a new account; the password is asked for, or read from standard input")
    made.add_argument("name", help=NAME)
    role = group.add_parser("role", help="give an account another role; its sessions end")
    role.add_argument("name", help=NAME)
    role.add_argument("role", choices=[each.value for each in Role], help="what the account may see and do")
    made.add_argument(
        "--role", choices=[each.value for each in Role], default=Role.AGENT.value, help="what it may see and do (agent)"
    )
    for each in (made, role):
        each.add_argument("--agent", default="", help="whose desk it is: the agent's name in routing.yml")
    password = group.add_parser("password", help="a new password; the account's sessions end")
    password.add_argument("name", help=NAME)
    removed = group.add_parser("remove", help="take an account and its sessions away")
    removed.add_argument("name", help=NAME)
    sessions = group.add_parser("sessions", help="browsers that are signed in; end them")
    sessions.add_argument("name", nargs="?", default=None, help="only of this account (all)")
    sessions.add_argument("--end", metavar="ID", default="", help="end the session that begins so, or all of NAME: all")
    _of_file(made, _add)
    _of_file(group.add_parser("list", help="accounts, roles and desks"), _list)
    _of_file(password, _password)
    _of_file(role, _role)
    _of_file(removed, _remove)
    _of_file(sessions, _sessions)


def _add_tokens(commands: Commands) -> None:
    tokens = commands.add_parser("tokens", help="keys of machines, each with what it may do")
    group = tokens.add_subparsers(required=True, metavar="what")
    made = group.add_parser("add", help="a new token; it is shown once")
    made.add_argument("name", help="of the machine, as logs will show it")
    may = [each.value for each in Right]
    made.add_argument("--may", action="append", required=True, choices=may, help="a right; may be given again")
    made.add_argument("--days", type=int, default=0, help="until it expires; 0: never (0)")
    removed = group.add_parser("remove", help="take a token away")
    removed.add_argument("name", help="as `ivr tokens list` shows it")
    _of_file(made, _add_token)
    _of_file(group.add_parser("list", help="tokens, what they may do, when they were used"), _list_tokens)
    _of_file(removed, _remove_token)


def _of_file(parser: argparse.ArgumentParser, work: Callable[[argparse.Namespace, Store], Awaitable[int]]) -> None:
    takes_settings(parser)

    def run(arguments: argparse.Namespace) -> int:
        return asyncio.run(_with_store(arguments, work))

    parser.set_defaults(command=run)


async def _with_store(
    arguments: argparse.Namespace, work: Callable[[argparse.Namespace, Store], Awaitable[int]]
) -> int:
    from ivr.storage.store import Store

    store = await Store.open(settings_of(arguments.config).storage.url)
    try:
        return await work(arguments, store)
    finally:
        await store.close()


# ---- people -------------------------------------------------------------------------------------------------------


async def _add(arguments: argparse.Namespace, store: Store) -> int:
    from ivr.identity.secrets import hash_secret
    from ivr.model.accounts import Account
    from ivr.web.accounts import plain_name

    name, role = plain_name(arguments.name), Role(arguments.role)
    if not name:
        raise IvrError("give the account a name")
    if await store.account(name) is not None:
        raise IvrError(f"there is an account {name} already")
    await _check_desk(arguments, role)
    hashed = hash_secret(_new_password(name))
    now = datetime.now(UTC).isoformat(timespec="seconds")
    await store.add_account(Account(name=name, role=role, hashed=hashed, created_at=now, agent_id=arguments.agent))
    print(f"{name} is {role.value}{f' at the desk {arguments.agent}' if arguments.agent else ''}")
    return 0


async def _list(_: argparse.Namespace, store: Store) -> int:
    for account in await store.accounts():
        print(f"{account.name}\t{account.role.value}\t{account.agent_id or '-'}\t{account.created_at}")
    return 0


async def _password(arguments: argparse.Namespace, store: Store) -> int:
    from ivr.identity.secrets import hash_secret

    name = await _known(arguments.name, store)
    await store.change_account(name, hashed=hash_secret(_new_password(name)))
    print(f"{name} has a new password; sessions with the old one ended")
    return 0


async def _role(arguments: argparse.Namespace, store: Store) -> int:
    name, role = await _known(arguments.name, store), Role(arguments.role)
    await _check_desk(arguments, role)
    await store.change_account(name, role=role.value, agent_id=arguments.agent)
    print(f"{name} is {role.value}{f' at the desk {arguments.agent}' if arguments.agent else ''}")
    return 0


async def _remove(arguments: argparse.Namespace, store: Store) -> int:
    name = await _known(arguments.name, store)
    await store.remove_account(name)
    print(f"{name} is removed; sessions ended")
    return 0


async def _sessions(arguments: argparse.Namespace, store: Store) -> int:
    name = await _known(arguments.name, store) if arguments.name else None
    if arguments.end == "all" and name is None:
        raise IvrError("say whose sessions shall end: ivr users sessions NAME --end all")
    if arguments.end:
        one = {} if arguments.end == "all" else {"session_id": arguments.end}
        ended = await store.end_sessions(account=name, **one)
        print(f"{ended} ended")
        return 0 if ended else 1
    for each in await store.sessions(name):
        who = each.account or "access token"
        print(f"{each.session_id[:12]}\t{who}\t{_moment(each.seen_ms)}\t{each.remote}\t{each.browser[:60]}")
    return 0


async def _known(name: str, store: Store) -> str:
    from ivr.web.accounts import plain_name

    known = plain_name(name)
    if await store.account(known) is None:
        raise IvrError(f"there is no account {known}")
    return known


async def _check_desk(arguments: argparse.Namespace, role: Role) -> None:
    """An agent without a desk would see nothing, nor would one at a desk that routing.yml does not have."""
    from ivr.document import Document
    from ivr.routing.plan import PlanShape

    wanted = arguments.agent
    if not wanted:
        if role is Role.AGENT:
            raise IvrError("say whose desk it is: --agent NAME, as in routing.yml")
        return
    path = settings_of(arguments.config).server.assistant / "routing.yml"
    agents = (await asyncio.to_thread(lambda: Document(path).parse(PlanShape))).agents  # addresses may need variables
    if wanted not in agents:
        names = {each.casefold(): agent_id for agent_id, agent in agents.items() for each in (agent_id, agent.name)}
        near = difflib.get_close_matches(wanted.casefold(), names, n=1)
        meant = f"did you mean {names[near[0]]}?" if near else f"there are {', '.join(agents)}"
        raise IvrError(f"{path} has no agent {wanted}: {meant}")


def _new_password(name: str) -> str:
    """Asked for twice on a terminal, else the first line of standard input: never an argument, which others can see.
    Raises IvrError when it is too weak."""
    from ivr.web.accounts import LONGEST_PASSWORD, plain_password

    if sys.stdin.isatty():
        given = getpass.getpass("Password: ")
        if getpass.getpass("Again: ") != given:
            raise IvrError("the two differ")
    else:
        given = sys.stdin.readline().rstrip("\r\n")
    plain = plain_password(given)
    if not LEAST_PASSWORD <= len(given) <= LONGEST_PASSWORD:
        raise IvrError(f"a password has {LEAST_PASSWORD} to {LONGEST_PASSWORD} characters")
    if name in plain.casefold() or len(set(plain)) < 5:
        raise IvrError("this password is easily guessed: take several words, without the name")
    return plain


# ---- machines -----------------------------------------------------------------------------------------------------


async def _add_token(arguments: argparse.Namespace, store: Store) -> int:
    from ivr.model.accounts import ApiToken
    from ivr.model.ids import new_id
    from ivr.web.accounts import token_hash

    if any(each.name == arguments.name for each in await store.tokens()):
        raise IvrError(f"there is a token {arguments.name} already")
    secret = f"ivr_{secrets.token_urlsafe(32)}"
    await store.add_token(
        ApiToken(
            token_id=new_id(),
            name=arguments.name,
            rights=tuple(Right(name) for name in dict.fromkeys(arguments.may)),
            hashed=token_hash(secret),
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
            expires_ms=round(time.time() * 1000) + arguments.days * DAY_MS if arguments.days else 0,
        )
    )
    print(secret)
    return 0


async def _list_tokens(_: argparse.Namespace, store: Store) -> int:
    for token in await store.tokens():
        may = ",".join(right.value for right in token.rights)
        print(f"{token.name}\t{may}\t{_moment(token.used_ms)}\t{_moment(token.expires_ms)}")
    return 0


async def _remove_token(arguments: argparse.Namespace, store: Store) -> int:
    if not await store.remove_token(arguments.name):
        raise IvrError(f"there is no token {arguments.name}")
    print(f"{arguments.name} is removed")
    return 0


async def _accesses(arguments: argparse.Namespace, store: Store) -> int:
    for each in await store.accesses(arguments.of, arguments.count):
        print(f"{each.at}\t{each.who}\t{each.what}\t{each.subject}\t{each.remote}")
    return 0


def _moment(unix_ms: int) -> str:
    return datetime.fromtimestamp(unix_ms / 1000, UTC).isoformat(timespec="seconds") if unix_ms else "-"
