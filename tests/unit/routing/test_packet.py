from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.model.identity import Customer, Identity, Level
from ivr.model.ids import new_id
from ivr.model.offers import OfferAnswer, OfferDecision, OfferScript
from ivr.routing.briefing import WHISPER_KEYS
from ivr.routing.carriers import handoff_headers, parse_handoff_headers, user_to_user
from ivr.routing.packet import CONTACT, MAX_BYTES, HandoffContext, build_packet, packet_bytes
from ivr.routing.schema import context_schema, packet_faults, violations

ANNA = Customer(customer_id="C1001", household="H1001", name="Anna Hill", lines=("dacha",), owns=("dacha_basic",))
TOKEN = "01KAJ8F3KQZX5T0V9W2R7M4N6P"
CONTEXT = HandoffContext(
    context_id=TOKEN,
    call_id="01KAJ8F3KQZX5T0V9W2R7M4N6Q",
    sip_call_id="abc@192.0.2.7",
    ani="+14155550123",
    dnis="+14155550100",
    language="en",
    started_at="2026-11-21T10:00:00.000Z",
    bot_s=94,
    identity=Identity(level=Level.L2, customer=ANNA, evidence=("ani", "dob")),
    queue="claims",
    reason="caller_asked",
    expires_at="2026-11-21T14:00:00.000Z",
    intent="claim_status",
    slots={"claim_number": "204518"},
    caller_words="what about my claim",
    status="failed",
    why="claims service timeout",
    tried=("lookup ok", "status 504 twice"),
    required={"claims": 2},
)
SCRIPT = OfferScript(ask="May I?", pitch="Good.", confirm="Yes?", accepted="Thanks.", declined="Fine.")
OFFER = OfferDecision(
    opportunity_id="O", arm="treat", speak=True, household="H1001", product="dacha_furniture", script=SCRIPT
)


def test_a_packet_tells_who_what_and_why_and_is_valid() -> None:
    packet = build_packet(CONTEXT)
    assert packet_faults(packet) == ()
    assert packet_faults(json.loads(json.dumps(packet))) == ()
    assert packet["customer"]["name"] == "Anna Hill"
    assert packet["need"]["in_caller_words"] == "what about my claim"
    assert packet["summary"] == (
        "Anna Hill (L2). Wants: claim status. The bot could not finish it: claims service timeout. "
        "Human because: caller asked. Known: claim number 204518."
    )
    assert packet["whisper"] == f"Anna Hill, level two. Claim status. Claims service timeout. {WHISPER_KEYS}"


@pytest.mark.parametrize(
    ("level", "who"), [(Level.L0, "Unknown caller, level zero"), (Level.L1, "Recognised number, level one")]
)
def test_below_level_two_the_name_is_nowhere(level: Level, who: str) -> None:
    packet = build_packet(replace(CONTEXT, identity=replace(CONTEXT.identity, level=level)))
    assert "Anna" not in json.dumps(packet) and "Hill" not in json.dumps(packet)
    assert packet["whisper"].startswith(who)
    assert packet_faults(packet) == ()


def test_a_stranger_asking_for_a_person_gives_a_short_packet() -> None:
    packet = build_packet(
        replace(CONTEXT, identity=Identity(), intent="", slots={}, why="", status="open", caller_words="", tried=())
    )
    assert packet["whisper"] == f"Unknown caller, level zero. Caller asked. {WHISPER_KEYS}"
    assert packet["summary"] == "Unknown caller (L0). Human because: caller asked."
    assert packet_faults(packet) == ()


def test_the_offer_hint_waits_until_the_request_is_resolved() -> None:
    offer = build_packet(replace(CONTEXT, offer=OFFER))["offer"]
    assert (offer["hint"], offer["allowed"], offer["blocked_by"]) == ("dacha_furniture", False, "g.resolved")
    assert offer["script"] == "May I? Good. Yes?"


