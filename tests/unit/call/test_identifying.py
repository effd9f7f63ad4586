"""One call's identification, with real storage, directory and hashes: what it answers, notes and never tells."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from ivr.call.code_gateway import ConsoleGateway
from ivr.call.directories import ImportedDirectory
from ivr.call.identifying import Identifying
from ivr.call.identity_desk import IdentityDesk
from ivr.call.journal import Journal
from ivr.dialog.services import OutcomeSpec, ServiceSpec
from ivr.identity.policy import DEFAULT, IdentityPolicy, OnRisk, RiskPolicy
from ivr.identity.secrets import hash_secret
from ivr.metrics import Metrics
from ivr.model.dialog import ServiceEnded
from ivr.model.identity import Caller, Candidate, IdentityStep, Level, Phone
from ivr.model.ids import new_id
from ivr.storage.customers import Findable
from ivr.storage.store import Store

MOBILE, SHARED = "+4915123456789", "+493012345678"
ANNA = {"policy_number": ("7033111",), "postcode": ("20095",)}
PIN = hash_secret("4711", invented=True)
PHRASE = hash_secret("bluewhalesdream", invented=True)


def customer(
    who: str, name: str, born: str, *phones: Phone, facts: dict[str, tuple[str, ...]] | None = None
) -> Candidate:
    return Candidate(
        customer_id=who,
        household="H" + who[1:],
        names={"en": name},
        birth_date=born,
        facts=facts or {},
        phones=phones,
        language="en",
        pin_hash=PIN,
        passphrase_hash=PHRASE,
    )


PEOPLE = (
    customer("C1", "Anna Petrova", "1980-05-17", Phone(number=MOBILE, since="2020-01-01"), facts=ANNA),
    customer("C2", "Boris Orlov", "1975-01-02", Phone(number=SHARED), facts={"policy_number": ("7044222",)}),
    customer("C3", "Clara Orlova", "1977-03-04", Phone(number=SHARED), facts={"postcode": ("10115",)}),
    customer("C4", "Anna Petrova", "1991-09-09", Phone(number="+4915111111111", since="2026-03-09")),
)


@dataclass
class House:
    """A desk and what came to telephones; at: the clock, wound by tests."""

    desk: IdentityDesk
    store: Store
    sent: list[str]
    at: datetime = datetime(2026, 3, 10, 12, tzinfo=UTC)

    def call(self, ani: str = MOBILE, policy: IdentityPolicy = DEFAULT, **caller: object) -> Call:
        return Call(self, Caller(ani=ani, dnis="1", **({"claimed": False, "number_type": "mobile"} | caller)), policy)  # type: ignore[arg-type]


class Call:
    """One call that is identified."""

    def __init__(self, house: House, caller: Caller, policy: IdentityPolicy) -> None:
        self.caller, self.journal = caller, Journal(new_id(), (house.store.append,))
        self.ended: ServiceEnded | None = None
        self._call = Identifying(
            self.journal.call_id, house.desk, policy, self.journal, caller=lambda: self.caller, language=lambda: "en"
        )

    async def do(self, step: str, **args: object) -> str:
        spec = ServiceSpec(name=step, method="", url="", timeout_ms=5000, outcomes=(), identity=IdentityStep(step))
        self.ended = await self._call.serve(spec, args, timeout_ms=5000)
        return self.ended.outcome

    async def vouched(self, level: Level, who: str, *, by_number: bool = False) -> None:
        outcomes = (OutcomeSpec(name="ok", when="true", identifies=level),)
        spec = ServiceSpec(name="crm", method="GET", url="", timeout_ms=1, outcomes=outcomes)
        told = {"customer": {"customer_id": who, "name": "Anna Petrova"}}
        await self._call.vouched(
            spec, ServiceEnded(at_ms=1, service="crm", outcome="ok", values=told), by_number=by_number
        )

    async def asks_for_a_person(self) -> None:
        await self._call.standing.agent_requested()

    @property
    def level(self) -> Level:
        identity = self.ended.identity if self.ended else None
        return identity.level if identity else Level.L0

    @property
    def who(self) -> str:
        identity = self.ended.identity if self.ended else None
        return identity.customer.customer_id if identity and identity.customer else ""

    def noted(self, kind: str) -> list[dict[str, object]]:
        return [dict(entry.data) for entry in self.journal.entries if entry.kind == kind]


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory, fresh_database: Callable[[Path], str]) -> Path:
    """A database with the customers in it, made once."""
    file = tmp_path_factory.mktemp("customers") / "ivr.sqlite3"

    async def fill() -> None:
        store = await Store.open(fresh_database(file))
        await store.save_customers(
            [Findable(c, [(kind, v) for kind, values in c.facts.items() for v in values]) for c in PEOPLE]
        )
        await store.close()

    asyncio.run(fill())
    return file


@pytest.fixture
async def house(stored: Path, tmp_path: Path) -> AsyncIterator[House]:
    file = shutil.copy(stored, tmp_path / "ivr.sqlite3")
    wound: list[House] = []
    store = await Store.open(f"sqlite:///{file}", now=lambda: wound[0].at if wound else House.at)
    sent: list[str] = []
    desk = IdentityDesk(
        ImportedDirectory(store), store, ConsoleGateway(sent.append), Metrics(), clock=lambda: wound[0].at
    )
    wound.append(House(desk, store, sent))
    yield wound[0]
    await desk.close()
    await store.close()


def code_in(message: str) -> str:
    return message.partition("code is ")[2][:6]


async def test_a_caller_climbs_from_number_to_pin_and_each_change_names_its_evidence(house: House) -> None:
    call = house.call()
    levels = []
    for step, args in (
        ("recognise", {}),
        ("match_facts", {"birth_date": "1980-05-17", "postcode": "20095"}),
        ("send_code", {}),
        ("check_code", {"code": "spoken later"}),
        ("check_pin", {"pin": "47 11"}),
    ):
        given = {"code": code_in(house.sent[-1])} if step == "check_code" else args
        assert await call.do(step, **given) == "ok"
        levels.append(call.level)
    assert levels == [Level.L1, Level.L2, Level.L2, Level.L3, Level.L4]
    assert call.who == "C1"
    noted = {str(e["evidence"]): e["what"] for e in call.noted("identity.evidence") if e["passed"]}
    assert call.ended is not None and call.ended.identity is not None
    assert [noted[e] for e in call.ended.identity.evidence] == ["ani", "birth_date", "postcode", "otp", "pin"]


async def test_nothing_that_was_said_and_no_fact_that_was_wrong_leaves_the_call(house: House) -> None:
    call = house.call()
    await call.do("recognise")
    assert await call.do("match_facts", birth_date="1980-05-17", postcode="99999") == "refused"
    assert call.ended is not None and (dict(call.ended.values), call.ended.error) == ({}, "")
    assert call.level is Level.L1
    await call.do("check_pin", pin="481516")
    await call.do("check_passphrase", passphrase="red herrings swim")
    told = json.dumps([dict(entry.data) for entry in call.journal.entries])
    for secret in ("1980-05-17", "99999", "481516", "herrings", "20095", "Petrova", MOBILE):
        assert secret not in told
    assert call.noted("identity.refused")[0] == {"step": "match_facts"}


@pytest.mark.parametrize(
    ("ani", "caller", "outcome"),
    [
        (MOBILE, {}, "ok"),
        (MOBILE, {"claimed": True}, "not_found"),
        (MOBILE, {"claimed": True, "verification": "passed", "attest": "A"}, "ok"),
        (MOBILE, {"claimed": True, "verification": "passed", "attest": "B"}, "not_found"),
        (MOBILE, {"verification": "failed"}, "not_found"),
        (SHARED, {}, "shared"),
        ("+491999999999", {}, "not_found"),
        ("", {}, "no_number"),
    ],
)
async def test_a_number_recognises_whom_it_may(house: House, ani: str, caller: dict[str, object], outcome: str) -> None:
    call = house.call(ani, **caller)
    assert await call.do("recognise") == outcome
    assert call.level is (Level.L1 if outcome == "ok" else Level.L0)


async def test_a_listed_number_is_nobodys(house: House) -> None:
    assert await house.call(policy=replace(DEFAULT, shared_numbers=frozenset({MOBILE}))).do("recognise") == "not_found"


async def test_one_of_a_household_is_found_by_first_name_and_birth_date(house: House) -> None:
    call = house.call(SHARED)
    assert await call.do("recognise") == "shared"
    assert call.ended is not None and call.ended.values == {"identity_ask": "name"}
    assert await call.do("match_facts", name="Clara", birth_date="1975-01-02") == "refused"
    assert await call.do("match_facts", name="Clara", birth_date="1977-03-04") == "ok"
    assert (call.who, call.level) == ("C3", Level.L2)


async def test_who_calls_from_an_unknown_number_is_found_by_what_they_say(house: House) -> None:
    call = house.call("")
    assert await call.do("spoken_id", name="Anna Petrova") == "several"
    assert call.ended is not None and call.ended.values == {"identity_ask": "birth_date"}
    assert call.level is Level.L0
    assert await call.do("spoken_id", policy_number="7033111") == "ok"
    assert (call.who, call.level) == ("C1", Level.L1)  # the name said before counts too: one fact of three is missing
    assert await call.do("match_facts", birth_date="1980-05-17") == "ok"
    assert call.level is Level.L2


async def test_an_account_that_is_not_there_answers_like_one_with_other_facts(house: House) -> None:
    unknown, wrong = house.call(""), house.call("")
    assert await unknown.do("spoken_id", policy_number="9999999", name="Anna Petrova") == "refused"
    assert await wrong.do("spoken_id", policy_number="7044222", name="Anna Petrova") == "refused"
    assert unknown.ended is not None and wrong.ended is not None
    assert (unknown.ended.values, unknown.ended.identity) == (wrong.ended.values, wrong.ended.identity)


async def test_what_spoke_for_one_customer_speaks_for_no_other(house: House) -> None:
    call = house.call()
    await call.do("recognise")
    await call.do("send_code")
    await call.do("check_code", code=code_in(house.sent[-1]))
    assert (call.who, call.level) == ("C1", Level.L3)
    assert await call.do("spoken_id", policy_number="7044222") == "ok"
    assert (call.who, call.level) == ("C2", Level.L1)


async def test_tries_run_out_and_the_next_call_begins_where_this_one_ended(house: House) -> None:
    call = house.call()
    await call.do("recognise")
    assert [await call.do("check_code", code="1") for _ in range(2)] == ["expired"] * 2  # none was sent: costs nothing
    await call.do("send_code")
    assert await call.do("check_code", code="000000") == "refused"
    await call.do("send_code")  # a new code takes no failure back
    assert await call.do("check_code", code="000000") == "refused"
    assert await call.do("check_code", code="000000") == "locked"
    assert await call.do("check_code", code=code_in(house.sent[-1])) == "locked"
    house.at += timedelta(seconds=20)
    again = house.call()
    await again.do("recognise")
    await again.do("send_code")
    assert await again.do("check_code", code=code_in(house.sent[-1])) == "locked"  # 30 s have not passed
    house.at += timedelta(seconds=11)
    assert await again.do("check_code", code=code_in(house.sent[-1])) == "ok"


async def test_a_code_is_good_once_in_its_call_and_for_five_minutes(house: House) -> None:
    first, second = house.call(), house.call()
    for call in (first, second):
        await call.do("recognise")
        await call.do("send_code")
    assert await first.do("check_code", code=code_in(house.sent[1])) == "refused"
    house.at += timedelta(seconds=301)
    assert await second.do("check_code", code=code_in(house.sent[1])) == "expired"
    await second.do("send_code")
    assert await second.do("check_code", code=code_in(house.sent[2])) == "ok"
    assert await second.do("check_code", code=code_in(house.sent[2])) == "expired"


async def test_no_code_goes_to_a_number_of_yesterday_or_for_nobody(house: House) -> None:
    call = house.call("+4915111111111")
    await call.do("recognise")
    assert await call.do("send_code") == "no_number"
    assert [e["signal"] for e in call.noted("identity.risk")] == ["number_new"]
    assert await house.call("").do("send_code") == "refused"
    assert house.sent == []


async def test_the_owner_of_a_closed_account_gets_a_message_and_operators_open_it(house: House) -> None:
    for number in range(5):
        house.at += timedelta(hours=2)
        call = house.call(f"+4917000000{number:02d}")
        await call.do("spoken_id", policy_number="7033111")
        await call.do("check_pin", pin=f"00{number:02d}")
    await house.desk.close()
    assert [m for m in house.sent if "could not prove" in m]
    house.at += timedelta(hours=2)
    locked = house.call()
    await locked.do("recognise")
    assert await locked.do("check_pin", pin="4711") == "locked"
    assert locked.noted("identity.closed")[-1]["why"] == "failures_of_the_pin"
    house.at += timedelta(seconds=1)
    await house.store.clear_failures("customer:C1", "Olga")
    opened = house.call()
    await opened.do("recognise")
    assert await opened.do("check_pin", pin="4711") == "ok"


async def test_risk_takes_levels_away_or_leaves_the_caller_to_a_person(house: House) -> None:
    lower = replace(DEFAULT, risk=RiskPolicy(threshold=1))
    call = house.call(policy=lower, number_type="voip")
    await call.do("recognise")
    await call.do("match_facts", birth_date="1980-05-17", postcode="20095")
    assert call.level is Level.L1
    assert call.noted("identity.risk") == [{"signal": "voip_invalid", "points": 1, "type": "voip"}]
    human = replace(DEFAULT, risk=RiskPolicy(threshold=1, on_threshold=OnRisk.HUMAN))
    left = house.call(policy=human, number_type="voip")
    assert await left.do("recognise") == "refused"
    assert left.level is Level.L0


async def test_a_number_whose_signature_turns_out_wrong_later_speaks_no_more(house: House) -> None:
    call = house.call()
    await call.do("recognise")
    assert call.level is Level.L1
    call.caller = replace(call.caller, verification="failed")
    await call.do("match_facts", birth_date="1980-05-17", postcode="20095")
    assert call.level is Level.L0


async def test_a_customers_own_service_vouches_and_the_ladder_goes_on_from_there(house: House) -> None:
    call = house.call("")
    await call.vouched(Level.L2, "C1")
    assert await call.do("send_code") == "ok"
    assert call.level is Level.L2
    await call.do("check_code", code=code_in(house.sent[-1]))
    assert call.level is Level.L3
    assert call.noted("identity.evidence")[0]["what"] == "service"


async def test_a_store_that_cannot_count_lets_nothing_be_tried(house: House) -> None:
    call = house.call()
    await call.do("recognise")
    await house.store._db.write((sa.text("DROP TABLE identity_gates"), None))
    assert await call.do("check_pin", pin="4711") == "error"
    assert call.level is Level.L1


async def test_a_lookup_of_a_number_that_was_only_claimed_vouches_for_nobody(house: House) -> None:
    claimed, believed = house.call(claimed=True), house.call()
    for call in (claimed, believed):
        await call.vouched(Level.L1, "C1", by_number=True)
        assert await call.do("match_facts", birth_date="1980-05-17", postcode="20095") in ("ok", "refused")
    assert (claimed.level, believed.level) == (Level.L0, Level.L2)


async def test_a_number_looked_up_late_does_not_undo_who_was_found_by_what_they_said(house: House) -> None:
    call = house.call()
    assert await call.do("spoken_id", policy_number="7044222") == "ok"
    assert await call.do("recognise") == "ok"
    assert (call.who, call.level) == ("C2", Level.L1)
    assert not [e for e in call.noted("identity.evidence") if e["what"] == "ani"]


async def test_asking_for_a_person_right_after_a_failure_is_noted(house: House) -> None:
    for wrong in (False, True):
        call = house.call()
        await call.do("recognise")
        if wrong:
            await call.do("match_facts", birth_date="1999-01-01")
        await call.asks_for_a_person()
        assert [e["signal"] for e in call.noted("identity.risk")] == ["agent_request_after_fail"] * wrong


async def test_who_is_several_customers_in_one_call_is_suspicious_though_both_are_right(house: House) -> None:
    call = house.call(ani="")
    assert await call.do("spoken_id", policy_number="7033111", birth_date="1980-05-17") == "ok"
    assert call.noted("identity.risk") == []
    assert await call.do("spoken_id", policy_number="7044222", birth_date="1975-01-02") == "ok"
    assert [risk["signal"] for risk in call.noted("identity.risk")] == ["several_customers"]


async def test_codes_pumped_to_a_range_of_numbers_are_a_signal_at_once(house: House) -> None:
    policy = replace(DEFAULT, limits=replace(DEFAULT.limits, otp_sends_per_prefix_hour=1))
    first, second = house.call(policy=policy), house.call(policy=policy)
    for call in (first, second):
        await call.do("recognise")
    assert await first.do("send_code") == "ok"
    assert await second.do("send_code") == "locked"
    assert [risk["signal"] for risk in second.noted("identity.risk")] == ["otp_pumping"]
    assert len(house.sent) == 1


async def test_a_number_asserted_by_nobody_we_trust_is_weighed_with_the_first_step(house: House) -> None:
    call = house.call(signals=("spoofed_header",))
    await call.do("recognise")
    assert [(risk["signal"], risk["points"]) for risk in call.noted("identity.risk")] == [("spoofed_header", 2)]
