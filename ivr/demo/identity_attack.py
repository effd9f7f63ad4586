"""An attacker on the real thing: guesses PINs, codes and facts of many accounts from many numbers, in several processes
that are ended and started again, and shows what the counted limits let through.

Owns the guessing and the counting afterwards, from what is stored. Time is made up, the same in all processes, and
passes with every try.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import random
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import TypeAlias

from ivr.call.code_gateway import ConsoleGateway
from ivr.call.directories import ImportedDirectory
from ivr.call.identifying import Identifying
from ivr.call.identity_desk import IdentityDesk
from ivr.call.journal import Journal
from ivr.dialog.services import ServiceSpec
from ivr.identity.attempts import delay_ms
from ivr.identity.policy import DEFAULT, IdentityPolicy
from ivr.identity.secrets import hash_secret
from ivr.metrics import Metrics
from ivr.model.attempts import Tried, TryMade
from ivr.model.identity import Caller, Candidate, EvidenceKind, IdentityStep, Level, Phone
from ivr.model.ids import new_id
from ivr.storage.customers import Findable
from ivr.storage.store import Store

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
BEGAN_MS = round(datetime(2026, 3, 2, tzinfo=UTC).timestamp() * 1000)
ACCOUNTS, NUMBERS, TASKS = 24, 80, 4
MOST_IN_A_CALL = 80
SharedMs: TypeAlias = "Synchronized[float]"
_STEPS = (IdentityStep.CHECK_PIN, IdentityStep.CHECK_CODE, IdentityStep.MATCH_FACTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Raid:
    """One process's share. step_ms: the made-up time that passes with each of its tries."""

    url: str
    tries: int
    seed: int
    step_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """The most that was reached of a limit anywhere in the attack."""

    what: str
    most: int
    limit: int


def victim(number: int) -> Candidate:
    """An account whose policy number the attacker knows, and nothing else."""
    return Candidate(
        customer_id=f"V{number:03d}",
        household=f"V{number:03d}",
        names={"en": "Anna Petrova"},
        birth_date=f"19{number % 60 + 30}-05-17",
        facts={EvidenceKind.POLICY_NUMBER.value: (policy_of(number),), EvidenceKind.POSTCODE.value: ("20095",)},
        phones=(Phone(number=f"+4915123456{number:03d}", since="2020-01-01"),),
        language="en",
        pin_hash=hash_secret(f"{(number * 7919 + 104729) % 1_000_000:06d}", invented=True),
    )


def policy_of(number: int) -> str:
    return f"{7_000_000 + number * 37}"


async def prepare(url: str) -> None:
    """Store the accounts that will be attacked."""
    store = await Store.open(url)
    people = [victim(number) for number in range(ACCOUNTS)]
    found = [Findable(p, [(EvidenceKind.POLICY_NUMBER.value, v) for v in p.facts["policy_number"]]) for p in people]
    await store.save_customers(found)
    await store.close()


class _Clock:
    """Made-up time that passes with every try of any process, as the time of one machine does. ms: shared by all."""

    def __init__(self, ms: SharedMs, step_ms: float) -> None:
        self._ms, self._step_ms = ms, step_ms

    def tick(self) -> None:
        with self._ms.get_lock():
            self._ms.value += self._step_ms

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._ms.value / 1000, UTC)


_shared: list[SharedMs] = []  # of a process of the pool: a shared value reaches it at its start only


def _share(ms: SharedMs) -> None:
    _shared.append(ms)


def raid(share: Raid) -> Counter[str]:
    """What one process tries; in a process of its own. Outcome -> how often."""
    return asyncio.run(_raid(share, _Clock(_shared[0], share.step_ms)))


async def _raid(share: Raid, clock: _Clock) -> Counter[str]:
    dice, told = random.Random(share.seed), Counter[str]()
    store = await Store.open(share.url, now=clock.now)
    gateway = ConsoleGateway(lambda _: told.update(("code sent",)))
    desk = IdentityDesk(ImportedDirectory(store), store, gateway, Metrics(), key=b"attacked", clock=clock.now)
    left = [share.tries]

    async def calls() -> None:
        while left[0] > 0:
            await _call(desk, dice, clock, left, told)

    await asyncio.gather(*(calls() for _ in range(TASKS)))
    await desk.close()
    await store.close()
    return told


async def _call(desk: IdentityDesk, dice: random.Random, clock: _Clock, left: list[int], told: Counter[str]) -> None:
    """A call of the attacker, who does not stop when locked out."""
    number = min(dice.randrange(ACCOUNTS), dice.randrange(ACCOUNTS))  # some accounts are worth more
    ani = dice.choice(
        ("", victim_number(number), f"+4915799{dice.randrange(NUMBERS):05d}", f"+4916000{dice.randrange(10**5):05d}")
    )
    caller = Caller(ani=ani, dnis="1", claimed=False, number_type="mobile")
    journal = Journal(new_id(), ())
    call = Identifying(journal.call_id, desk, DEFAULT, journal, caller=lambda: caller, language=lambda: "en")
    first = IdentityStep.RECOGNISE if ani == victim_number(number) else IdentityStep.SPOKEN_ID
    await _do(call, first, {"policy_number": policy_of(number)})
    step = dice.choice(_STEPS)
    for _ in range(dice.randint(2, MOST_IN_A_CALL)):
        if left[0] <= 0:
            return
        left[0] -= 1
        clock.tick()
        if step is IdentityStep.CHECK_CODE and dice.random() < 0.5:
            await _do(call, IdentityStep.SEND_CODE, {})
        outcome, level = await _do(call, step, _guess(step, dice))
        told.update((f"{step.value} {outcome}",))
        if level > Level.L2:
            told.update((f"reached {level.name}",))


