"""Calls from a full queue, by the headers switches send; the wait that is told; the way back to the same place."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.model.errors import DesignError
from ivr.model.media import Headers
from ivr.model.routing import HandoffRequest
from ivr.routing.carriers import parse_handoff_headers
from ivr.routing.expected_wait import BOUNDS_MIN, TOLD_MS, WINDOW_MS, Pace, ToldWaits, WaitRange, spoken, wait_range
from ivr.routing.overflow import Overflow, read_overflow
from ivr.routing.overflow_terms import OverflowTerms, ReturnBy, Source
from ivr.routing.plan import load_routing
from ivr.routing.refer_to import read_refer_to
from ivr.routing.returning import OverflowOutcome, Way, result_event, return_call, ways
from ivr.routing.waiting import WaitingCall, WaitingLine

TOKEN = "01KAJ8F3KQZX5T0V9W2R7M4N6P"
NOW_MS = 10_000_000
ROUTING = """
version: 1
queues:
  payments: {title: payments}
  service: {title: service}
agents:
  a1: {name: E, sip: "sip:a1@h", skills: {"lang:en": 5}, queues: [payments, service]}
overflow:
  precedence: [address, x_queue, diversion, history_info]
  callback_after_s: 180
  queues:
    billing:
      queue: payments
      names: ["7001", Billing RU]
      addresses: ["+74955550101"]
      return_to: "${ACD_BILLING}"
      return_by: refer
      priority: 2
    claims: {queue: service, names: ["7002"]}
