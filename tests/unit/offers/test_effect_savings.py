"""What the bot saves, by the calls held out of it and by what is stated; promises, hours, what agents noted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from ivr.model.working_hours import working_hours
from ivr.offers.effects.figures import Figure, How, share_of, wilson
from ivr.offers.effects.handled import Handled
from ivr.offers.effects.ledger import direct, service
from ivr.offers.effects.notes import note
from ivr.offers.effects.savings import Rates
from ivr.offers.effects.words import numbers

MONDAY_NOON = 1_793_620_800_000  # 2026-11-02T12:00Z
CALL = Handled(
    call_id="c0",
    household="",
    at_ms=MONDAY_NOON,
    bot_s=30.0,
    requests=(("payment", "resolved"),),
    outcome="resolved",
    agent="",
    level="L1",
    answer_ms=20,
    arm="bot",
    unit="u0",
    held=0.05,
)
RATES = Rates(agent_hour=36.0, agent_s={"else": 100.0}, identify_s=20.0, again_s=10.0)


def named(found: Iterable[Figure]) -> dict[str, Figure]:
    return {figure.name: figure for figure in found}


def saved(calls: list[Handled], rates: Rates = RATES) -> dict[str, Figure]:
    return named(direct(calls, rates, now_ms=MONDAY_NOON + 30 * 86_400_000, days=30))


def center(held: int, served: int, *, noted: bool = False) -> list[Handled]:
    """Held-out households: every call an agent's, 300 or 340 s, one in five passed on. Served ones: one in four calls
    an agent's for 200 s, none passed on."""
    queue = [
        replace(
            CALL,
            call_id=f"q{n}",
            unit=f"q{n}",
            arm="queue",
            agent="a1",
            outcome="transferred",
            requests=(),
            agent_s=300.0 + 40.0 * (n % 2),
            moved_on=n % 5 == 0 if noted else None,
        )
        for n in range(held)
    ]
    bot = [
        replace(
            CALL,
            call_id=f"b{n}",
            unit=f"b{n}",
            agent="" if n % 4 else "a1",
            agent_s=0.0 if n % 4 else 200.0,
            outcome="resolved" if n % 4 else "transferred",
            moved_on=False if noted and not n % 4 else None,
        )
        for n in range(served)
    ]
    return [*queue, *bot]


def test_held_out_calls_measure_what_agents_would_have_had_to_do() -> None:
    found = saved(center(60, 1000, noted=True))
    avoided, seconds = found["transfers_avoided"], found["agent_time_saved"]
    assert (avoided.how, avoided.value) == (How.RANDOMISED, 750.0)
    assert seconds.value == 1000 * (320.0 - 50.0)
    assert found["money_saved"].value == seconds.value / 100.0
    assert found["second_transfers_avoided"].value == 200.0
    for name in ("transfers_avoided", "agent_time_saved", "money_saved", "posts_saved", "second_transfers_avoided"):
        figure = found[name]
        assert figure.low is not None and figure.high is not None and figure.value is not None
        assert figure.low < figure.value < figure.high
        assert figure.rows == 1060
    assert found["calls"].value == 1000.0, "held-out calls are none of the bot's"
    assert found["agent_needed_baseline"].value == 1.0
    assert found["agent_time_baseline"].value == 320.0


def test_too_few_held_out_calls_leave_what_is_stated_and_say_how_many_it_takes() -> None:
    found = saved(center(12, 200))
    assert found["transfers_avoided"].how is How.STATED
    assert found["agent_time_saved"].value == 150 * 100.0 + 50 * 20.0
    assert "12 held-out households" in found["held_out"].note["en"]
    assert "50" in found["held_out"].note["ru"]
    assert saved([CALL])["held_out"].how is How.NOT_YET


def test_a_household_is_one_row_however_often_it_calls() -> None:
    once = saved(center(60, 1000))["transfers_avoided"]
    again = [replace(call, call_id=f"{call.call_id}-2", at_ms=call.at_ms + 1) for call in center(60, 1000)]
    twice = saved([*center(60, 1000), *again])["transfers_avoided"]
    assert twice.rows == once.rows == 1060
    assert (twice.value, once.value) == (1500.0, 750.0)
    alike = share_of((f"h{n % 50}", n % 50 < 25) for n in range(500))
    assert alike is not None
    assert (alike.low, alike.high) == pytest.approx(wilson(0.5, 50)), "ten calls of one household are one row"


def test_an_agents_time_is_not_guessed_when_calls_are_moved_away_with_them() -> None:
    calls = [replace(call, agent_s=None) if call.agent else call for call in center(60, 400)]
    found = saved(calls)
    assert found["transfers_avoided"].how is How.RANDOMISED
    assert found["agent_time_saved"].how is How.STATED
    assert found["agent_time_baseline"].value is None
    assert "60 calls left us" in found["agent_time_baseline"].note["en"]


def test_without_held_out_calls_second_transfers_are_compared_with_what_is_stated() -> None:
    calls = [replace(CALL, call_id=f"t{n}", agent="a1", outcome="transferred", moved_on=n < 5) for n in range(100)]
    calls = [replace(call, unit=call.call_id, arm="", asked_again=call.moved_on) for call in calls]
    found = saved(calls, replace(RATES, moved_twice=0.2, asked_again=0.8))
    second, again = found["second_transfers_avoided"], found["again_time_saved"]
    assert (second.value, second.how) == (15.0, How.STATED)
    low, high = wilson(0.05, 100)
    assert (second.low, second.high) == pytest.approx((20 - 100 * high, 20 - 100 * low), abs=0.01)
    assert again.value == (0.8 - 0.05) * 100 * 10.0
    assert saved(calls)["second_transfers_avoided"].how is How.NOT_YET, "no share before"


def test_calls_out_of_hours_are_counted_where_the_bot_settled_them() -> None:
    hours = working_hours(("mon-fri 09:00-18:00", "sat 10:00-14:00"), "Europe/Moscow")
    assert hours.open_at(MONDAY_NOON) and not hours.open_at(MONDAY_NOON + 3 * 3_600_000), "18:00 in Moscow"
    night = replace(CALL, call_id="n", unit="n", open=False)
    lost = replace(night, call_id="l", unit="l", outcome="abandoned")
    for stated, how in ((True, How.MEASURED), (False, How.STATED)):
        figure = named(service([CALL, night, lost], 3, 4, hours_stated=stated))["served_out_of_hours"]
        assert (figure.value, figure.rows, figure.how) == (1.0, 2, how)
    assert "9 to 18 UTC" in figure.note["en"]


@pytest.mark.parametrize("line", ["mon 9-18", "fri-mon 18:00-09:00", "mon 09:00-25:00", "every day"])
def test_hours_that_cannot_be_read_are_refused(line: str) -> None:
    with pytest.raises(ValueError, match="working hours"):
        working_hours((line,), "UTC")


def test_the_speed_of_answer_has_an_interval_between_two_calls() -> None:
    calls = [replace(CALL, call_id=str(n), answer_ms=10 * n) for n in range(1, 101)]
    figure = named(service(calls, 0, 0, hours_stated=True))["speed_of_answer"]
    assert (figure.low, figure.value, figure.high) == (0.4, 0.51, 0.61)
    assert named(service(calls, 0, 0, hours_stated=True))["promises_kept"].how is How.NOT_YET


def test_numbers_in_notes_are_written_as_the_language_does() -> None:
    told = note("unsure", more=numbers(12_345))
    assert "12,345" in told["en"] and "12\N{NO-BREAK SPACE}345" in told["ru"]