def test_the_holdout_cannot_be_told_from_no_offer() -> None:
    ghost = replace(OFFER, arm="holdout", speak=False, script=None)
    closed = OfferDecision(opportunity_id="O", arm="none", speak=False, household="H1001")
    packets = [build_packet(replace(CONTEXT, offer=offer)) for offer in (ghost, closed, None)]
    assert packets[0] == packets[1] == packets[2]
    assert "furniture" not in json.dumps(packets[0])


@pytest.mark.parametrize("answer", OfferAnswer)
def test_an_offer_made_by_the_bot_is_not_hinted_again(answer: OfferAnswer) -> None:
    packet = build_packet(replace(CONTEXT, offer=OFFER, offer_answer=answer))
    assert (packet["offer"]["hint"], packet["offer"]["blocked_by"]) == ("", "g.cap")
    assert packet["customer"]["no_offers"] is (answer is OfferAnswer.NEVER_AGAIN)


def test_a_card_number_nobody_masked_is_masked() -> None:
    packet = build_packet(
        replace(CONTEXT, caller_words="it is 4111 1111 1111 1111 ok", slots={"note": "4111-1111-1111-1111"})
    )
    assert "1111" not in json.dumps(packet)
    assert packet["need"]["in_caller_words"] == "it is ••• ok"


def test_a_telephone_number_is_not_taken_for_a_card() -> None:
    packet = build_packet(replace(CONTEXT, caller_words="call +7 916 123 45 67"))
    assert packet["need"]["in_caller_words"] == "call +7 916 123 45 67"
    assert packet["call"]["ani"] == "+14155550123"


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_whisper_takes_no_longer_than_it_may_and_never_loses_its_keys(language: str) -> None:
    long = replace(CONTEXT, language=language, why="тариф второго региона не ответил вовремя " * 5)
    lengths = []
    for most_s in (8, 6.5, 5):
        words = build_packet(long, round(most_s * 1000))["whisper"].split()
        assert " ".join(words).endswith(RUSSIAN_KEYS if language == "ru" else WHISPER_KEYS)
        lengths.append(len(words) / 2.5)
    assert lengths == pytest.approx([8, 6.4, 4.8])


RUSSIAN_KEYS = "Нажмите один, чтобы принять, два, чтобы вернуть."


def test_a_russian_whisper_is_russian_from_end_to_end() -> None:
    peter = replace(CONTEXT.identity, customer=replace(ANNA, name="Пётр"))
    call = replace(CONTEXT, language="ru", identity=peter)
    assert build_packet(call)["whisper"] == f"Пётр, уровень два. У бота не получилось. {RUSSIAN_KEYS}"
    why = build_packet(replace(call, why="тариф не ответил"))["whisper"]
    assert why == f"Пётр, уровень два. У бота не получилось. Тариф не ответил. {RUSSIAN_KEYS}"
    stranger = build_packet(replace(CONTEXT, language="ru", identity=Identity(), intent="", why=""))["whisper"]
    assert stranger == f"Незнакомый абонент, уровень ноль. {RUSSIAN_KEYS}"
    long = build_packet(replace(call, why="тариф второго региона не ответил вовремя " * 9))["whisper"]
    assert len(long.split()) / 2.5 <= 8 and long.endswith(RUSSIAN_KEYS)


def test_too_much_is_trimmed_in_order_words_last() -> None:
    full = replace(
        CONTEXT,
        requests=tuple({"intent": "я" * 64, "result": "я" * 64} for _ in range(10)),
        contacts=tuple(dict.fromkeys(CONTACT, "я" * 100) for _ in range(3)),
        slots={f"slot_{n}": "😀" * 100 for n in range(20)},
        caller_words="я" * 300,
        offer=OFFER,
    )
    packet = build_packet(full)
    assert packet_bytes(packet) <= MAX_BYTES
    assert packet["requests"] == [] and packet["customer"]["contacts"] == []
    assert len(packet["need"]["slots"]) > 5
    assert packet["need"]["in_caller_words"] == "я" * 300


