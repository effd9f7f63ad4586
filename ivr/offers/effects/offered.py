"""What offers do, as figures of the direct and indirect effect: the experiment's, in shares, points and money."""

from __future__ import annotations

from ivr.offers.effects.figures import Figure, How, unknown
from ivr.offers.effects.notes import note
from ivr.offers.effects.plan import AHT, ANNOYED, CHURN, COMPLAINT, CSAT, REPEAT, REVENUE
from ivr.offers.effects.report import EffectReport
from ivr.offers.effects.verdicts import Finding

WANTED = (
    ("offer_revenue", "offers", REVENUE, "money"),
    ("offer_time_added", "offers", AHT, "s"),
    ("satisfaction_effect", "indirect", CSAT, "points"),
    ("annoyed_effect", "indirect", ANNOYED, "share"),
    ("repeat_effect", "indirect", REPEAT, "share"),
    ("complaint_effect", "indirect", COMPLAINT, "share"),
    ("churn_effect", "indirect", CHURN, "share"),
    ("retained_value", "indirect", CHURN, "money"),
)
"""(name, column, outcome, unit) of each."""


def of_offers(report: EffectReport | None, opportunities: int, customer_year: float) -> tuple[Figure, ...]:
    """By a sound experiment; too few events, and it is not measurable yet. Seconds and money: per household's first
    opportunity, times the opportunities of the period; a customer who stays is worth customer_year (0: not stated)."""
    found = {f.estimate.outcome: f for f in report.overall} if report is not None and report.sound else {}
    made = []
    for name, column, outcome, unit in WANTED:
        finding = found.get(outcome)
        if name == "retained_value" and not customer_year:
            made.append(unknown(name, unit, note("state", name="customer_year"), column=column))
        elif finding is None:
            why = note("no_churn" if outcome == CHURN else "no_experiment")
            made.append(unknown(name, unit, why, column=column))
        elif unit in ("money", "s") and not opportunities:
            made.append(unknown(name, unit, note("no_opportunities"), column=column))
        elif finding.why:
            made.append(unknown(name, unit, finding.why_words, column=column))
        else:
            times = 1.0 if unit in ("points", "share") else float(opportunities)
            times *= -customer_year if name == "retained_value" else 1.0
            made.append(_figure(name, column, unit, finding, times))
    return tuple(made)


def _figure(name: str, column: str, unit: str, finding: Finding, times: float) -> Figure:
    digits = 2 if unit in ("money", "s") else 4
    low, high = sorted((finding.fixed_low * times, finding.fixed_high * times))
    return Figure(
        name=name,
        column=column,
        value=round(finding.estimate.effect * times, digits),
        unit=unit,
        how=How.RANDOMISED,
        rows=finding.estimate.rows,
        low=round(low, digits),
        high=round(high, digits),
        note=note("as_first") if unit in ("money", "s") else {},
    )
