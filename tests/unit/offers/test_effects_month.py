"""Made-up months whose truth is known: what the report says of them, from the log entries on."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from ivr.call.record import fold
from ivr.config import ServerSettings, Settings, StorageSettings
from ivr.demo.effects_coverage import covered
from ivr.demo.effects_month import NOW, month
from ivr.offers.effects.figures import How
from ivr.sections import EffectsSettings
from ivr.storage.store import Store
from ivr.supervisor.effects import check, figures
from tests.unit.offers.cases import ROOT

SEEDS = 10


@pytest.mark.slow
def test_the_intervals_of_every_cell_cover_the_truth() -> None:
    found = [covered((seed, 2000)) for seed in range(1, SEEDS + 1)]
    for name in found[0]:
        hits = sum(each[name] for each in found)
        assert hits >= 7, f"{name}: {hits} of {SEEDS}: an interval that covers 95 % does so once in ten thousand"
    assert sum(sum(each.values()) for each in found) >= 0.9 * SEEDS * len(found[0])


@pytest.mark.slow
async def test_a_stored_month_is_measured_by_its_held_out_calls_and_checked_to_the_cent(tmp_path: Path) -> None:
    made = month(5, 500, held=0.2)
    url = f"sqlite:///{tmp_path / 'ivr.db'}"
    store = await Store.open(url)
    for log in made.logs:
        for entry in log:
            store.append(entry)
        await store.save_record(fold(log))
    for call_id, note in made.notes.items():
        await store.note_wrap_up(call_id, "a1", {"code": note.code, "asked_again": note.asked_again}, "a1")
    await store.close()
    settings = Settings(
        server=ServerSettings(assistant=ROOT / "dialogs" / "insurance"),
        storage=StorageSettings(url=url),
        effects=EffectsSettings(agent_hour=36.0, again_s=10.0),
    )
    now_ms = round((NOW + timedelta(hours=1)).timestamp() * 1000)
    found = {figure.name: figure for figure in await figures(settings, days=30, now_ms=now_ms)}
    for name in ("transfers_avoided", "second_transfers_avoided", "agent_time_saved", "money_saved", "calls_effect"):
        assert found[name].how is How.RANDOMISED
    assert found["calls"].value == sum(e.data["arm"] == "bot" for log in made.logs for e in log if "arm" in e.data)
    assert await check(settings, days=30, now_ms=now_ms) == []
