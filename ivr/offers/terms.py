"""The experiment as offers.yml pre-registers it: groups, what is known of callers, margins, planned sample.

Owns the reading of `experiment:` and `rules:`; what a report makes of it is ivr.offers.effects.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from ivr.document import Location
from ivr.model.offers import StatedQuestion
from ivr.offers.catalogue_file import CatalogueShape, ExperimentShape
from ivr.offers.effects.plan import (
    AHT,
    ANNOYED,
    CHURN,
    COMPLAINT,
    CSAT,
    DEFAULT_MARGINS,
    HANGUP,
    OPTOUT,
    REPEAT,
    Plan,
)
from ivr.offers.eligibility import Eligibility, named
from ivr.offers.groups import Grouping, Known

Problem = tuple[Location, str, str, str]
PRICED = (CSAT, ANNOYED, REPEAT, HANGUP, AHT, COMPLAINT, CHURN, OPTOUT)
"""Outcomes that can have a price: the harm both arms can have."""
MAX_STATED_WORDS = 40
"""15 s at 160 words a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentTerms:
    """grouping says who is who; plan is what the report is held to. survey: language -> what asks both arms for a grade
    from 1 to 5 by key; survey_share: of the households, 0..1, is ever asked; stated: language -> what asks some who
    heard an offer what it was like; complaints: intents that count as one."""

    grouping: Grouping
    plan: Plan
    survey: Mapping[str, str] = field(default_factory=dict)
    survey_share: float = 1.0
    stated: Mapping[str, StatedQuestion] = field(default_factory=dict)
    complaints: tuple[str, ...] = ("complaint",)


def terms_of(shape: ExperimentShape) -> ExperimentTerms:
    """shape must have passed problems()."""
    limits = {CSAT: shape.margins.csat, ANNOYED: shape.margins.annoyed}
    return ExperimentTerms(
        grouping=Grouping(
            conditions={name: Eligibility(text) for name, text in shape.groups.items()},
            known=tuple(Known(name=name, mean=k.mean, spread=k.spread) for name, k in shape.known.items()),
        ),
        plan=Plan(
            groups=tuple(shape.groups),
            planned=shape.planned,
            margins=tuple(replace(margin, limit=limits[margin.outcome]) for margin in DEFAULT_MARGINS),
            prices=shape.prices,
            titles=shape.titles,
        ),
        survey=shape.survey,
        survey_share=shape.survey_share,
        stated={
            language: StatedQuestion(ask=words.ask, thanks=words.thanks, never_after=shape.complaints)
            for language, words in shape.stated.items()
        },
        complaints=shape.complaints,
    )


def _of_stated(experiment: ExperimentShape, languages: tuple[str, ...]) -> Iterator[Problem]:
    """The question after the goodbye: in every language, or in none, and short."""
    for language in languages if experiment.stated else ():
        words = experiment.stated.get(language)
        if words is None:
            fix = f"Add {language}: {{ask: ..., thanks: ...}} to stated."
            yield ("experiment", "stated"), "offer-language", f"no stated in {language}", fix
        elif (spoken := len(words.ask.split())) > MAX_STATED_WORDS:
            what = f"ask takes {spoken} words, more than 15 seconds after the goodbye"
            fix = f"Cut it to {MAX_STATED_WORDS} words."
            yield ("experiment", "stated", language, "ask"), "offer-long", what, fix


def _of_groups(experiment: ExperimentShape, lines: tuple[str, ...]) -> Iterator[Problem]:
    for name, text in experiment.groups.items():
        place = ("experiment", "groups", name)
        try:
            Eligibility(text)
        except ValueError as error:
            yield place, "offer-group", str(error), "Mend the expression."
            continue
        for line in sorted(named(text, "lines") - set(lines)):
            yield place, "offer-group", f"unknown line {line}", f"Use one of {', '.join(lines)}."


def _of_titles(experiment: ExperimentShape, languages: tuple[str, ...]) -> Iterator[Problem]:
    """What groups are called where people read: of groups there are, in every language."""
    for group, titles in experiment.titles.items():
        if group not in experiment.groups:
            fix = f"Use one of {', '.join(experiment.groups)}."
            yield ("experiment", "titles", group), "offer-group", f"unknown group {group}", fix
        for language in (each for each in languages if not titles.get(each)):
            fix = f"Add {language}: to the titles of {group}."
            yield ("experiment", "titles", group), "offer-language", f"no title in {language}", fix


def problems(shape: CatalogueShape) -> Iterator[Problem]:
    """What is wrong with the experiment and the rules: (where, code, what, how to mend it)."""
    experiment = shape.experiment
    if experiment is not None:
        yield from _of_groups(experiment, shape.lines)
        for outcome in sorted(set(experiment.prices) - set(PRICED)):
            fix = f"Use one of {', '.join(PRICED)}."
            yield ("experiment", "prices", outcome), "offer-prices", f"no outcome {outcome} has a price", fix
        for language in shape.languages if experiment.survey else ():
            if not experiment.survey.get(language):
                fix = f"Add {language}: to survey."
                yield ("experiment", "survey"), "offer-language", f"no survey in {language}", fix
        yield from _of_stated(experiment, shape.languages)
        yield from _of_titles(experiment, shape.languages)
    if shape.ranking in {"rules", "learned"} and experiment is None:
        fix = "Add experiment: with its groups, or use ranking: fixed."
        yield ("ranking",), "offer-ranking", f"ranking {shape.ranking} goes by group, and there are none", fix
    groups = tuple(experiment.groups) if experiment else ()
    for group, order in shape.rules.items():
        if group not in groups and group != "else":
            fix = f"Use one of {', '.join((*groups, 'else'))}."
            yield ("rules", group), "offer-rules", f"unknown group {group}", fix
        for at, product in enumerate(order):
            if product not in shape.products:
                fix = f"Use one of {', '.join(shape.products)}."
                yield ("rules", group, at), "offer-rules", f"unknown product {product}", fix
    if shape.ranking == "rules" and not shape.rules:
        yield ("ranking",), "offer-rules", "ranking rules needs an order", "Add rules: with an order for each group."
