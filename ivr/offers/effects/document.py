"""The report as JSON and as lines of text. Owns the form; every figure is the report's."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from ivr.offers.effects.answer import LANGUAGES, answer
from ivr.offers.effects.notes import note
from ivr.offers.effects.posterior import Reading, reading
from ivr.offers.effects.report import EffectReport
from ivr.offers.effects.validity import Check
from ivr.offers.effects.verdicts import Finding
from ivr.offers.effects.words import OUTCOMES, STATED, VERDICTS, amount, likelihood, number, percent, title_of

WIDE = 118


def as_json(report: EffectReport) -> dict[str, Any]:
    """Plain values; what is infinite (too early to say) is None."""
    return {
        "answer": {language: answer(report, language) for language in LANGUAGES},
        "sound": report.sound,
        "rows": report.rows,
        "planned": report.plan.planned,
        "titles": {
            group: {language: report.plan.title(group, language) for language in LANGUAGES}
            for group in report.plan.groups
        },
        "checks": [_check(check) for check in report.checks],
        "overall": [_finding(finding) for finding in report.overall],
        "groups": [
            {
                "group": group.group,
                "verdict": group.verdict.value,
                "because": group.because,
                "rows": group.rows,
                "share": report.share[group.group],
                "needs": group.needs,
                "since_ms": group.since_ms,
                "findings": [_finding(finding) for finding in group.findings],
            }
            for group in report.groups
        ],
        "p_harm_beyond_margin": {
            "decides": False,
            "prior": "Beta(1, 1)",
            "words": dict(note("posterior")),
            "readings": [_reading(reading(tally)) for tally in report.tallies],
        },
        "stated": {"decides": False, "words": dict(note("stated")), **asdict(report.stated)} if report.stated else None,
        "money": {**asdict(report.money), "net": report.money.net} if report.money is not None else None,
        "stop": report.stop,
        "suspended": [asdict(each) for each in report.standing.in_force()],
    }


def as_text(report: EffectReport, language: str) -> Iterator[str]:
    """May it speak at all? The answer, then what it rests on."""
    words, passed = _TEXT[language], sum(check.passed for check in report.checks)
    if report.rows or not report.sound:
        sound = words["sound"] if report.sound else words["unsound"]
        yield f"{sound} ({passed} / {len(report.checks)})"
        yield from _checks(report, language)
        yield ""
    yield from textwrap.wrap(answer(report, language), WIDE)
    if not report.rows:
        return
    yield ""
    rows, planned = (number(n, language) for n in (report.rows, report.plan.planned))
    yield words["everybody"].format(rows=rows, planned=planned)
    yield f"  {words['outcome']:42} {words['effect']:>9}  {words['any_day']:22} {words['planned_end']}"
    for finding in report.overall:
        yield f"  {_line(finding, language)}"
    for group in report.groups:
        share, rows = percent(report.share[group.group]), number(group.rows, language)
        yield ""
        title, verdict = report.plan.title(group.group, language), VERDICTS[language][group.verdict.value]
        yield words["group"].format(group=title, verdict=verdict, rows=rows, share=share)
        for finding in group.findings:
            yield f"  {_line(finding, language)}"
    yield from _posterior(report, language)
    yield from _stated(report, language)


def _checks(report: EffectReport, language: str) -> Iterator[str]:
    """What is red, what has to be said, and the names of the rest."""
    words, green = _TEXT[language], []
    for check in report.checks:
        title = title_of(check.name, language)
        if check.passed and not check.remark:
            green.append(title)
            continue
        line = f"{words['ok'] if check.passed else words['red']:4} {title}: {check.words[language]}"
        yield from textwrap.wrap(line, WIDE, initial_indent="  ", subsequent_indent=" " * 7)
    line = f"{words['ok']:4} {'; '.join(green)}"
    yield from textwrap.wrap(line, WIDE, initial_indent="  ", subsequent_indent=" " * 7)


def _posterior(report: EffectReport, language: str) -> Iterator[str]:
    """A line an outcome: everybody first, then the groups."""
    words, told = _TEXT[language], [reading(tally) for tally in report.tallies]
    if told:
        yield ""
        yield from textwrap.wrap(note("posterior")[language], WIDE)
    for outcome in dict.fromkeys(each.tally.outcome for each in told):
        of_outcome = [each for each in told if each.tally.outcome == outcome]
        by = words["by"].format(margin=100.0 * of_outcome[0].tally.margin)
        titles = [report.plan.title(each.tally.group, language) or words["all"] for each in of_outcome]
        said = [f"{title} {_likely(each, language)}" for title, each in zip(titles, of_outcome, strict=True)]
        line = f"{OUTCOMES[language][outcome]}, {by}: {'; '.join(said)}"
        yield from textwrap.wrap(line, WIDE, initial_indent="  ", subsequent_indent="    ")


def _stated(report: EffectReport, language: str) -> Iterator[str]:
    if report.stated is None:
        return
    yield ""
    yield from textwrap.wrap(note("stated")[language], WIDE)
    asked = _TEXT[language]["asked"].format(told=report.stated)
    said = (
        f"{STATED[language][each.answer]} {each.share:.0%} [{each.low:.0%}, {each.high:.0%}]"
        for each in report.stated.said
    )
    yield f"  {'; '.join((asked, *said))}"


def _likely(each: Reading, language: str) -> str:
    return likelihood(each.p) if each.p is not None else _TEXT[language]["few"].format(each=each)


def _line(finding: Finding, language: str) -> str:
    estimate = finding.estimate
    outcome = estimate.outcome
    fixed = f"({amount(outcome, finding.fixed_low)}, {amount(outcome, finding.fixed_high)})"
    interval = f"[{amount(outcome, finding.low)}, {amount(outcome, finding.high)}]" if not finding.why else "-"
    late = f"  {finding.why_words[language]}" if finding.why else ""
    bounds = finding.bounds
    lee = ""
    if bounds is not None and bounds.differ:
        lee = f"  {_TEXT[language]['lee']} [{amount(outcome, bounds.lower)}, {amount(outcome, bounds.upper)}]"
    name = OUTCOMES[language].get(outcome, outcome)
    return f"{name:42} {amount(outcome, estimate.effect):>9}  {interval:22} {fixed}{late}{lee}"


_TEXT: Mapping[str, Mapping[str, str]] = {
    "en": {
        "sound": "The experiment is sound",
        "unsound": "The experiment is NOT sound: no verdict",
        "ok": "ok",
        "red": "RED",
        "everybody": "Everybody: {rows} of {planned} planned households",
        "outcome": "with an offer, less the holdout",
        "effect": "effect",
        "any_day": "valid any day",
        "planned_end": "(only at the planned end)",
        "group": "{group}: {verdict} ({rows} households, {share} of the callers)",
        "lee": "bounds, for callers who did not answer:",
        "by": "more than {margin:g} points more",
        "all": "everybody",
        "asked": "asked {told.asked}, answered {told.answered}",
        "few": "too early ({each.callers} of about {each.least} callers)",
    },
    "ru": {
        "sound": "Опыт проведён чисто",
        "unsound": "Опыт проведён с нарушением: вывода нет",
        "ok": "да",
        "red": "НЕТ",
        "everybody": "Все: {rows} из {planned} намеченных домохозяйств",
        "outcome": "с предложением минус без него",
        "effect": "эффект",
        "any_day": "верно в любой день",
        "planned_end": "(только в назначенный день)",
        "group": "{group}: {verdict} (домохозяйств {rows}, звонящих {share})",
        "lee": "границы с учётом не ответивших:",
        "by": "прибавка больше {margin:g} п.п.",
        "all": "все",
        "asked": "спрошено {told.asked}, ответили {told.answered}",
        "few": "рано ({each.callers} звонящих из примерно {each.least})",
    },
}


def _finding(finding: Finding) -> dict[str, Any]:
    estimate = finding.estimate
    return {
        "outcome": estimate.outcome,
        "effect": estimate.effect,
        "treated": estimate.treated_mean,
        "holdout": estimate.holdout_mean,
        "rows": estimate.rows,
        "events": estimate.events,
        "low": _finite(finding.low),
        "high": _finite(finding.high),
        "fixed": [finding.fixed_low, finding.fixed_high],
        "margin": finding.margin.limit if finding.margin is not None else None,
        "why": finding.why,
        "why_words": dict(finding.why_words),
        "bounds": asdict(finding.bounds) if finding.bounds is not None else None,
    }


def _reading(each: Reading) -> dict[str, Any]:
    tally = each.tally
    return {
        "group": tally.group,
        "outcome": tally.outcome,
        "margin": tally.margin,
        "p": each.p,
        "callers": each.callers,
        "least": each.least,
        "phases": [asdict(phase) for phase in tally.phases],
    }


def _check(check: Check) -> dict[str, Any]:
    titles = {language: title_of(check.name, language) for language in LANGUAGES}
    return {
        "name": check.name,
        "passed": check.passed,
        "remark": check.remark,
        "detail": check.detail,
        "titles": titles,
        "words": dict(check.words),
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
