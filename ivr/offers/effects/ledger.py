"""The direct effect of the automation, as figures over calls: what the bot settled, what it saved, what it cost.

Owns the definitions, and that a figure says how it is known: measured, by the experiment (randomised), or stated by the
operator. What is not known is a figure without a value, never a guess. Amounts are rounded to the cent once, here.

True containment subtracts callers who had to call again: "never reached an agent" alone counts the ones who gave up.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from statistics import NormalDist, median

REPEAT_MS = 7 * 24 * 3600 * 1000
SETTLED = frozenset({"resolved", "informed"})
_Z = NormalDist().inv_cdf(0.975)


class How(StrEnum):
    """How a figure is known."""

    MEASURED = "measured"
    RANDOMISED = "randomised"
    STATED = "stated"
    NOT_YET = "not measurable yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """One answered call. at_ms: Unix, when it began; lasted_s: answer to end; bot_s: of it with the bot; requests:
    (intent, result); outcome as ivr.model.call.Outcome; answer_ms: how long it rang."""

    call_id: str
    household: str
    at_ms: int
    lasted_s: float
    bot_s: float
    requests: tuple[tuple[str, str], ...]
    outcome: str
    agent: str
    level: str
    answer_ms: int

    @property
    def settled(self) -> bool:
        """The bot served the request, and no human took part."""
        return self.outcome in SETTLED and not self.agent


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What the operator states; 0 = not stated. Money in the catalogue's currency. agent_s, needs_agent: intent (or
    "else") -> seconds an agent takes for it, share of such calls an agent would have had to take. identify_s, again_s:
    seconds an agent saves on a transferred call by not asking who calls, and not asking for the request again.
    customer_year: what a customer who stays is worth in a year."""

    agent_hour: float = 0.0
    bot_minute: float = 0.0
    agent_s: Mapping[str, float] = field(default_factory=dict)
    needs_agent: Mapping[str, float] = field(default_factory=dict)
    identify_s: float = 0.0
    again_s: float = 0.0
    customer_year: float = 0.0
    hours_a_day: float = 8.0
    occupancy: float = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One cell. value: None when it is not known, and note says why. low, high: 95 %, None where there is no sampling.
    unit: "share" | "calls" | "s" | "money" | "fte" | "points". rows: what it rests on."""

    name: str
    column: str
    value: float | None
    unit: str
    how: How
    rows: int
    low: float | None = None
    high: float | None = None
    note: str = ""


def direct(calls: Sequence[Handled], rates: Rates, *, now_ms: int, days: float) -> tuple[Figure, ...]:
    """The direct effect. calls: answered ones that have ended. days: length of the period, for the number of posts."""
    repeats = repeated(calls)
    mature = [c for c in calls if now_ms - c.at_ms >= REPEAT_MS]
    settled = [c for c in mature if c.settled]
    contained = [c for c in calls if c.settled and c.call_id not in repeats]
    transferred = sum(bool(c.agent) for c in calls)
    counted = [
        _count("calls", len(calls)),
        _share("true_containment", sum(c.call_id not in repeats for c in settled), len(mature)),
        _share("never_reached_an_agent", sum(not c.agent for c in calls), len(calls), "hides who gave up"),
        _share("first_call_resolution", sum(c.call_id not in repeats for c in settled), len(settled)),
        _share("abandoned_in_bot", sum(c.outcome == "abandoned" for c in calls), len(calls)),
        _count("transferred", transferred),
    ]
    return (*counted, *_saved(contained, transferred, rates, days), *_spent(calls, rates))


def repeated(calls: Iterable[Handled]) -> frozenset[str]:
    """Calls after which the same household asked for the same again within 7 days."""
    asked: dict[tuple[str, str], list[Handled]] = {}
    for call in sorted(calls, key=lambda c: (c.at_ms, c.call_id)):
        for intent in {intent for intent, _ in call.requests} if call.household else ():
            asked.setdefault((call.household, intent), []).append(call)
    found = set()
    for same in asked.values():
        for earlier, later in pairwise(same):
            if later.at_ms - earlier.at_ms < REPEAT_MS:
                found.add(earlier.call_id)
    return frozenset(found)


def _saved(contained: Sequence[Handled], transferred: int, rates: Rates, days: float) -> Iterable[Figure]:
    intents = [call.requests[-1][0] if call.requests else "" for call in contained]
    rows = len(contained)
    avoided = sum(_of(rates.needs_agent, intent, 1.0) for intent in intents)
    yield Figure(
        name="transfers_avoided",
        column="direct",
        value=_cents(avoided),
        unit="calls",
        how=How.STATED,
        rows=rows,
        note="settled calls, times the share that would have needed an agent (stated; 1 when not)",
    )
    if not rates.agent_s:
        for name, unit in (("agent_time_saved", "s"), ("posts_saved", "fte"), ("money_saved", "money")):
            yield _unknown(name, unit, "state agent_s in [effects]: seconds an agent takes for each request")
        return
    seconds = sum(_of(rates.needs_agent, i, 1.0) * _of(rates.agent_s, i, 0.0) for i in intents)
    seconds += transferred * (rates.identify_s + rates.again_s)
    per_post = 3600.0 * rates.hours_a_day * rates.occupancy * max(days, 1e-9)
    values = (
        ("agent_time_saved", "s", seconds, ""),
        ("posts_saved", "fte", seconds / per_post, f"{rates.hours_a_day:g} h a day, {rates.occupancy:.0%} occupied"),
    )
    for name, unit, value, note in values:
        yield Figure(name=name, column="direct", value=_cents(value), unit=unit, how=How.STATED, rows=rows, note=note)
    if rates.agent_hour:
        money = _cents(seconds * rates.agent_hour / 3600.0)
        yield Figure(name="money_saved", column="direct", value=money, unit="money", how=How.STATED, rows=rows)
    else:
        yield _unknown("money_saved", "money", "state agent_hour in [effects]")


def _spent(calls: Sequence[Handled], rates: Rates) -> Iterable[Figure]:
    seconds = sum(call.bot_s for call in calls)
    yield Figure(name="bot_time", column="direct", value=_cents(seconds), unit="s", how=How.MEASURED, rows=len(calls))
    if rates.bot_minute:
        cost = _cents(seconds / 60.0 * rates.bot_minute)
        yield Figure(name="bot_cost", column="direct", value=cost, unit="money", how=How.STATED, rows=len(calls))
    else:
        yield _unknown("bot_cost", "money", "state bot_minute in [effects]")


def service(calls: Sequence[Handled], kept: int, promised: int) -> tuple[Figure, ...]:
    """What callers notice beside offers; compared with nothing, so it proves nothing: not randomised."""
    times = [call.answer_ms / 1000.0 for call in calls]
    note = "not randomised"
    speed = (
        Figure(
            name="speed_of_answer",
            column="indirect",
            value=_cents(median(times)),
            unit="s",
            how=How.MEASURED,
            rows=len(times),
            note=note,
        )
        if times
        else _unknown("speed_of_answer", "s", "no calls", column="indirect")
    )
    return (
        _share("recognised", sum(c.level not in ("", "L0") for c in calls), len(calls), note, column="indirect"),
        speed,
        _share("promises_kept", kept, promised, note, column="indirect"),
    )


def _of(stated: Mapping[str, float], intent: str, otherwise: float) -> float:
    return stated.get(intent, stated.get("else", otherwise))


def _count(name: str, value: int) -> Figure:
    return Figure(name=name, column="direct", value=float(value), unit="calls", how=How.MEASURED, rows=value)


def _share(name: str, hits: int, rows: int, note: str = "", *, column: str = "direct") -> Figure:
    """With Wilson's interval."""
    if not rows:
        return _unknown(name, "share", "no calls it could rest on", column=column)
    share, z2 = hits / rows, _Z * _Z
    middle = (share + z2 / (2 * rows)) / (1 + z2 / rows)
    half = _Z / (1 + z2 / rows) * math.sqrt(share * (1 - share) / rows + z2 / (4 * rows * rows))
    return Figure(
        name=name,
        column=column,
        value=round(share, 4),
        unit="share",
        how=How.MEASURED,
        rows=rows,
        low=round(middle - half, 4),
        high=round(middle + half, 4),
        note=note,
    )


def _unknown(name: str, unit: str, why: str, *, column: str = "direct") -> Figure:
    return Figure(name=name, column=column, value=None, unit=unit, how=How.NOT_YET, rows=0, note=why)


def _cents(value: float) -> float:
    """Half a cent goes up, whatever the sign of the machine's last bit."""
    return math.floor(value * 100.0 + 0.5 + 1e-9) / 100.0
