"""The report as JSON and as lines of text. Owns the form; every figure is the report's."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from ivr.offers.effects.answer import LANGUAGES, answer
from ivr.offers.effects.report import EffectReport
from ivr.offers.effects.verdicts import Finding


def as_json(report: EffectReport) -> dict[str, Any]:
    """Plain values; what is infinite (too early to say) is None."""
    return {
        "answer": {language: answer(report, language) for language in LANGUAGES},
        "sound": report.sound,
        "rows": report.rows,
        "planned": report.plan.planned,
        "checks": [asdict(check) for check in report.checks],
        "overall": [_finding(finding) for finding in report.overall],
        "groups": [
            {
                "group": group.group,
                "verdict": group.verdict.value,
                "because": group.because,
                "rows": group.rows,
                "share": report.share[group.group],
                "needs": group.needs,
                "findings": [_finding(finding) for finding in group.findings],
            }
            for group in report.groups
        ],
        "money": {**asdict(report.money), "net": report.money.net} if report.money is not None else None,
        "stop": report.stop,
    }


def as_text(report: EffectReport, language: str) -> Iterator[str]:
    """The answer first, then what it rests on."""
    yield answer(report, language)
    yield ""
    for check in report.checks:
        yield f"{'ok ' if check.passed else 'RED'}  {check.name}: {check.detail}"
    yield ""
    yield f"{report.rows} of {report.plan.planned} households; treated minus holdout, [any time], (at the planned end)"
    for finding in report.overall:
        yield f"  everybody      {_line(finding)}"
    for group in report.groups:
        yield f"  {group.group:14} {group.verdict.value}, {group.rows} households"
        for finding in group.findings:
            yield f"                 {_line(finding)}"


def _line(finding: Finding) -> str:
    estimate = finding.estimate
    said = f"{estimate.outcome:13} {estimate.effect:+.4f}"
    interval = finding.why or f"[{finding.low:+.4f}, {finding.high:+.4f}]"
    bounds = finding.bounds
    lee = f"  Lee [{bounds.lower:+.4f}, {bounds.upper:+.4f}]" if bounds is not None and bounds.differ else ""
    return f"{said} {interval} ({finding.fixed_low:+.4f}, {finding.fixed_high:+.4f}){lee}"


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


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
