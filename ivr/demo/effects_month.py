"""A made-up month of a contact center whose truth is known: event logs of calls, agents' notes, promises and outcomes
of offers, straight from a seed, for asking how often the intervals of the effect report cover the truth.

No call is placed and no dialog runs: what is tried is the report, from the log entries on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from ivr.model.accounts import WrapUp
from ivr.model.call import LogEntry
from ivr.model.offers import ExperimentRow
from ivr.offers.experiment import Experiment

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
INTENTS = ("payment_date", "policy_status", "claim_status", "address_change")
HELD = 0.1
AGENT_HOUR, AGAIN_S, CUSTOMER_YEAR, OPPORTUNITIES = 36.0, 10.0, 120.0, 1000
# What happens in a call. Half of the households are easy to settle, half are not: calls of one household are alike.
SETTLED = (0.75, 0.45)
TRANSFERRED = 0.8  # of what is not settled; the rest is abandoned
REPEAT, HELD_REPEAT = 0.10, 0.05  # after a settled call, and after one an agent took
TAKEN = 0.95  # of held-out calls; the rest is abandoned in the queue
TALK_S, HELD_TALK_S = 220.0, 280.0
PASSED_ON, HELD_PASSED_ON = 0.06, 0.15
ASKED, HELD_ASKED = 0.1, 0.9
NOTED = 0.9  # of transfers, at random
KNOWN_NUMBER, KNOWN_LATER = 0.7, 0.3
ANSWER_S = 1.5
PROMISES, KEPT = 120, 0.9
MORE_CALLS = 0.25  # each of two more requests a household may have


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """What a report is made of. logs: of every call, in order; kept, promised: callbacks."""

    logs: tuple[tuple[LogEntry, ...], ...]
    notes: Mapping[str, WrapUp]
    kept: int
    promised: int
    rows: tuple[ExperimentRow, ...]


def month(seed: int, households: int = 3000, *, held: float = HELD) -> Month:
    """The month of a seed. held: share of households whose calls go straight to the queue."""
    rng = np.random.default_rng(seed)
    made = _Calls(rng, Experiment(salt=f"month {seed}", holdout=0.2), held)
    for number in range(households):
        made.household(f"H{number}")
    return Month(
        logs=tuple(made.logs),
        notes=made.notes,
        kept=int(rng.binomial(PROMISES, KEPT)),
        promised=PROMISES,
        rows=_opportunities(rng, 1500),
    )


def truth(served: int, transfers: int) -> dict[str, float]:
    """Figure -> what it would be if its interval had no width. served: households the bot served; transfers: of the
    calls it handled; both as they came about."""
    settled, calls = sum(SETTLED) / 2, 1.0 + 2 * MORE_CALLS
    with_repeats = 1.0 + settled * REPEAT
    taken = (1.0 - settled) * TRANSFERRED + settled * REPEAT
    held_taken = TAKEN * (1.0 + HELD_REPEAT)
    agent_s = calls * (held_taken * HELD_TALK_S - taken * TALK_S)
    greeted = KNOWN_NUMBER
    return {
        "true_containment": settled * (1.0 - REPEAT) / with_repeats,
        "never_reached_an_agent": 1.0 - taken / with_repeats,
        "first_call_resolution": 1.0 - REPEAT,
        "abandoned_in_bot": (1.0 - settled) * (1.0 - TRANSFERRED) / with_repeats,
        "transfers_avoided": calls * (held_taken - taken) * served,
        "second_transfers_avoided": calls * (held_taken * HELD_PASSED_ON - taken * PASSED_ON) * served,
        "again_time_saved": (HELD_ASKED - ASKED) * transfers * AGAIN_S,
        "agent_time_saved": agent_s * served,
        "posts_saved": agent_s * served / (3600.0 * 8.0 * 0.8 * 30.0),
        "money_saved": agent_s * served * AGENT_HOUR / 3600.0,
        "agent_needed_baseline": held_taken / (1.0 + TAKEN * HELD_REPEAT),
        "agent_time_baseline": HELD_TALK_S,
        "calls_effect": calls * (settled * REPEAT - TAKEN * HELD_REPEAT),
        "greeted_recognised": greeted,
        "recognised": greeted + (1.0 - greeted) * KNOWN_LATER,
        "speed_of_answer": ANSWER_S,
        "promises_kept": KEPT,
        "offer_revenue": 0.06 * 25.0 * OPPORTUNITIES,
        "offer_time_added": 15.0 * OPPORTUNITIES,
        "satisfaction_effect": -0.2,
        "annoyed_effect": _annoyed(1) - _annoyed(0),
        "repeat_effect": 0.02,
        "complaint_effect": 0.01,
        "churn_effect": -0.02,
        "retained_value": 0.02 * OPPORTUNITIES * CUSTOMER_YEAR,
    }


class _Calls:
    """Calls of household after household."""

    def __init__(self, rng: np.random.Generator, experiment: Experiment, held: float) -> None:
        self._rng, self._experiment, self._held = rng, experiment, held
        self.logs: list[tuple[LogEntry, ...]] = []
        self.notes: dict[str, WrapUp] = {}

    def household(self, name: str) -> None:
        """Its requests, each for something else, three to two weeks ago or longer; and what has to be asked again."""
        rng = self._rng
        queue = self._experiment.straight_to_queue(name, self._held)
        settles = SETTLED[int(rng.random() < 0.5)]
        by_number = bool(rng.random() < KNOWN_NUMBER)
        requests = 1 + int((rng.random(2) < MORE_CALLS).sum())
        for intent in rng.permutation(len(INTENTS))[:requests]:
            ago = timedelta(days=float(rng.uniform(15, 29)))
            later = ago - timedelta(days=float(rng.uniform(1, 6)))
            if queue:
                if rng.random() < TAKEN:
                    self._call(name, INTENTS[intent], ago, "transferred", queue=True, by_number=by_number)
                    if rng.random() < HELD_REPEAT:
                        self._call(name, INTENTS[intent], later, "transferred", queue=True, by_number=by_number)
                else:
                    self._call(name, INTENTS[intent], ago, "abandoned", queue=True, by_number=by_number)
            elif rng.random() < settles:
                self._call(name, INTENTS[intent], ago, "resolved", queue=False, by_number=by_number)
                if rng.random() < REPEAT:
                    self._call(name, INTENTS[intent], later, "transferred", queue=False, by_number=by_number)
            else:
                outcome = "transferred" if rng.random() < TRANSFERRED else "abandoned"
                self._call(name, INTENTS[intent], ago, outcome, queue=False, by_number=by_number)

    def _call(self, name: str, intent: str, ago: timedelta, outcome: str, *, queue: bool, by_number: bool) -> None:
        rng, taken = self._rng, outcome == "transferred"
        answer_s, bot_s = float(ANSWER_S * np.exp(0.6 * rng.standard_normal())), 5.0 if queue else 45.0
        talk_s = float(rng.gamma(4.0, (HELD_TALK_S if queue else TALK_S) / 4.0)) if taken else 0.0
        known = by_number or bool(rng.random() < KNOWN_LATER)
        arrived = {"sip_call_id": "s", "ani": "+1", "dnis": "1", "assistant": "insurance", "language": "en"}
        drawn = {"arm": "queue" if queue else "bot", "unit": self._experiment.pseudonym(name), "held": self._held}
        who = {"customer_id": f"C{name}", "household": name}
        level: dict[str, Any] = {"level": "L1" if known else "L0", **who, "evidence": []}
        ended = {"by": "caller", "outcome": outcome, "disposition": ""}
        told: list[tuple[str, float, dict[str, Any]]] = [
            ("call.arrived", 0.0, arrived),
            ("call.answered", answer_s, {"answer_ms": round(answer_s * 1000), "codec": "PCMU"}),
            ("handling.drawn", answer_s, drawn),
            ("call.greeted", answer_s + 0.2, {"greeting_ms": 200}),
            ("identity.level", answer_s + (0.5 if by_number else 20.0), level),
        ]
        if not queue:
            told.append(("dialog.request", answer_s + 30.0, {"intent": intent, "result": outcome}))
        if taken:
            told.append(("handoff.bridged", answer_s + bot_s, {"agent": "a1", "method": "bridge"}))
        told.append(("call.ended", answer_s + bot_s + talk_s, ended))
        self._note(call_id := f"{len(self.logs):08}", queue=queue, taken=taken)
        began = NOW - ago
        self.logs.append(
            tuple(
                LogEntry(
                    call_id=call_id,
                    seq=seq,
                    at=(began + timedelta(seconds=after_s)).isoformat(),
                    at_ms=round(after_s * 1000),
                    kind=kind,
                    data=data,
                )
                for seq, (kind, after_s, data) in enumerate(told, 1)
            )
        )

    def _note(self, call_id: str, *, queue: bool, taken: bool) -> None:
        passed_on, asked, noted = self._rng.random(3)
        if taken and noted < NOTED:
            self.notes[call_id] = WrapUp(
                call_id=call_id,
                agent_id="a1",
                code="passed_on" if passed_on < (HELD_PASSED_ON if queue else PASSED_ON) else "solved",
                asked_again=bool(asked < (HELD_ASKED if queue else ASKED)),
            )


# ---- offers ----------------------------------------------------------------------------------------------------

_HARMS = {"early_hangup": (0.05, 0.02), "optout": (0.02, 0.01), "complaint_14d": (0.12, 0.01), "repeat_7d": (0.1, 0.02)}
"""Outcome -> its share without offers, and what an offer adds."""


def _annoyed(treated: int) -> float:
    calm = 1.0
    for base, added in _HARMS.values():
        calm *= 1.0 - base - added * treated
    return 1.0 - calm


def _opportunities(rng: np.random.Generator, count: int) -> tuple[ExperimentRow, ...]:
    """Long ago: everything about them is known."""
    at_ms = round((NOW - timedelta(days=110)).timestamp() * 1000)
    made = []
    for number in range(count):
        treated, accepted = bool(rng.random() < 0.8), bool(rng.random() < 0.06)
        outcomes = {name: float(rng.random() < base + added * treated) for name, (base, added) in _HARMS.items()}
        outcomes["churned_90d"] = float(rng.random() < 0.15 - 0.02 * treated)
        outcomes["aht_s"] = 240.0 + 15.0 * treated + 70.0 * float(rng.standard_normal())
        outcomes["revenue_30d"] = 25.0 * (treated and accepted)
        if rng.random() < 0.5:
            outcomes["csat"] = 4.0 - 0.2 * treated + float(rng.standard_normal())
        answer = "accepted" if accepted else "declined"
        made.append(
            ExperimentRow(
                opportunity_id=f"O{number}",
                household=f"H{number}",
                at_ms=at_ms + number,
                arm="treat" if treated else "holdout",
                p_treat=0.8,
                product="car",
                relation="up",
                probabilities={"car": 1.0},
                policy="fixed/1",
                gate_version="1",
                phase="learn",
                group="all",
                known=(),
                answer=answer if treated else "",
                outcomes=outcomes,
            )
        )
    return tuple(made)
