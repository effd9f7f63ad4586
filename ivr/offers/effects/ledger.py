"""The direct effect of the automation, as figures over calls: what the bot settled and what it cost; and what callers
notice of it. What it saved is savings.py's.

Owns the definitions. True containment subtracts callers who had to call again: "never reached an agent" alone counts
the ones who gave up. Calls that were held out of the bot are none of its calls. Amounts are rounded to the cent once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ivr.offers.effects.figures import Figure, How, cents, count, share, typical, unknown
from ivr.offers.effects.handled import QUEUE, REPEAT_MS, Handled, repeated
from ivr.offers.effects.notes import note
from ivr.offers.effects.savings import Rates, saved

NO_CALLS = note("no_calls")


def direct(calls: Sequence[Handled], rates: Rates, *, now_ms: int, days: float) -> tuple[Figure, ...]:
    """The direct effect. calls: answered ones that have ended. days: length of the period, for the number of posts."""
    repeats = repeated(calls)
    served = [c for c in calls if c.arm != QUEUE]
    mature = [c for c in served if now_ms - c.at_ms >= REPEAT_MS]
    contained = [c for c in served if c.settled and c.call_id not in repeats]
    counted = [
        count("calls", len(served)),
        _share("true_containment", [(c, c.settled and c.call_id not in repeats) for c in mature]),
        _share("never_reached_an_agent", [(c, not c.reached_human) for c in served], "raw"),
        _share("first_call_resolution", [(c, c.call_id not in repeats) for c in mature if c.settled]),
        _share("abandoned_in_bot", [(c, c.outcome == "abandoned") for c in served]),
        count("transferred", sum(bool(c.agent) for c in served)),
    ]
    return (*counted, *saved(calls, contained, rates, days), *_spent(served, rates))


def service(calls: Sequence[Handled], kept: int, promised: int, *, hours_stated: bool) -> tuple[Figure, ...]:
    """What callers notice beside offers; compared with nothing, so it proves nothing: not randomised. kept: promises to
    call back that were kept in time, of those that are due by now."""
    served = [c for c in calls if c.arm != QUEUE]
    words = note("not_randomised")
    outside = [c for c in served if not c.open]
    assumed = note("" if hours_stated else "hours_assumed")
    return (
        _share("greeted_recognised", [(c, c.greeted) for c in served], "not_randomised", column="indirect"),
        _share("recognised", [(c, c.known) for c in served], "not_randomised", column="indirect"),
        typical("speed_of_answer", [c.answer_ms / 1000.0 for c in served], words, nothing=NO_CALLS, column="indirect"),
        Figure(
            name="served_out_of_hours",
            column="indirect",
            value=float(sum(c.settled for c in outside)),
            unit="calls",
            how=How.MEASURED if hours_stated else How.STATED,
            rows=len(outside),
            note=note("out_of_hours", hours=assumed),
        ),
        share(
            "promises_kept",
            [("", number < kept) for number in range(promised)],
            words,
            nothing=NO_CALLS,
            column="indirect",
        ),
    )


def _spent(calls: Sequence[Handled], rates: Rates) -> Iterable[Figure]:
    seconds = sum(call.bot_s for call in calls)
    yield Figure(name="bot_time", column="direct", value=cents(seconds), unit="s", how=How.MEASURED, rows=len(calls))
    if rates.bot_minute:
        cost = cents(seconds / 60.0 * rates.bot_minute)
        yield Figure(name="bot_cost", column="direct", value=cost, unit="money", how=How.STATED, rows=len(calls))
    else:
        yield unknown("bot_cost", "money", note("state", name="bot_minute"))


def _share(name: str, seen: Sequence[tuple[Handled, bool]], words: str = "", *, column: str = "direct") -> Figure:
    pairs = [(call.unit or call.household, hit) for call, hit in seen]
    return share(name, pairs, note(words), nothing=NO_CALLS, column=column)
