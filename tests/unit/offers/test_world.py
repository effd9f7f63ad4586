"""Worlds whose truth is known, and the half years lived in them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest

from ivr.cli import main
from ivr.demo.offer_figures import figures, harmed_groups
from ivr.demo.offer_simulation import Simulation
from ivr.model.errors import DesignError
from ivr.offers.effects.plan import CSAT
from ivr.offers.world import BASE, load_world

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


def _world_file(folder: Path, text: str) -> Path:
    path = folder / "world.yml"
    path.write_text(text, encoding="utf-8")
    return path


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
