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
from ivr.offers.experiment import Experiment
from ivr.storage.store import Store
from ivr.supervisor.effect_evidence import evidence
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


async def test_a_household_that_was_counted_is_not_new_when_its_offers_are_forgotten(
    tmp_path: Path, database_url: str
) -> None:
    """Offers of all ages, to which the treated half said yes. They are forgotten, but for the proofs; then everybody
    calls again, and so do as many others for the first time."""
    store, draw = await Store.open(database_url), Experiment(salt="ivr", holdout=0.5)
    rows, answers = [], []
    for number in range(80):
        arm = draw.arm(f"H{number}")
        for days in (900, 20) if number < 40 else (20,):
            made = replace(
                SPOKEN, opportunity_id=f"{number}-{days}", household=f"H{number}", arm=arm, speak=arm == "treat"
            )
            rows.append((replace(made, p_treat=0.5, phase=draw.phase), f"c{number}-{days}", "C", ago(days)))
            if arm == "treat" and days == 900:
                answers.append((made.opportunity_id, OfferAnswer.ACCEPTED, ago(days), BY_KEY))
    await store.save_opportunities(rows)
    await store.save_answers(answers)
    now_ms = round(NOW.timestamp() * 1000)
    assert len((await evidence(store, draw, now_ms)).people.rows) == 80
    settings = load_settings(settings_in(tmp_path, KEEP + "[offers]\nholdout = 0.5\n"))
    for _ in range(2):  # as every ten minutes
        await forget(store, settings, NOW)
    kept = await store.experiment_rows()
    assert {row.arm for row in kept if row.opportunity_id.endswith("-900")} == {"treat"}, "proofs stay, of one arm only"
    seen = await evidence(store, draw, now_ms)
    assert {row.household for row in seen.people.rows} == {f"H{n}" for n in range(40, 80)}
    gone = await store.forgotten_households()
    assert len(gone) == 40 and gone.isdisjoint({f"H{n}" for n in range(80)}), "nobody is named"
    anew = Experiment(salt="another", holdout=0.5)
    drawn = [(replace(each, phase=anew.phase, opportunity_id=f"new {each.opportunity_id}"), *of) for each, *of in rows]
    await store.save_opportunities(drawn[1::2])  # some of them call after the salt was changed
    renewed = await evidence(store, anew, now_ms)
    assert "H0" in {row.household for row in renewed.people.rows}, "in a new draw everybody counts once again"
    assert renewed.people.logged.elsewhere == len(kept)
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
