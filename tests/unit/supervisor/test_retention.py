"""[keep]: what is too old is told first and then forgotten, but for what proves an acceptance."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ivr.__main__ import main
from ivr.config import load_settings
from ivr.model.call import CallRecord, LogEntry
from ivr.model.errors import ConfigError
from ivr.model.offers import OfferAnswer
from ivr.storage.store import Store
from ivr.supervisor.retention import forget
from tests.unit.offers.cases import ROOT
from tests.unit.storage.test_store_offers import BY_KEY, SPOKEN

NOW = datetime.now(UTC)
KEEP = "[keep]\ncalls_days = 400\nrecordings_days = 90\noffers_days = 800\n"


def ago(days: int) -> str:
    return (NOW - timedelta(days=days)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def settings_in(folder: Path, keep: str) -> Path:
    path = folder / "ivr.toml"
    path.write_text(
        f'[server]\nassistant = "{ROOT}/dialogs/insurance"\n[storage]\nurl = "sqlite:///{folder}/ivr.db"\n'
        f'[recording]\ndir = "{folder}/recordings"\n{keep}'
    )
    return path


async def filled(folder: Path, url: str) -> Store:
    """A call of each age with words, a recording and an offer; in "proof" the offer was accepted two and a half years
    ago."""
    store = await Store.open(url)
    (folder / "recordings").mkdir()
    ages = {"today": 0, "spring": 100, "year": 500, "years": 900, "proof": 901, "ancient": 2000}
    for name, days in ages.items():
        file = folder / "recordings" / f"{name}.wav"
        file.write_bytes(b"RIFF")
        words = dict.fromkeys(("sip_call_id", "dnis", "assistant", "language"), "x")
        await store.save_record(
            CallRecord(
                call_id=name, ani="+49151", started_at=ago(days), ended_at=ago(days), recording=str(file), **words
            )
        )
        for seq, kind in enumerate(("turn.heard", "offer.decided")):
            store.append(LogEntry(call_id=name, seq=seq, at=ago(days), at_ms=seq, kind=kind, data={}))
        await store.save_opportunity(replace(SPOKEN, opportunity_id=f"O-{name}"), name, "C1", ago(days))
        accepted = name in ("proof", "ancient")
        answer = OfferAnswer.ACCEPTED if accepted else OfferAnswer.DECLINED
        proof = replace(BY_KEY, recording=str(file)) if accepted else None
        await store.save_answer(f"O-{name}", answer, ago(days), proof)
    await store.flush()
    return store


async def test_what_is_too_old_goes_and_what_proves_an_acceptance_stays(tmp_path: Path, database_url: str) -> None:
    store = await filled(tmp_path, database_url)
    await forget(store, load_settings(settings_in(tmp_path, KEEP)), NOW)
    files = {path.stem for path in (tmp_path / "recordings").iterdir()}
    assert files == {"today", "proof"}, "the proof of an acceptance is kept as long as the pack says, and no longer"
    kept = {}
    for name in ("today", "spring", "year", "years", "proof", "ancient"):
        record, said = await store.call(name), await store.events(name)
        kept[name] = (record is not None, [e.kind for e in said], bool(await store.opportunity(f"O-{name}")))
    everything = ["turn.heard", "offer.decided"]
    assert kept == {
        "today": (True, everything, True),
        "spring": (True, everything, True),
        "year": (False, ["offer.decided"], True),
        "years": (False, [], False),
        "proof": (True, everything, True),
        "ancient": (False, [], False),
    }
    spring = await store.call("spring")
    assert spring is not None and spring.recording == "", "nobody is sent to a file that is gone"
    await store.close()


async def test_nothing_is_deleted_unless_the_settings_say_so(tmp_path: Path, database_url: str) -> None:
    store = await filled(tmp_path, database_url)
    await forget(store, load_settings(settings_in(tmp_path, "")), NOW)
    await store.close()
    assert len(list((tmp_path / "recordings").iterdir())) == 6


def test_the_command_says_what_would_go(tmp_path: Path, database_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    async def fill() -> None:
        await (await filled(tmp_path, database_url)).close()

    asyncio.run(fill())
    at = ["forget", "--json", "-c", str(settings_in(tmp_path, KEEP))]
    for more, expected in (([], (3, 4, 2)), (["--now"], (3, 4, 2)), ([], (0, 0, 0))):
        assert main([*at, *more]) == 0
        said = json.loads(capsys.readouterr().out)
        assert (said["calls"], said["recordings"], said["offers"]) == expected


@pytest.mark.parametrize("wrong", ["offers_days = 30", "calls_days = 7"])
def test_what_the_gate_still_goes_by_cannot_be_forgotten(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(ConfigError):
        load_settings(settings_in(tmp_path, f"[keep]\n{wrong}\n"))
