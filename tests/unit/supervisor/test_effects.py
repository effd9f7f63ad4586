"""The direct and indirect effect: definitions on calls counted by hand, and the same figures from the event log."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ivr.call.record import fold
from ivr.cli import main
from ivr.config import OffersSettings, ServerSettings, Settings, StorageSettings
from ivr.model.call import LogEntry
from ivr.model.errors import StorageError
from ivr.offers.effects.figures import Figure, How
from ivr.offers.effects.handled import Handled, repeated
from ivr.offers.effects.ledger import direct
from ivr.offers.effects.savings import Rates
from ivr.sections import EffectsSettings
from ivr.storage.store import Store
from ivr.supervisor.effects import check, effects_document, figures
from tests.unit.offers.cases import ROOT

NOW_MS = round(datetime(2026, 11, 21, tzinfo=UTC).timestamp() * 1000)
DAY = 86_400_000
CALL = Handled(
    call_id="a",
    household="H1",
    at_ms=NOW_MS - 20 * DAY,
    bot_s=60.0,
    requests=(("payment", "resolved"),),
    outcome="resolved",
    agent="",
    level="L1",
    answer_ms=20,
)
CALLS = (
    CALL,
    replace(CALL, call_id="b", at_ms=NOW_MS - 15 * DAY),  # the same again after five days: "a" was not contained
    replace(CALL, call_id="c", household="H2", requests=(("claim_status", "informed"),), outcome="informed"),
    replace(CALL, call_id="d", household="H3", outcome="transferred", agent="a1"),
    replace(CALL, call_id="e", household="H4", outcome="abandoned", requests=(("payment", "open"),)),
    replace(CALL, call_id="f", household="H5", at_ms=NOW_MS - DAY),  # too young to be counted as contained
)
RATES = Rates(
    agent_hour=36.0,
    bot_minute=0.05,
    agent_s={"payment": 200.0, "else": 300.0},
    needs_agent={"else": 0.9},
    identify_s=20.0,
    again_s=10.0,
)


def named(found: Iterable[Figure]) -> dict[str, Figure]:
    return {figure.name: figure for figure in found}


def test_true_containment_subtracts_who_had_to_call_again() -> None:
    found = named(direct(CALLS, RATES, now_ms=NOW_MS, days=30))
    assert repeated(CALLS) == {"a"}
    assert (found["true_containment"].value, found["true_containment"].rows) == (0.4, 5)  # b and c of five
    assert found["never_reached_an_agent"].value == 0.8333
    back = (*CALLS, replace(CALL, call_id="g", household="H6", outcome="returned"))
    again = named(direct(back, RATES, now_ms=NOW_MS, days=30))["never_reached_an_agent"]
    assert again.value == 0.7143, "a caller back in the queue of the contact center is an agent's"
    assert (found["first_call_resolution"].value, found["first_call_resolution"].rows) == (0.6667, 3)
    assert found["abandoned_in_bot"].value == 0.1667
    low, high = found["true_containment"].low, found["true_containment"].high
    assert low is not None and high is not None
    assert (low, high) == (0.1176, 0.7693), "Wilson's interval of 2 in 5"


def test_money_is_reckoned_from_what_the_operator_states() -> None:
    found = named(direct(CALLS, RATES, now_ms=NOW_MS, days=30))
    # b, f: 0.9 x 200 s each; c: 0.9 x 300 s; one transfer whose caller was known: 20 s
    assert found["transfers_avoided"].value == 2.7
    assert (found["identify_time_saved"].value, found["again_time_saved"].how) == (20.0, How.NOT_YET)
    assert found["agent_time_saved"].value == 650.0
    assert found["money_saved"].value == 6.5
    assert (found["bot_time"].value, found["bot_cost"].value) == (360.0, 0.3)
    assert {found[name].how for name in ("money_saved", "bot_cost", "transfers_avoided")} == {How.STATED}


def test_what_nobody_stated_is_not_guessed() -> None:
    found = named(direct(CALLS, Rates(), now_ms=NOW_MS, days=30))
    for name in ("agent_time_saved", "posts_saved", "money_saved", "bot_cost"):
        assert (found[name].value, found[name].how) == (None, How.NOT_YET)
        assert all("[effects]" in found[name].note[language] for language in ("en", "ru"))
    assert all(figure.rows == 0 or figure.value is not None for figure in direct((), RATES, now_ms=NOW_MS, days=30))


def moment(days_ago: float, seconds: float = 0.0) -> str:
    at = datetime.now(UTC) - timedelta(days=days_ago) + timedelta(seconds=seconds)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def lived(store: Store, call_id: str, days_ago: float, household: str, outcome: str) -> None:
    """A call in the log, and the record folded from it."""
    told = [
        (
            "call.arrived",
            0.0,
            {"sip_call_id": "s", "ani": "+1", "dnis": "1", "assistant": "insurance", "language": "en"},
        ),
        ("call.answered", 0.02, {"answer_ms": 20, "codec": "PCMU"}),
        (
            "identity.level",
            0.1,
            {"level": "L1", "customer_id": f"C{household}", "household": household, "evidence": []},
        ),
        ("dialog.request", 5.0, {"intent": "payment", "result": "resolved"}),
        ("call.ended", 61.02, {"by": "caller", "outcome": outcome, "disposition": "goodbye"}),
    ]
    entries = [
        LogEntry(call_id=call_id, seq=seq, at=moment(days_ago, at), at_ms=seq, kind=kind, data=data)
        for seq, (kind, at, data) in enumerate(told, 1)
    ]
    for entry in entries:
        store.append(entry)
    await store.save_record(fold(entries))


@pytest.fixture
async def settings(database_url: str) -> Settings:
    store = await Store.open(database_url)
    for number in range(12):
        await lived(store, f"01A{number:02}", 9 + number / 10, f"H{number}", "resolved" if number % 3 else "abandoned")
    await store.close()
    return Settings(
        server=ServerSettings(assistant=ROOT / "dialogs" / "insurance"),
        storage=StorageSettings(url=database_url),
        offers=OffersSettings(),
        effects=EffectsSettings(agent_hour=36.0, bot_minute=0.06, agent_s={"else": 210.0}),
    )


async def test_every_figure_comes_out_of_the_event_log_to_the_cent(settings: Settings, tmp_path: Path) -> None:
    found = named(await figures(settings, days=30))
    assert found["true_containment"].value == 0.6667
    assert found["money_saved"].value == 16.8  # 8 x 210 s at 36 an hour
    assert found["bot_cost"].value == 0.73  # 12 x 61 s
    assert found["offer_revenue"].how is How.NOT_YET
    assert await check(settings, days=30) == []
    with sqlite3.connect(tmp_path / "ivr.db") as connection:
        connection.execute("UPDATE calls SET outcome = 'resolved' WHERE call_id = '01A00'")
    (first, *_) = wrong = await check(settings, days=30)
    assert first == "true_containment: 0.75 reported, 0.6667 in the event log"
    assert "money_saved: 18.9 reported, 16.8 in the event log" in wrong
    assert "call 01A00: outcome is resolved, in its log abandoned" in wrong
    with sqlite3.connect(tmp_path / "ivr.db") as connection:
        connection.execute("UPDATE calls SET outcome = 'abandoned', agent = 'Ada' WHERE call_id = '01A00'")
        connection.execute("UPDATE calls SET started_at = 'soon' WHERE call_id = '01A05'")
    with pytest.raises(StorageError, match="call 01A05 cannot be read: Invalid isoformat string: 'soon'"):
        await figures(settings, days=30)
    with sqlite3.connect(tmp_path / "ivr.db") as connection:
        connection.execute(
            "UPDATE calls SET started_at = ?, answered_at = 'late' WHERE call_id = '01A05'", (moment(9),)
        )
    with pytest.raises(StorageError, match="call 01A05 cannot be read: Invalid isoformat string: 'late'"):
        await check(settings, days=30)


async def test_the_page_is_given_plain_values(settings: Settings) -> None:
    document = await effects_document(settings)
    assert document["report"]["rows"] == 0
    assert document["currency"] == "EUR"
    assert {figure["column"] for figure in document["ledger"]} == {"direct", "indirect", "offers"}
    assert document["guidance"][0]["any_time"] > document["guidance"][0]["once"]


def test_the_command_prints_the_report_and_checks_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "ivr.toml"
    assistant = ROOT / "dialogs" / "insurance"
    config.write_text(f'[server]\nassistant = "{assistant}"\n[storage]\nurl = "sqlite:///x.db"\n', encoding="utf-8")
    assert main(["effects", "report", "-c", str(config)]) == 0
    printed = capsys.readouterr().out
    assert "settled without a human, and for good" in printed and "not measurable yet" in printed
    assert main(["effects", "--check", "-c", str(config)]) == 0
    for days in ("0", "-3", "nan", "1e12", "soon"):
        with pytest.raises(SystemExit):
            main(["effects", f"--days={days}", "-c", str(config)])
        assert "number of days" in capsys.readouterr().err
