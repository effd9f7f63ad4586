"""How likely harm beyond a margin is: exact, calibrated, and no mixture of times."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from ivr.offers.effects.document import as_json, as_text
from ivr.offers.effects.estimates import Sample
from ivr.offers.effects.plan import ANNOYED, COMPLAINT, HANGUP, Plan
from ivr.offers.effects.posterior import EVERYONE, Phase, Tally, p_beyond, reading, tallies
from ivr.offers.effects.report import effect_report
from ivr.offers.effects.rows import population
from tests.unit.offers.test_effect_report import PLAN, _rows

RARE = Phase(treated=3600, treated_hits=31, held=400, held_hits=0)
LATER = Phase(treated=1900, treated_hits=410, held=100, held_hits=15)
FRESH = Phase(treated=3, treated_hits=1, held=0, held_hits=0)
ALL_OF_THEM = Phase(treated=40, treated_hits=40, held=12, held_hits=11)


@pytest.mark.parametrize(
    ("phases", "margin"),
    [
        ([RARE], 0.005),
        ([LATER], 0.02),
        ([RARE, LATER, FRESH], 0.03),
        ([ALL_OF_THEM], 0.05),
        ([replace(RARE, treated_hits=0)], -0.001),
    ],
)
def test_the_probability_is_the_share_of_many_draws(phases: list[Phase], margin: float) -> None:
    rng, draws, total = np.random.default_rng(4), 250_000, sum(phase.callers for phase in phases)
    difference = np.zeros(draws)
    for phase in phases:
        treated = rng.beta(1 + phase.treated_hits, 1 + phase.treated - phase.treated_hits, draws)
        held = rng.beta(1 + phase.held_hits, 1 + phase.held - phase.held_hits, draws)
        difference += phase.callers / total * (treated - held)
    drawn = float((difference > margin).mean())
    assert 0.005 < drawn < 0.995, "a case that could be told from nought and one"
    assert p_beyond(phases, margin) == pytest.approx(drawn, abs=0.004), "four standard errors of the draws"
    assert p_beyond(phases, margin) == p_beyond(phases, margin), "nothing of it is left to chance"


def test_of_what_is_called_seventy_percent_likely_seventy_of_a_hundred_are_so() -> None:
    """Worlds drawn from the prior, in which first 20 %, then 10 % were held out."""
    rng, margin, said, true = np.random.default_rng(6), 0.05, [], []
    for _ in range(400):
        phases, difference = [], 0.0
        for treated, held in ((24, 6), (36, 4)):
            rates = rng.random(2)
            hits = rng.binomial((treated, held), rates).tolist()
            phases.append(Phase(treated=treated, treated_hits=hits[0], held=held, held_hits=hits[1]))
            difference += (treated + held) / 70 * float(rates[0] - rates[1])
        said.append(p_beyond(phases, margin))
        true.append(difference > margin)
    likely, really = np.array(said), np.array(true, dtype=float)
    for low, high in ((0.0, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 1.0)):
        among = (likely >= low) & (likely <= high)
        chance = np.sqrt((likely[among] * (1 - likely[among])).sum()) / among.sum()
        assert among.sum() > 30
        assert really[among].mean() == pytest.approx(likely[among].mean(), abs=3.0 * chance)


def test_a_share_held_out_that_changed_does_not_make_angrier_times_an_effect_of_offers() -> None:
    """Ten in a hundred are annoyed at first, thirty later, offers or not; later fewer are held out."""
    then = Phase(treated=4000, treated_hits=400, held=1000, held_hits=100)
    later = Phase(treated=4750, treated_hits=1425, held=250, held_hits=75)
    pooled = Phase(treated=8750, treated_hits=1825, held=1250, held_hits=175)
    assert p_beyond([pooled], 0.02) > 0.99, "compared as if they were of one time"
    assert p_beyond([then, later], 0.02) < 0.15
    treated = np.repeat([True, False, True, False], [4000, 1000, 4750, 250])
    annoyed = np.concatenate([np.arange(n) < hits for n, hits in ((4000, 400), (1000, 100), (4750, 1425), (250, 75))])
    sample = Sample(
        treated=treated,
        p_treat=np.repeat([0.8, 0.95], 5000),
        covariates=np.zeros((10_000, 0)),
        outcomes={ANNOYED: annoyed.astype(float)},
        groups=np.full(10_000, "young"),
    )
    everybody, young = tallies(sample, Plan(groups=("young",)))
    assert (everybody.group, everybody.margin, everybody.phases) == (EVERYONE, 0.02, (then, later))
    assert young == replace(everybody, group="young")


def test_nothing_is_told_that_is_mostly_the_prior() -> None:
    few = Tally(group="", outcome=COMPLAINT, margin=0.005, phases=(replace(RARE, held=300),))
    assert (reading(few).p, reading(few).callers, reading(few).least) == (None, 300, 398)
    assert reading(replace(few, phases=(RARE,))).p == pytest.approx(p_beyond([RARE], 0.005))
    assert reading(replace(few, phases=())).p is None
    assert reading(replace(few, phases=(FRESH,), margin=0.02)).least == 98
    two = Tally(group="", outcome=ANNOYED, margin=0.02, phases=(replace(LATER, held=60), replace(LATER, held=60)))
    assert reading(two).p is None, "each phase has a prior of its own"
    assert reading(two).least > 120


def test_the_report_tells_it_of_everybody_and_of_each_group_and_of_nobody_when_unsound() -> None:
    rows = _rows(3000)
    report = effect_report(population(rows), PLAN)
    told = json.loads(json.dumps(as_json(report)))["p_harm_beyond_margin"]
    assert told["decides"] is False and told["prior"] == "Beta(1, 1)"
    of = {(each["group"], each["outcome"]): each for each in told["readings"]}
    assert {group for group, _ in of} == {"", "young", "old"}
    assert of["", HANGUP]["p"] == p_beyond([Phase(**phase) for phase in of["", HANGUP]["phases"]], 0.03)
    assert (
        sum(of[group, HANGUP]["phases"][0]["held"] for group in ("young", "old")) == of["", HANGUP]["phases"][0]["held"]
    )
    english, russian = ("\n".join(as_text(report, language)) for language in ("en", "ru"))
    assert "decides nothing" in english and "hung up early, more than 3 points more: everybody < 1 %" in english
    assert "ничего не решает" in russian and "рано положили трубку, прибавка больше 3 п.п.: все < 1 %" in russian
    lost = [row for row in rows if row.arm == "treat" or int(row.opportunity_id[1:]) % 3]
    unsound = effect_report(population(lost), PLAN)
    assert as_json(unsound)["p_harm_beyond_margin"]["readings"] == []
    assert "decides nothing" not in "\n".join(as_text(unsound, "en"))