"""
VARIABLES = {"ACD_BILLING": "sip:billing@acd.example.org"}


def load(folder: Path, text: str = ROUTING) -> OverflowTerms:
    path = folder / "routing.yml"
    path.write_text(text, encoding="utf-8")
    terms = load_routing(path, VARIABLES).overflow
    assert terms is not None
    return terms


@pytest.fixture
def terms(tmp_path: Path) -> OverflowTerms:
    return load(tmp_path)


def read(terms: OverflowTerms, dialled: str, *headers: tuple[str, str], trusted: bool = True) -> Overflow | None:
    return read_overflow(terms, dialled, headers, received_ms=NOW_MS, trusted=trusted)


def named(found: Overflow | None) -> tuple[str, str, str]:
    return (found.queue.name, found.source.value, found.reason) if found else ("", "", "")


@pytest.mark.parametrize(
    ("dialled", "headers", "expected"),
    [
        ("overflow+billing", [], ("billing", "address", "")),
        ("Overflow+7001+no_agents", [], ("billing", "address", "no_agents")),
        ("+74955550101", [], ("billing", "address", "")),
        ("bot", [("X-Queue", "billing ru")], ("billing", "x_queue", "")),
        ("bot", [("X-Queue", "7002"), ("X-Queue-Reason", "max_wait")], ("claims", "x_queue", "max_wait")),
        ("bot", [("Diversion", "<sip:billing@acd>;reason=no-answer;counter=1")], ("billing", "diversion", "no-answer")),
        (
            "bot",
            [("Diversion", '"Q, 2" <sip:7002@acd>;reason=user-busy, <sip:7001@acd>;reason=unconditional')],
            ("claims", "diversion", "user-busy"),
        ),
        (
            "bot",
            [("Diversion", "<sip:hunt@acd>;reason=deflection"), ("Diversion", "<sip:7001@acd>;reason=unavailable")],
            ("billing", "diversion", "unavailable"),
        ),
        ("bot", [("Diversion", "<tel:7001>")], ("billing", "diversion", "")),
        (
            "bot",
            [("History-Info", "<sip:7001@acd?Reason=SIP%3Bcause%3D408>;index=1, <sip:bot@ivr>;index=1.1;mp=1")],
            ("billing", "history_info", "no-answer"),
        ),
        (
            "bot",
            [("History-Info", "<sip:7002@acd>;index=1"), ("History-Info", "<sip:bot@ivr;cause=486>;index=1.1;rc=1")],
            ("claims", "history_info", "user-busy"),
        ),
        (
            "bot",
            [("History-Info", "<sip:7001@a>;index=1,<sip:7002@b>;index=1.1;mp=1,<sip:bot@c>;index=1.2;mp=1")],
            ("billing", "history_info", ""),
        ),
        ("overflow+billing", [("X-Queue", "claims")], ("billing", "address", "")),
        ("bot", [("Diversion", "<sip:7001@a>"), ("X-Queue", "claims")], ("claims", "x_queue", "")),
        ("bot", [("Diversion", "<sip:7001@a>"), ("X-Queue", "nobody")], ("billing", "diversion", "")),
        ("overflow+new", [], ("new", "address", "")),
        ("bot", [("X-Queue", "new")], ("new", "x_queue", "")),
        ("bot", [("Diversion", "<sip:colleague@office>;reason=no-answer")], ("", "", "")),
        ("bot", [("Diversion", '<<";,'), ("History-Info", "garbage, ;index=1")], ("", "", "")),
        ("bot", [], ("", "", "")),
    ],
)
def test_the_queue_is_read_as_switches_write_it(
    terms: OverflowTerms, dialled: str, headers: list[tuple[str, str]], expected: tuple[str, str, str]
) -> None:
    assert named(read(terms, dialled, *headers)) == expected


def test_the_terms_say_which_source_counts_and_which_is_not_looked_at(tmp_path: Path) -> None:
    other = load(tmp_path, ROUTING.replace("[address, x_queue, diversion, history_info]", "[diversion, address]"))
    headers = (("Diversion", "<sip:7002@a>"), ("X-Queue", "7001"))
    assert named(read(other, "overflow+billing", *headers)) == ("claims", "diversion", "")
    assert read(other, "bot", ("X-Queue", "7001")) is None


def test_age_and_priority_are_kept_and_bounded(terms: OverflowTerms) -> None:
    told = read(terms, "overflow+billing", ("X-Queue-Age", "420"), ("X-Priority", "5"), ("X-Queue-EWT", "300"))
    assert told is not None
    assert (told.arrived_ms, told.priority, told.expected_wait_ms) == (NOW_MS - 420_000, 5, 300_000)
    assert told.waited_ms(NOW_MS + 60_000) == 480_000
    silent = read(terms, "overflow+billing")
    assert silent is not None and (silent.arrived_ms, silent.priority, silent.expected_wait_ms) == (NOW_MS, 2, None)
    wild = read(terms, "overflow+billing", ("X-Queue-Age", "999999"), ("X-Priority", "999"))
    assert wild is not None and (NOW_MS - wild.arrived_ms, wild.priority) == (4 * 3_600_000, 10)
    for nonsense in ("-5", "soon", "1e3", "٣", ""):
        odd = read(terms, "overflow+billing", ("X-Queue-Age", nonsense), ("X-Priority", nonsense))
        assert odd is not None and (odd.arrived_ms, odd.priority) == (NOW_MS, 2)


def test_a_stranger_cannot_jump_the_line(terms: OverflowTerms) -> None:
    headers = (("X-Queue", "billing"), ("X-Queue-Age", "3000"), ("X-Priority", "9"), ("Diversion", "<sip:7001@a>"))
    assert read(terms, "bot", *headers, trusted=False) is None
    dialled = read(terms, "overflow+billing", *headers, trusted=False)
    assert dialled is not None and (dialled.arrived_ms, dialled.priority) == (NOW_MS, 2)


@settings(max_examples=60, deadline=None)
@given(
    st.text(max_size=60),
    st.lists(
        st.tuples(
            st.sampled_from(["Diversion", "History-Info", "X-Queue", "X-Queue-Age", "X-Priority"]), st.text(max_size=80)
        ),
        max_size=5,
    ),
)
def test_no_header_of_a_stranger_raises(dialled: str, headers: list[tuple[str, str]]) -> None:
    terms = OverflowTerms(precedence=tuple(Source), address_prefix="overflow+", callback_after_ms=180_000, queues={})
    found = read(terms, dialled, *headers)
    assert found is None or (not found.known and 0 <= found.priority <= 10 and found.arrived_ms <= NOW_MS)


# ---- the wait that is told ------------------------------------------------------------------------------------------


def test_the_wait_is_position_times_handling_time_over_the_agents() -> None:
    pace = Pace()
    for n, handled_s in enumerate((100, 200, 300)):
        pace.accepted(f"c{n}", n * 1000)
        pace.ended(f"c{n}", n * 1000 + handled_s * 1000)
    assert pace.expected_ms(6, 4, 400_000) == 6 * 200_000 // 4
    assert pace.expected_ms(1, 4, 400_000) == 50_000


def test_without_a_call_accepted_in_ten_minutes_nothing_is_told() -> None:
    pace = Pace()
    assert pace.expected_ms(1, 3, 0) is None
    pace.accepted("c", 0)
    pace.ended("c", 90_000)
    assert pace.expected_ms(1, 1, WINDOW_MS) == 90_000
    assert pace.expected_ms(1, 1, WINDOW_MS + 1) is None
    assert pace.expected_ms(1, 0, WINDOW_MS) is None


def test_calls_longer_than_the_window_count_whole() -> None:
    pace = Pace()
    pace.accepted("long", 0)
    pace.accepted("next", 1_100_000)
    assert pace.expected_ms(1, 1, 1_190_000) == (1_190_000 + 90_000) // 2  # none has ended yet
    pace.ended("long", 1_200_000)
    pace.ended("long", 1_300_000)
    assert pace.expected_ms(1, 1, 1_350_000) == 1_200_000


@pytest.mark.parametrize(
    ("minutes", "expected", "english", "russian"),
    [
        (0.2, WaitRange(low_min=0, high_min=1), "less than one minute", "меньше одной минуты"),
        (1.2, WaitRange(low_min=0, high_min=2), "less than two minutes", "меньше двух минут"),
        (7, WaitRange(low_min=5, high_min=10), "five to ten minutes", "от пяти до десяти минут"),
        (36, WaitRange(low_min=20, high_min=45), "twenty to forty-five minutes", "от двадцати до сорока пяти минут"),
        (90, WaitRange(low_min=60, high_min=None), "more than sixty minutes", "больше шестидесяти минут"),
    ],
)
def test_a_wait_is_told_as_a_range_in_words(minutes: float, expected: WaitRange, english: str, russian: str) -> None:
    told = wait_range(round(minutes * 60_000))
    assert told == expected
    assert (spoken(told, "en"), spoken(told, "ru"), spoken(told, "de")) == (english, russian, "")


def test_every_range_holds_its_estimate_and_can_be_said() -> None:
    for expected_ms in range(0, 2 * 3_600_000, 7_000):
        told = wait_range(expected_ms)
        minutes = expected_ms / 60_000
        assert told.low_min in BOUNDS_MIN and told.low_min <= minutes
        assert told.high_min is None or (told.high_min in BOUNDS_MIN and minutes <= told.high_min > told.low_min)
        assert not any(character.isdigit() for character in spoken(told, "en") + spoken(told, "ru"))
    with pytest.raises(ValueError, match="less than nothing"):
        wait_range(-1)


# ---- what is offered, and the way back ------------------------------------------------------------------------------


def overflow(terms: OverflowTerms, dialled: str = "overflow+billing", *headers: tuple[str, str]) -> Overflow:
    found = read(terms, dialled, *headers)
    assert found is not None
    return found


def test_a_callback_is_offered_for_long_waits_only_and_when_nobody_knows_by_the_wait_so_far(
    terms: OverflowTerms,
) -> None:
    call = overflow(terms, "overflow+billing", ("X-Queue-Age", "170"))
    both, all_three = (Way.SOLVE, Way.KEEP_PLACE), tuple(Way)
    assert ways(terms, call, 180_000, can_call_back=True, now_ms=NOW_MS) == both
    assert ways(terms, call, 180_001, can_call_back=True, now_ms=NOW_MS) == all_three
    assert ways(terms, call, 600_000, can_call_back=False, now_ms=NOW_MS) == both
    assert ways(terms, call, None, can_call_back=True, now_ms=NOW_MS) == both
    assert ways(terms, call, None, can_call_back=True, now_ms=NOW_MS + 11_000) == all_three
    unknown = overflow(terms, "overflow+new")
    assert ways(terms, unknown, 0, can_call_back=True, now_ms=NOW_MS) == (Way.SOLVE,)
    with pytest.raises(ValueError, match="no way back"):
        return_call(unknown, TOKEN, now_ms=NOW_MS)


def test_a_call_is_referred_back_with_its_age_priority_and_token(terms: OverflowTerms) -> None:
    call = overflow(terms, "overflow+billing", ("X-Queue-Age", "420"), ("X-Priority", "5"))
    back = return_call(call, TOKEN, now_ms=NOW_MS + 95_500)
    uri, headers = read_refer_to(back.refer_to)
    assert (back.by, uri) == (ReturnBy.REFER, "sip:billing@acd.example.org")
    assert parse_handoff_headers(headers).token == TOKEN
    expected = {"X-Ctx-Id": TOKEN, "X-Queue": "billing", "X-Queue-Age": "515", "X-Priority": "5"}
    assert {name: value for name, value in headers if name.startswith("X-")} == expected
    assert (back.age_s, back.priority) == (515, 5)
    beside = return_call(call, TOKEN, now_ms=NOW_MS + 95_500, in_uri=False)
    assert (read_refer_to(beside.refer_to), beside.headers) == ((uri, ()), headers)


def test_where_hanging_up_is_the_return_there_is_nobody_to_refer_to(terms: OverflowTerms) -> None:
    back = return_call(overflow(terms, "overflow+claims"), TOKEN, now_ms=NOW_MS)
    assert (back.by, back.refer_to) == (ReturnBy.BYE, "")
    assert parse_handoff_headers(back.headers).token == TOKEN


def test_calls_that_were_with_the_bot_come_back_in_the_order_they_left(terms: OverflowTerms) -> None:
    """A contact center that places calls by the age and priority it is told: nobody gains or loses a place."""
    draw = random.Random(11)
    line, away = WaitingLine(), []
    for n in range(40):
        arrived_ms, priority = NOW_MS - draw.randrange(10_000) * 1000, draw.choice([2, 2, 5])
        one = WaitingCall(
            call_id=f"c{n:02}",
            request=HandoffRequest(queue="billing", reason=""),
            language="en",
            arrived_ms=arrived_ms,
            priority=priority,
        )
        line.join(one)
        if draw.random() < 0.5:
            away.append(one)
    before = list(line)
    now_ms = NOW_MS
    for one in away:
        line.leave(one.call_id)
        age_s = (now_ms - one.arrived_ms) // 1000
        headers: Headers = (("X-Queue-Age", str(age_s)), ("X-Priority", str(one.priority)))
        call = read_overflow(terms, "overflow+billing", headers, received_ms=now_ms, trusted=True)
        assert call is not None
        now_ms += draw.randrange(120) * 1000
        back = return_call(call, TOKEN, now_ms=now_ms)
        line.join(
            WaitingCall(
                call_id=one.call_id,
                request=one.request,
                language="en",
                arrived_ms=now_ms - back.age_s * 1000,
                priority=back.priority,
            )
        )
    assert list(line) == before


def test_the_result_tells_the_contact_center_how_it_ended(terms: OverflowTerms) -> None:
    call = overflow(terms, "overflow+billing", ("X-Queue-Age", "60"))
    data = result_event(
        TOKEN, OverflowOutcome.RESOLVED, call, intent="balance", level="L2", bot_s=95, now_ms=NOW_MS + 95_000
    )
    assert data == {
        "token": TOKEN,
        "outcome": "resolved",
        "queue": "billing",
        "intent": "balance",
        "bot_s": 95,
        "waited_s": 155,
        "priority": 2,
        "level": "L2",
    }


@pytest.mark.parametrize(
    ("old", "new", "code", "where"),
    [
        ("queue: payments", "queue: payment", "routing-queue", "queue: payment"),
        ('names: ["7002"]', 'names: ["7001"]', "routing-overflow", "claims:"),
        ('names: ["7002"]', "names: [BILLING]", "routing-overflow", "claims:"),
        ('names: ["7002"]', 'addresses: ["+74955550101"]', "routing-overflow", "claims:"),
        ('"${ACD_BILLING}"', '"${ACD_UNKNOWN}"', "routing-variable", "return_to:"),
        ('"${ACD_BILLING}"', "billing", "routing-address", "return_to:"),
        ('      return_to: "${ACD_BILLING}"\n', "", "routing-return", "return_by:"),
        ("[address, x_queue, diversion", "[address, address, diversion", "routing-overflow", "precedence:"),
        ("[address, x_queue", "[adress, x_queue", "unknown-value", "precedence:"),
        ("return_by: refer", "return_by: fax", "unknown-value", "return_by:"),
    ],
)
def test_mistakes_in_the_terms_are_found_with_their_lines(
    tmp_path: Path, old: str, new: str, code: str, where: str
) -> None:
    assert old in ROUTING
    changed = ROUTING.replace(old, new)
    with pytest.raises(DesignError) as caught:
        load(tmp_path, changed)
    (fault,) = caught.value.faults
    assert fault.code == code
    assert where in changed.splitlines()[fault.line - 1]


def test_what_a_contact_center_said_of_a_wait_counts_for_two_minutes(terms: OverflowTerms) -> None:
    told = ToldWaits(lambda: terms)
    assert told.expected_ms("billing", NOW_MS) is None
    assert told.tell("billing", 420_000, NOW_MS)
    assert told.expected_ms("billing", NOW_MS + TOLD_MS) == 420_000
    assert told.expected_ms("billing", NOW_MS + TOLD_MS + 1) is None
    assert told.expected_ms("claims", NOW_MS) is None
    assert not told.tell("travel", 420_000, NOW_MS)
    assert not ToldWaits(lambda: None).tell("billing", 1, NOW_MS)