@pytest.mark.parametrize("changes", [{"context_id": "short"}, {"status": "fine"}])
def test_a_packet_no_peer_could_read_is_not_built(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no packet"):
        build_packet(replace(CONTEXT, **changes))


WILD = st.text(min_size=0, max_size=1500)
WIDE = st.one_of(WILD, st.sampled_from(["😀" * 1500, "\r\nX-Evil: 1" * 9, '"\\' * 700, "\ud800" * 300, "я" * 1500]))
CONTEXTS = st.builds(
    HandoffContext,
    context_id=st.just(TOKEN),
    call_id=WIDE,
    sip_call_id=WIDE,
    ani=WIDE,
    dnis=WIDE,
    language=WIDE,
    started_at=WIDE,
    bot_s=st.integers(-5, 10**6),
    identity=st.builds(
        Identity,
        level=st.sampled_from(Level),
        customer=st.one_of(
            st.none(),
            st.builds(
                Customer,
                customer_id=WIDE,
                household=WIDE,
                name=WIDE,
                lines=st.lists(WIDE, max_size=20).map(tuple),
                owns=st.lists(WIDE, max_size=20).map(tuple),
                flags=st.lists(WIDE, max_size=20).map(tuple),
                profile=st.fixed_dictionaries({"segment": WIDE}),
            ),
        ),
        evidence=st.lists(WIDE, max_size=12).map(tuple),
    ),
    queue=WIDE,
    reason=WIDE,
    expires_at=WIDE,
    intent=WIDE,
    slots=st.dictionaries(WIDE, WIDE, max_size=30),
    caller_words=WIDE,
    status=st.sampled_from(["resolved", "informed", "failed", "open"]),
    why=WIDE,
    tried=st.lists(WIDE, max_size=12).map(tuple),
    requests=st.lists(st.fixed_dictionaries({"intent": WIDE, "result": WIDE}), max_size=14).map(tuple),
    required=st.dictionaries(WIDE, st.integers(-3, 9), max_size=15),
    preferred_agent=WIDE,
    ani_attest=WIDE,
    diverted_from=WIDE,
    arrived_at=WIDE,
    overflow_from=WIDE,
    return_to=WIDE,
    offer=st.one_of(st.none(), st.just(OFFER)),
    offer_why=WIDE,
    promise=WIDE,
    next_step=WIDE,
    transcript_url=WIDE,
    contacts=st.lists(st.fixed_dictionaries(dict.fromkeys(CONTACT, WIDE)), max_size=5).map(tuple),
)


@settings(max_examples=150, deadline=None)
@given(CONTEXTS)
def test_whatever_is_known_the_packet_is_valid_small_and_travels(context: HandoffContext) -> None:
    packet = build_packet(context)
    assert packet_faults(packet) == ()
    assert packet_bytes(packet) <= MAX_BYTES
    headers = handoff_headers(TOKEN, packet)
    assert sum(len(f"{name}: {value}") for name, value in headers if name.startswith("X-")) <= 400
    assert all(value.isascii() and value.isprintable() for _, value in headers)
    assert parse_handoff_headers(headers).token == TOKEN


def test_the_worst_case_of_every_field_still_fits() -> None:
    wide = "😀" * 2000
    texts: dict[str, Any] = dict.fromkeys(("caller_words", "why", "reason", "promise", "next_step", "offer_why"), wide)
    names: dict[str, Any] = dict.fromkeys(
        ("call_id", "sip_call_id", "ani", "dnis", "queue", "return_to", "intent"), wide
    )
    context = replace(
        CONTEXT,
        **texts,
        **names,
        transcript_url=wide,
        identity=Identity(level=Level.L4, customer=replace(ANNA, name=wide), evidence=(wide,) * 9),
        slots={f"{n}{wide}": wide for n in range(30)},
        offer=OFFER,
    )
    assert packet_bytes(build_packet(context)) <= MAX_BYTES


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        (("v",), 2, "$.v: not 1"),
        (("id",), "x", "$.id: does not match"),
        (("call", "bot_s"), -1, "$.call.bot_s: less than 0"),
        (("call", "bot_s"), True, "$.call.bot_s: not integer"),
        (("customer", "level"), "L7", "$.customer.level: none of"),
        (("customer", "how"), "ani", "$.customer.how: not array"),
        (("customer", "how"), ["ani"] * 9, "$.customer.how: more than 8 items"),
        (("customer", "how"), [1], "$.customer.how[0]: not string"),
        (("customer", "pin"), "1234", "$.customer: pin is unknown"),
        (("need", "slots"), {"a": 1}, "$.need.slots.a: not string"),
        (("skills", "required"), {"x": 6}, "$.skills.required.x: more than 5"),
        (("offer", "arm"), "holdout", "$.offer.arm: none of"),
        (("summary",), "x" * 301, "$.summary: longer than 300"),
    ],
)
def test_each_deviation_from_the_schema_is_found(path: tuple[str, ...], value: Any, fault: str) -> None:
    packet = build_packet(CONTEXT)
    part = packet
    for name in path[:-1]:
        part = part[name]
    part[path[-1]] = value
    (found,) = packet_faults(packet)
    assert found.startswith(fault)