def victim_number(number: int) -> str:
    return f"+4915123456{number:03d}"


def _guess(step: IdentityStep, dice: random.Random) -> Mapping[str, str]:
    if step is IdentityStep.CHECK_PIN:
        return {"pin": f"{dice.randrange(10**6):06d}"}
    if step is IdentityStep.CHECK_CODE:
        return {"code": f"{dice.randrange(10**6):06d}"}
    return {"birth_date": f"19{dice.randrange(30, 90)}-{dice.randint(1, 12):02d}-{dice.randint(1, 28):02d}"}


async def _do(call: Identifying, step: IdentityStep, args: Mapping[str, str]) -> tuple[str, Level]:
    spec = ServiceSpec(name=step.value, method="", url="", timeout_ms=30_000, outcomes=(), identity=step)
    ended = await call.serve(spec, args, timeout_ms=30_000)
    return ended.outcome, ended.identity.level if ended.identity else Level.L0


def attack(
    folder: Path, tries: int, *, seed: int = 1, processes: int = 2, rounds: int = 3, days: float = 3.0
) -> Counter[str]:
    """Attack a database in folder: in each round the processes attack at once, then they are ended and others begin."""
    url = _url(folder)
    asyncio.run(prepare(url))
    told, share = Counter[str](), -(-tries // (processes * rounds))
    step_ms = days * DAY_MS / (share * processes * rounds)
    context = multiprocessing.get_context("spawn")
    ms = context.Value("d", BEGAN_MS)
    for number in range(rounds):
        shares = [
            Raid(url=url, tries=share, seed=seed * 1000 + number * 10 + each, step_ms=step_ms)
            for each in range(processes)
        ]
        with ProcessPoolExecutor(processes, mp_context=context, initializer=_share, initargs=(ms,)) as pool:
            for counted in pool.map(raid, shares):
                told += counted
    return told


# ---- what it reached -------------------------------------------------------------------------------------------------


def _url(folder: Path) -> str:
    return f"sqlite:///{folder.absolute() / 'attacked.sqlite3'}"


async def stored_tries(folder: Path) -> list[TryMade]:
    """Every try the attack was let make."""
    store = await Store.open(_url(folder))
    try:
        return await store.tries()
    finally:
        await store.close()


def reached(tries: Iterable[TryMade], policy: IdentityPolicy = DEFAULT) -> tuple[Reached, ...]:
    """The most of each limit, counted anew from what is stored."""
    made, limits = list(tries), policy.limits
    wrong = [t for t in made if not t.right and t.tried is not Tried.SEND]
    sends = [t for t in made if t.tried is Tried.SEND]

    def of_call(tried: Tried) -> int:
        calls = Counter(call for call, _ in {(t.call_id, t.attempt_id) for t in wrong if t.tried is tried})
        return max(calls.values(), default=0)

    limit_of = {
        "wrong facts in a call": (of_call(Tried.FACTS), limits.facts_tries),
        "wrong codes in a call": (of_call(Tried.CODE), limits.otp_tries),
        "wrong PINs in a call": (of_call(Tried.PIN), limits.pin_tries),
        "failures of an account in 24 h": (_most(wrong, _account, DAY_MS), limits.account_fail_24h),
        "failures of a number in an hour": (_most(wrong, _number, HOUR_MS), limits.number_fail_1h),
        "codes to an account in 24 h": (_most(sends, _account, DAY_MS), limits.otp_sends_per_day),
        "tries before a delay was over": (_too_early(made, policy), 0),
    }
    return tuple(Reached(what=what, most=most, limit=limit) for what, (most, limit) in limit_of.items())


def _account(made: TryMade) -> str:
    return made.customer_id


def _number(made: TryMade) -> str:
    return made.number


def _most(tries: Iterable[TryMade], of: Callable[[TryMade], str], span_ms: int) -> int:
    """The most tries of one account or number within any span."""
    windows: dict[str, deque[tuple[int, str]]] = defaultdict(deque)
    most = 0
    for each in tries:
        if not of(each):
            continue
        window = windows[of(each)]
        if all(attempt != each.attempt_id for _, attempt in window):
            window.append((each.at_ms, each.attempt_id))
        while window[0][0] <= each.at_ms - span_ms:
            window.popleft()
        most = max(most, len(window))
    return most


def _too_early(tries: Iterable[TryMade], policy: IdentityPolicy) -> int:
    """Tries of an account made while nothing might be tried."""
    rows: dict[tuple[str, Tried], list[int]] = defaultdict(list)
    early = 0
    for each in tries:
        if each.tried is Tried.SEND or not each.customer_id:
            continue
        row = rows[each.customer_id, each.tried]
        if row and each.at_ms < row[-1] + delay_ms(len(row), policy.lockout):
            early += 1
        if each.right:
            row.clear()
        else:
            row.append(each.at_ms)
    return early
