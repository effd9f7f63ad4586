"""What the bot saves the agents: transfers, second transfers, seconds, posts, money.

Measured where calls are held out of the bot (baseline.py); else reckoned from what the operator states, and marked so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ivr.offers.effects.baseline import LEAST_TAKEN, LEAST_UNITS, Baseline, Difference, baseline_of
from ivr.offers.effects.figures import Figure, How, cents, count, share, share_of, student, unknown
from ivr.offers.effects.handled import QUEUE, Handled
from ivr.offers.effects.notes import joined, note
from ivr.offers.effects.words import numbers

LEAST_NOTED = 0.5
"""Share of transfers agents must have noted something of, for what they noted to stand for all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What the operator states; 0 = not stated. Money in the catalogue's currency. agent_s, needs_agent: intent (or
    "else") -> seconds an agent takes for it, share of such calls an agent would have had to take. identify_s, again_s:
    seconds an agent saves on a transferred call by not asking who calls, and not asking for the request again;
    asked_again: share of transfers in which that had to be asked before there was a bot. moved_twice: share of
    transfers that were passed on before. customer_year: what a customer who stays is worth in a year."""

    agent_hour: float = 0.0
    bot_minute: float = 0.0
    agent_s: Mapping[str, float] = field(default_factory=dict)
    needs_agent: Mapping[str, float] = field(default_factory=dict)
    identify_s: float = 0.0
    again_s: float = 0.0
    asked_again: float = 1.0
    moved_twice: float = 0.0
    customer_year: float = 0.0
    hours_a_day: float = 8.0
    occupancy: float = 0.8


def saved(calls: Sequence[Handled], contained: Sequence[Handled], rates: Rates, days: float) -> Iterable[Figure]:
    """Of all calls, held-out ones among them. contained: settled by the bot, for good. days: for the posts."""
    baseline = baseline_of(calls)
    transfers = [c for c in calls if c.agent and c.arm != QUEUE]
    known, again = _identified(transfers, rates), _not_asked_again(transfers, baseline, rates)
    measured = baseline.enough
    yield _transfers_by_household(baseline) if measured else _transfers_stated(contained, rates)
    yield _passed_on(transfers, baseline, rates)
    yield known
    yield again
    if measured and all(call.agent_s is not None for held in (True, False) for call in baseline.calls(held=held)):
        yield from _time_by_household(baseline, rates, days)
    else:
        yield from _time_stated(contained, (known.value or 0.0) + (again.value or 0.0), rates, days)
    yield from _held_out(baseline)


# ---- by the calls held out -------------------------------------------------------------------------------------


def _transfers_by_household(baseline: Baseline) -> Figure:
    found = baseline.difference(lambda call: float(bool(call.agent)))
    return _times(found, baseline, "transfers_avoided", "calls", 1.0)


def _time_by_household(baseline: Baseline, rates: Rates, days: float) -> Iterable[Figure]:
    found = baseline.difference(lambda call: call.agent_s or 0.0)
    yield _times(found, baseline, "agent_time_saved", "s", 1.0)
    yield _times(found, baseline, "posts_saved", "fte", 1.0 / _post_s(rates, days), besides=_post(rates))
    if rates.agent_hour:
        yield _times(found, baseline, "money_saved", "money", rates.agent_hour / 3600.0)
    else:
        yield unknown("money_saved", "money", note("state", name="agent_hour"))


def _times(
    found: Difference,
    baseline: Baseline,
    name: str,
    unit: str,
    factor: float,
    *,
    besides: Mapping[str, str] | None = None,
) -> Figure:
    """A difference per household, times the households the bot served."""
    times = len(baseline.served) * factor
    needed = found.needed(len(baseline.held))
    by = note("by_household", held=len(baseline.held), served=len(baseline.served))
    return Figure(
        name=name,
        column="direct",
        value=cents(found.value * times),
        unit=unit,
        how=How.RANDOMISED,
        rows=len(baseline.held) + len(baseline.served),
        low=cents((found.value - found.reach) * times),
        high=cents((found.value + found.reach) * times),
        note=joined(by, besides or {}, note("unsure", more=numbers(needed)) if needed else {}),
    )


def _held_out(baseline: Baseline) -> Iterable[Figure]:
    """What the held-out calls themselves say: did they need an agent, how long did these take?"""
    held = baseline.calls(held=True)
    if not held:
        yield unknown("held_out", "calls", note("holdout_off"))
        return
    short = note("holdout_short", held=len(baseline.held), taken=baseline.taken, units=LEAST_UNITS, calls=LEAST_TAKEN)
    yield count("held_out", len(held), note=note("held") if baseline.enough else short)
    pairs = [(call.unit, bool(call.agent)) for call in held]
    yield share("agent_needed_baseline", pairs, note("held"), nothing=note("no_calls"))
    talks = [call for call in held if call.agent and call.agent_s is not None]
    away = sum(call.agent_s is None for call in held)
    if len({call.unit for call in talks}) < 2:
        why = note("moved_away", calls=away) if away else note("none_taken")
        yield unknown("agent_time_baseline", "s", why)
    else:
        yield _talk(talks, away)
    if baseline.enough:
        yield _calls_of_a_household(baseline)


def _talk(talks: Sequence[Handled], away: int) -> Figure:
    """Mean seconds with an agent; households as rows (ratio of sums, delta method)."""
    sums: dict[str, tuple[float, int]] = {}
    for call in talks:
        seconds, calls = sums.get(call.unit, (0.0, 0))
        sums[call.unit] = (seconds + (call.agent_s or 0.0), calls + 1)
    mean, rows = sum(s for s, _ in sums.values()) / len(talks), len(sums)
    spread = sum((seconds - mean * calls) ** 2 for seconds, calls in sums.values())
    error = (spread * rows / (rows - 1)) ** 0.5 / len(talks)
    reach = student(rows - 1) * error
    return Figure(
        name="agent_time_baseline",
        column="direct",
        value=cents(mean),
        unit="s",
        how=How.MEASURED,
        rows=len(talks),
        low=cents(mean - reach),
        high=cents(mean + reach),
        note=joined(note("talked"), note("moved_away", calls=away) if away else {}),
    )


def _calls_of_a_household(baseline: Baseline) -> Figure:
    """Do callers of the bot have to call more often? Served less held out, per household."""
    found = baseline.difference(lambda _: 1.0)
    return Figure(
        name="calls_effect",
        column="indirect",
        value=round(-found.value, 4),
        unit="points",
        how=How.RANDOMISED,
        rows=len(baseline.held) + len(baseline.served),
        low=round(-found.value - found.reach, 4),
        high=round(-found.value + found.reach, 4),
        note=note("per_household"),
    )


# ---- from what is stated, and what agents noted ------------------------------------------------------------------


def _transfers_stated(contained: Sequence[Handled], rates: Rates) -> Figure:
    avoided = sum(_of(rates.needs_agent, _intent(call), 1.0) for call in contained)
    return Figure(
        name="transfers_avoided",
        column="direct",
        value=cents(avoided),
        unit="calls",
        how=How.STATED,
        rows=len(contained),
        note=note("by_request", all=note("" if rates.needs_agent else "all")),
    )


def _time_stated(contained: Sequence[Handled], shorter_s: float, rates: Rates, days: float) -> Iterable[Figure]:
    """shorter_s: saved on transferred calls."""
    rows = len(contained)
    if not rates.agent_s:
        for name, unit in (("agent_time_saved", "s"), ("posts_saved", "fte"), ("money_saved", "money")):
            yield unknown(name, unit, note("state_agent_s"))
        return
    intents = [_intent(call) for call in contained]
    seconds = sum(_of(rates.needs_agent, i, 1.0) * _of(rates.agent_s, i, 0.0) for i in intents) + shorter_s
    for name, unit, value, words in (
        ("agent_time_saved", "s", seconds, note("")),
        ("posts_saved", "fte", seconds / _post_s(rates, days), _post(rates)),
    ):
        yield Figure(name=name, column="direct", value=cents(value), unit=unit, how=How.STATED, rows=rows, note=words)
    if rates.agent_hour:
        money = cents(seconds * rates.agent_hour / 3600.0)
        yield Figure(name="money_saved", column="direct", value=money, unit="money", how=How.STATED, rows=rows)
    else:
        yield unknown("money_saved", "money", note("state", name="agent_hour"))


def _identified(transfers: Sequence[Handled], rates: Rates) -> Figure:
    known = sum(call.known for call in transfers)
    if not rates.identify_s:
        return unknown("identify_time_saved", "s", note("state", name="identify_s"))
    return Figure(
        name="identify_time_saved",
        column="direct",
        value=cents(known * rates.identify_s),
        unit="s",
        how=How.STATED,
        rows=known,
        note=note("identified"),
    )


def _not_asked_again(transfers: Sequence[Handled], baseline: Baseline, rates: Rates) -> Figure:
    """(share asked again before, less the share now) x transfers x seconds. Before: of the held-out, else stated."""
    if not rates.again_s:
        return unknown("again_time_saved", "s", note("state", name="again_s"))
    now = share_of((c.unit or c.household, bool(c.asked_again)) for c in transfers if c.asked_again is not None)
    if now is None:
        return unknown("again_time_saved", "s", note("unnoted"))
    held = [c for c in baseline.calls(held=True) if c.agent and c.asked_again is not None]
    was = share_of((c.unit, bool(c.asked_again)) for c in held) if len(held) >= LEAST_TAKEN else None
    before, reach = (rates.asked_again, (0.0, 0.0))
    if was is not None:
        before, reach = was.value, (was.value - was.low, was.high - was.value)
    times = len(transfers) * rates.again_s
    below = (reach[0] ** 2 + (now.high - now.value) ** 2) ** 0.5
    above = (reach[1] ** 2 + (now.value - now.low) ** 2) ** 0.5
    effect = before - now.value
    how = note("stated_before" if was is None else "held_before")
    return Figure(
        name="again_time_saved",
        column="direct",
        value=cents(effect * times),
        unit="s",
        how=How.STATED,
        rows=now.rows,
        low=cents((effect - below) * times),
        high=cents((effect + above) * times),
        note=note("asked_again", noted=now.rows, before=before, how=how),
    )


def _passed_on(transfers: Sequence[Handled], baseline: Baseline, rates: Rates) -> Figure:
    """Second transfers avoided: by the held-out households where agents note how transfers end, else stated."""
    name = "second_transfers_avoided"
    noted = [call for call in transfers if call.moved_on is not None]
    if baseline.enough:
        held, served = (_noted(baseline.calls(held=arm)) for arm in (True, False))
        if min(held, served) >= LEAST_NOTED:
            found = baseline.difference(lambda call: float(bool(call.moved_on)), scale=(1.0 / held, 1.0 / served))
            return _times(found, baseline, name, "calls", 1.0, besides=note("noted", held=held, served=served))
    if not noted:
        return unknown(name, "calls", note("unnoted"))
    if not rates.moved_twice:
        return unknown(name, "calls", note("moved_unknown"))
    now = share_of((c.unit or c.household, bool(c.moved_on)) for c in noted)
    assert now is not None, "some were noted"
    return Figure(
        name=name,
        column="direct",
        value=cents((rates.moved_twice - now.value) * len(transfers)),
        unit="calls",
        how=How.STATED,
        rows=len(noted),
        low=cents((rates.moved_twice - now.high) * len(transfers)),
        high=cents((rates.moved_twice - now.low) * len(transfers)),
        note=note("moved_stated"),
    )


def _noted(calls: Sequence[Handled]) -> float:
    """Share of the transfers among these calls that agents noted something of."""
    taken = [call for call in calls if call.agent]
    return sum(call.moved_on is not None for call in taken) / len(taken) if taken else 0.0


def _intent(call: Handled) -> str:
    return call.requests[-1][0] if call.requests else ""


def _of(stated: Mapping[str, float], intent: str, otherwise: float) -> float:
    return stated.get(intent, stated.get("else", otherwise))


def _post_s(rates: Rates, days: float) -> float:
    """Seconds on calls of a post in the period."""
    return 3600.0 * rates.hours_a_day * rates.occupancy * max(days, 1e-9)


def _post(rates: Rates) -> Mapping[str, str]:
    return note("post", hours=rates.hours_a_day, occupied=rates.occupancy)