def test_a_missing_part_is_found_and_an_unknown_keyword_is_refused() -> None:
    packet = build_packet(CONTEXT)
    del packet["queue"]
    assert packet_faults(packet) == ("$: queue is missing",)
    with pytest.raises(ValueError, match="oneOf"):
        list(violations({}, {"oneOf": []}))
    assert context_schema()["$id"] == "context/1"


def test_headers_carry_the_token_and_read_back_the_same() -> None:
    headers = handoff_headers(TOKEN, build_packet(replace(CONTEXT, required={"claims": 2, "lang:en": 1})))
    assert headers[0] == ("User-to-User", f"00{TOKEN.encode().hex()};encoding=hex")
    assert len(headers[0][1].partition(";")[0]) == 54
    assert dict(headers[1:]) == {
        "X-Ctx-Id": TOKEN,
        "X-Intent": "claim_status",
        "X-Level": "L2",
        "X-Lang": "en",
        "X-Skill": "claims=2,lang:en=1",
    }
    read = parse_handoff_headers(headers)
    assert (read.token, read.intent, read.level, read.language) == (TOKEN, "claim_status", "L2", "en")
    assert read.skills == {"claims": 2, "lang:en": 1}


@pytest.mark.parametrize(
    "headers",
    [
        [("user-to-user", user_to_user(TOKEN).upper().replace("ENCODING=HEX", "encoding=hex"))],
        [("User-to-User", f"{user_to_user(TOKEN)};purpose=isdn-uui")],
        [("User-to-User", f"04deadbeef;encoding=hex, {user_to_user(TOKEN)}")],
        [("User-to-User", f"00{TOKEN.encode().hex()}")],
        [("User-to-User", "00ff;encoding=hex"), ("X-Ctx-Id", TOKEN)],
        [("X-CTX-ID", f" {TOKEN} ")],
    ],
)
def test_the_token_survives_what_middleboxes_do(headers: list[tuple[str, str]]) -> None:
    assert parse_handoff_headers(headers).token == TOKEN


@pytest.mark.parametrize(
    "headers", [[], [("X-Ctx-Id", "1; DROP")], [("User-to-User", "zz")], [("X-Skill", "a,=,b=x,")]]
)
def test_headers_of_strangers_give_no_token_and_no_error(headers: list[tuple[str, str]]) -> None:
    read = parse_handoff_headers(headers)
    assert (read.token, read.skills) == ("", {})


def test_only_a_ulid_is_sent_as_token() -> None:
    assert handoff_headers(new_id(), build_packet(CONTEXT))
    with pytest.raises(ValueError, match="no ULID"):
        handoff_headers("abc\r\nX-Evil: 1", build_packet(CONTEXT))
