"""`ivr users`, `ivr tokens`, `ivr accesses`: on a real database, with real Argon2id."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from ivr.cli import main
from ivr.identity.secrets import secret_fits
from ivr.model.accounts import Role
from ivr.storage.store import Store
from ivr.web.accounts import Accounts

pytestmark = pytest.mark.slow  # Argon2id is slow on purpose
GOOD = "four words and spaces"


@pytest.fixture
def run(
    tmp_path: Path,
    database_url: str,
    repo_root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., tuple]:
    """run("users", "list", typed="...") is the exit status and what was printed."""
    server = f'[server]\nassistant = "{repo_root / "dialogs/insurance"}"\n'
    (tmp_path / "ivr.toml").write_text(f'{server}[storage]\nurl = "{database_url}"\n')

    def of(*words: str, typed: str = "") -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        status = main([*words, "-c", str(tmp_path / "ivr.toml")])
        said = capsys.readouterr()
        return status, said.out + said.err

    return of


def test_accounts_are_made_changed_and_taken_away(run: Callable[..., tuple], tmp_path: Path) -> None:
    assert run("users", "add", "Anna", "--agent", "a1", typed=f"{GOOD}\n") == (0, "anna is agent at the desk a1\n")
    for typed, words in (
        ("short\n", "12 to 256"),
        ("anna anna anna\n", "easily guessed"),
        ("aaaaaaaaaaaa\n", "easily"),
    ):
        status, said = run("users", "add", "boris", "--agent", "a2", typed=typed)
        assert status == 1
        assert words in said
    assert run("users", "add", "ANNA", "--agent", "a1", typed=f"{GOOD}\n")[0] == 1
    assert run("users", "add", "boris", typed=f"{GOOD}\n") == (
        1,
        "say whose desk it is: --agent NAME, as in routing.yml\n",
    )
    for desk, words in (("a11", "did you mean a1?"), ("elena", "did you mean a1?"), ("q", "there are a1, a2")):
        status, said = run("users", "add", "boris", "--agent", desk, typed=f"{GOOD}\n")
        assert (status, said.endswith(f"routing.yml has no agent {desk}: {words}\n")) == (1, True), said
    assert run("users", "role", "anna", "supervisor")[0] == 0
    assert run("users", "list")[1].split("\t")[:3] == ["anna", "supervisor", "-"]
    assert run("users", "password", "anna", typed="another four words\n")[0] == 0
    assert run("users", "remove", "anna") == (0, "anna is removed; sessions ended\n")
    assert run("users", "remove", "anna")[0] == 1
    assert "argon2" not in run("users", "list")[1]


async def test_sessions_are_listed_and_ended_and_passwords_are_argon2id(
    database_url: str, run: Callable[..., tuple]
) -> None:
    import asyncio

    assert (await asyncio.to_thread(run, "users", "add", "anna", "--role", "admin", typed=f"{GOOD}\n"))[0] == 0
    store = await Store.open(database_url)
    account = await store.account("anna")
    assert account is not None
    assert account.role is Role.ADMIN
    assert account.hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert secret_fits(account.hashed, GOOD)
    accounts = Accounts(store, "")
    cookie, _ = await accounts.sign_in("anna", GOOD, "192.0.2.1", "Firefox")
    assert await accounts.of_cookie(cookie) is not None
    _, said = await asyncio.to_thread(run, "users", "sessions", "anna")
    assert said.split("\t")[1::2] == ["anna", "192.0.2.1"]
    assert await asyncio.to_thread(run, "users", "sessions", "--end", said.split("\t")[0]) == (0, "1 ended\n")
    assert await accounts.of_cookie(cookie) is None
    await store.close()


def test_tokens_are_shown_once_and_taken_away(run: Callable[..., tuple]) -> None:
    status, secret = run("tokens", "add", "prometheus", "--may", "metrics", "--days", "30")
    assert (status, secret[:4]) == (0, "ivr_")
    listed = run("tokens", "list")[1]
    assert listed.startswith("prometheus\tmetrics\t-\t")
    assert secret.strip() not in listed
    assert run("tokens", "add", "prometheus", "--may", "calls")[0] == 1
    assert run("tokens", "remove", "prometheus")[0] == 0
    assert run("tokens", "list")[1] == ""
    assert run("accesses") == (0, "")
