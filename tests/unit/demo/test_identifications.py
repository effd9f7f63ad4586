"""Callers identified, and callers who must not be: the real dialog, understanding, identification and storage."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import islice
from pathlib import Path

import pytest
import pytest_asyncio

from ivr.config import NluSettings
from ivr.demo.caller_voice import CallersEar
from ivr.demo.crm_people import Invented, invent
from ivr.demo.identity_callers import identifications
from ivr.demo.identity_calls import Bureau, disclosures
from ivr.demo.identity_simulation import figures, open_bureau, right, simulate, wrong_person
from ivr.demo.shared_numbers import guesses, shared_number_cases
from ivr.model.identity import Level

ROOT = Path(__file__).parents[3]
INSURANCE = ROOT / "dialogs" / "insurance"
AS_IN_A_CALL = NluSettings(cache_dir=ROOT / "var" / "nlu")


@pytest.fixture(scope="module")
def people() -> list[Invented]:
    return invent(2_500, seed=7)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bureau(people: list[Invented], tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bureau]:
    folder = tmp_path_factory.mktemp("bureau")
    async with open_bureau(folder, people, INSURANCE, AS_IN_A_CALL) as opened:
        yield opened


@pytest.mark.slow
@pytest.mark.asyncio(loop_scope="module")
async def test_callers_are_identified_and_nobody_else_is(bureau: Bureau, people: list[Invented]) -> None:
    calls = await simulate(bureau, identifications(people, 60, seed=3), seed=3)
    told = figures(calls)
    assert told["wrong_person"] == 0, [call.transcript for call in calls if wrong_person(call)]
    assert told["right_level"] >= 0.95, [call.transcript for call in calls if not right(call)]
    assert all(right(call) for call in calls if not call.caller.right)
    named = [call for call in calls if call.caller.kind == "no_policy" and call.caller.sentence]
    assert named and not any("utter_ask_full_name" in call.prompts for call in named)  # said with the request


@pytest.mark.slow
@pytest.mark.asyncio(loop_scope="module")
async def test_on_shared_numbers_nobody_hears_a_word_of_somebody_else(bureau: Bureau, people: list[Invented]) -> None:
    calls = await simulate(bureau, shared_number_cases(people, each=19, seed=5), seed=5)
    assert len(calls) >= 200
    assert [call.transcript for call in calls if wrong_person(call)] == []
    assert all(right(call) for call in calls if not call.caller.right)
    mine = [call for call in calls if call.caller.right]
    # Strangers who fail at an office's telephone close it to everybody for an hour: some customers get a person.
    assert sum(map(right, mine)) >= 0.85 * len(mine), [call.transcript for call in mine if not right(call)]
    for call in calls:
        for entry in call.journal:  # nor does the log hold a value
            assert call.caller.claims.birth_date not in str(entry.data)
            assert call.caller.claims.policy not in str(entry.data)


@pytest.mark.slow
async def test_no_refusal_tells_which_fact_was_wrong(people: list[Invented], tmp_path: Path) -> None:
    async with open_bureau(tmp_path, people[:800], INSURANCE, NluSettings(engine="tfidf")) as bureau:
        await _same_words(bureau, people[:800])


async def _same_words(bureau: Bureau, people: list[Invented]) -> None:
    for number, three in enumerate(islice(guesses(people, seed=9), 5)):
        calls = await simulate(bureau, three, seed=100 + number)
        assert all(call.level < Level.L1 for call in calls)
        heard = [[line for line in call.transcript if line.startswith(("bot:", "      "))] for call in calls]
        assert any("refused" in line for line in heard[0])
        assert heard[0] == heard[1] == heard[2]


def test_a_name_or_a_number_nobody_said_is_a_disclosure(people: list[Invented]) -> None:
    anna = next(p for p in people if p.language == "ru" and len(p.name.split()) == 3)
    given, _, family = anna.name.split()
    assert disclosures(f"Это {family}?", "", (anna,)) == disclosures(f"Это {family}?", given, (anna,)) != []
    assert disclosures(f"Это {family}?", f"меня зовут {family}", (anna,)) == []
    digits = anna.policy.rpartition("-")[2]
    assert disclosures(f"Полис {' '.join(digits)}", "", (anna,)) and not disclosures(f"{digits}", digits, (anna,))
    assert disclosures("Назовите дату рождения.", "", (anna,)) == []


@pytest.mark.models
@pytest.mark.asyncio(loop_scope="module")
async def test_callers_are_identified_by_ear(people: list[Invented], tmp_path: Path) -> None:
    """Voice, telephone line, recogniser; the whole set is `ivr identity simulate --audio 60`."""
    ear = CallersEar(ROOT / "voice_models", ("en", "ru"))
    try:
        async with open_bureau(tmp_path, people, INSURANCE, AS_IN_A_CALL, ear) as opened:
            chosen = [c for c in identifications(people, 20, seed=2) if c.language == "en" and not c.lacks][:3]
            calls = await simulate(opened, chosen, seed=2)
    finally:
        await ear.close()
    assert not any(map(wrong_person, calls))
    assert sum(map(right, calls)) >= 2, [call.transcript for call in calls]
