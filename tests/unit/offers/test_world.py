"""Worlds whose truth is known, and the half years lived in them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from shutil import copyfile

import numpy as np
import pytest

from ivr.cli import main
from ivr.demo.offer_figures import figures, harmed_groups
from ivr.demo.offer_simulation import Simulation
from ivr.model.errors import DesignError
from ivr.offers.effects.plan import CSAT
from ivr.offers.world import BASE, load_world
from ivr.storage.store import Store

LOUD = """
name: loud
products: [tea, cake]
margin: {tea: 2, cake: 9}
segments:
  calm: {share: 0.5, accept: [0.10, 0.30]}
  cross: {share: 0.5, accept: [0.40, 0.01]}
accept_shift: {age: [0.1, 0.0]}
outcomes:
  csat: {base: [4.2, 4.2], effect: [0.1, -1.2], sd: 0.8}
  repeat: {base: [0.1, 0.1], effect: [0.0, 0.2]}
stated_prices: {csat_point: 2.0}
"""

FREQUENT = """
name: frequent
products: [tea, cake]
margin: {tea: 2, cake: 9}
not_eligible_share: 0.2
segments:
  calm: {share: 0.6, accept: [0.20, 0.30]}
  cross: {share: 0.4, accept: [0.40, 0.10]}
accept_shift: {age: [0.3, 0.0]}
outcomes:
  csat: {base: [4.2, 3.8], effect: [0.1, -0.3], sd: 0.8, covariate: {age: 0.4}}
  repeat: {base: [0.20, 0.25], effect: [-0.02, 0.05]}
  hangup: {base: [0.15, 0.15], effect: [0.05, 0.10]}
  aht: {base: [240, 250], effect: [20, 30], sd: 60}
survey_response: {base: [0.6, 0.7], effect: [-0.1, -0.1]}
"""
SEEDS = 100


def _world_file(folder: Path, text: str) -> Path:
    path = folder / "world.yml"
    path.write_text(text, encoding="utf-8")
    return path


async def _make(path: Path) -> None:
    await (await Store.open(f"sqlite:///{path}")).close()


@pytest.mark.slow
def test_another_world_is_lived_in_and_its_harmed_group_found(tmp_path: Path) -> None:
    world = load_world(_world_file(tmp_path, LOUD))
    assert harmed_groups(world) == ("cross",)
    run, quiet = asyncio.run(Simulation(world, seed=3, calls=1500, folder=tmp_path).run(every=100))
    found = figures(world, [run], [quiet])
    assert found["harm_found"] == 1.0
    assert found["false_hates"] == found["false_hates_null"] == 0.0
    assert found["offers_past_a_closed_gate"] == 0
    assert found["value"]["oracle"] > found["value"]["policy"] > found["value"]["random"]
    assert found["suspension_gain"] > 0.0
    assert abs(run.errors[CSAT][0]) < 4 * run.errors[CSAT][1]


@pytest.mark.slow
def test_of_a_hundred_half_years_as_many_intervals_cover_the_truth_and_as_few_alarm_as_they_should(
    tmp_path: Path,
) -> None:
    # Outcomes common enough for a few hundred households; a correct interval of 95 % misses a bound of three standard
    # errors (0.885) in one of 150 outcomes.
    world = load_world(_world_file(tmp_path, FREQUENT))
    empty = tmp_path / "empty.sqlite3"  # migrated once, not two hundred times
    asyncio.run(_make(empty))
    runs, quiet = [], []
    for seed in range(1, SEEDS + 1):
        for name in ("world", "nothing"):
            copyfile(empty, tmp_path / f"{name}-{seed}.sqlite3")
        simulation = Simulation(world, seed=seed, calls=600, folder=tmp_path, holdout=0.4, weeks=1)
        made, without = asyncio.run(simulation.run(every=50))
        runs.append(made)
        quiet.append(without)
    found = figures(world, runs, quiet)
    chance = 3.0 * (0.95 * 0.05 / SEEDS) ** 0.5
    assert all(0.95 - chance <= covered for covered in found["coverage"].values()), found["coverage"]
    biases = {name: told["mean"] for name, told in found["error_in_standard_errors"].items()}
    assert all(abs(bias) <= 3.0 / SEEDS**0.5 for bias in biases.values()), biases
    assert found["false_alarm"]["every50"] <= 0.05 + chance
    assert found["offers_past_a_closed_gate"] == 0


@pytest.mark.slow
def test_the_command_prints_one_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = _world_file(tmp_path, LOUD)
    assert (
        main(["offers", "simulate", "--world", str(path), "--seeds", "1", "--calls", "300", "--jobs", "1", "--json"])
        == 0
    )
    printed = json.loads(capsys.readouterr().out)
    assert set(printed["coverage"]) == {"csat", "repeat", "hangup", "aht", "accept", "revenue"}
    assert {"weekly", "every50", "naive"} <= set(printed["false_alarm"])
    assert printed["coverage"]["hangup"] is None, "this world knows no hang-ups"


def test_a_seed_gives_one_population() -> None:
    world = load_world()
    first, second = (world.draw(500, np.random.default_rng(7)) for _ in range(2))
    assert (first.accept == second.accept).all()
    assert first.eligible.any(axis=1).all()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("accept: [0.10, 0.30]", "accept: [0.10]"),
        ("effect: [0.1, -1.2]", "effect: [0.1]"),
        ("margin: {tea: 2, cake: 9}", "margin: {tea: 2}"),
        ("stated_prices", "designer_order: {calm: [0, 0]}\nstated_prices"),
        ("name: loud", "nome: loud"),
        ("products: [tea, cake]", "products: [tea, tea]"),
        ("share: 0.5, accept: [0.40", "share: -0.5, accept: [0.40"),
        ("calm: {share: 0.5", "calm: {share: 0.7"),
        ("accept: [0.40, 0.01]", "accept: [0.40, 1.01]"),
        ("cake: 9", "cake: .nan"),
        ("sd: 0.8", "sd: -0.8"),
        ("base: [0.1, 0.1]", "base: [0.1, 10]"),
        ("effect: [0.0, 0.2]", "effect: [-0.2, 0.2]"),
        ("  repeat:", "  repeats:"),
        ("csat_point", "csat_pint"),
    ],
)
def test_a_world_that_cannot_be_is_refused_with_its_place(tmp_path: Path, old: str, new: str) -> None:
    with pytest.raises(DesignError, match=r"world\.yml:\d+"):
        load_world(_world_file(tmp_path, LOUD.replace(old, new)))


def test_the_shipped_world_has_one_harmed_group() -> None:
    assert harmed_groups(load_world(BASE)) == ("senior",)
