"""Each carrier by its documented format: what is written, what its peer reads back, and what is refused."""

from __future__ import annotations

import base64
import json
import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ivr.config import load_settings
from ivr.model.carry import Carrier, Carry
from ivr.model.errors import ConfigError, DesignError
from ivr.model.identity import Customer, Identity, Level
from ivr.model.ids import new_id
from ivr.routing.attributes import (
    MAX_CONNECT_BYTES,
    connect_attributes,
    flat_attributes,
    taskrouter_task,
)
from ivr.routing.carriers import carried_headers, handoff_headers, parse_handoff_headers, user_to_user
from ivr.routing.key_code import key_code, key_sequence, read_keys
from ivr.routing.packet import HandoffContext, build_packet
from ivr.routing.plan import load_routing
from ivr.routing.refer_to import MAX_HEADER_CHARS, ReplacedLeg, read_refer_to, refer_to
from ivr.routing.webhook import (
    KEPT_S,
    RETRIES_S,
    TOLERANCE_S,
    SeenEvents,
    Verdict,
    event_body,
    retry_in_s,
    signed_headers,
    verify,
)
from tests.handoffs import read_attributes, read_task

TOKEN = "01KAJ8F3KQZX5T0V9W2R7M4N6P"
URL = "https://ivr.example.org/c/01KAJ8F3KQZX5T0V9W2R7M4N6P"
ANNA = Customer(customer_id="C1001", household="H1", name="Пётр", profile={"segment": "dacha"})
CONTEXT = HandoffContext(
    context_id=TOKEN,
    call_id="01KAJ8F3KQZX5T0V9W2R7M4N6Q",
    sip_call_id="abc@192.0.2.7",
    ani="+79161234567",
    dnis="+74955550100",
    language="ru",
    started_at="2026-11-21T10:00:00.000Z",
    bot_s=94,
    identity=Identity(level=Level.L2, customer=ANNA, evidence=("ani", "dob")),
    queue="billing",
    reason="caller_asked",
    expires_at="2026-11-21T14:00:00.000Z",
    intent="policy_change",
    slots={"policy": "D-77"},
    required={"lang:ru": 1, "dacha": 3},
    preferred_agent="a17",
    priority=5,
    overflow_from="billing",
)
PACKET = build_packet(CONTEXT)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OLD_SECRET = "whsec_" + base64.b64encode(b"o" * 32).decode()


# ---- User-to-User and Refer-To ------------------------------------------------------------------------------------


def test_the_token_is_54_hexadecimal_digits_with_the_purpose_isdn_gateways_look_for() -> None:
    plain, isdn = user_to_user(TOKEN), user_to_user(TOKEN, isdn=True)
    assert re.fullmatch(r"00[0-9a-f]{52};encoding=hex", plain)
    assert isdn == f"{plain};purpose=isdn-uui"
    assert parse_handoff_headers([("User-to-User", isdn)]).token == TOKEN
    with pytest.raises(ValueError, match="no ULID"):
        user_to_user("123")


@pytest.mark.parametrize(
    ("name", "form"),
    [  # as Genesys Cloud documents them ("UUI data formats"), our token in the place of hexdata
        ("User-to-User", "00{hex};encoding=hex;purpose=isdn-uui;content=isdn-uui"),
        ("User-to-User", "04{HEX};encoding=hex"),
        ("User-to-User", "{hex};pd=00;encoding=hex;purpose=isdn-uui;content=isdn-uui"),
        ("x-User-to-User", "{hex};encoding=hex"),
        ("x-User-to-User", "{text};encoding=ascii"),
        ("User-to-User", "00FA1B2C;encoding=hex, 00{hex};encoding=hex"),
    ],
)
def test_the_token_is_read_in_every_way_contact_centers_write_it(name: str, form: str) -> None:
    written = form.format(hex=TOKEN.encode().hex(), HEX=TOKEN.encode().hex().upper(), text=TOKEN)
    assert parse_handoff_headers([(name, written)]).token == TOKEN


def test_genesys_reads_user_to_user_from_the_uri_with_its_semicolons_escaped() -> None:
    headers = carried_headers(Carry(by=frozenset({Carrier.UUI})), TOKEN, PACKET)
    value = refer_to("sip:+15551230000@edge.example.org;transport=tls", headers)
    assert value == (
        f"<sip:+15551230000@edge.example.org;transport=tls?User-to-User=00{TOKEN.encode().hex()}%3Bencoding%3Dhex>"
    )


def test_what_stands_in_a_refer_to_uri_reads_back_as_headers_of_the_new_call() -> None:
    leg = ReplacedLeg(sip_call_id="a;b&c=d@192.0.2.1", to_tag="t?1", from_tag="f 2")
    carried = carried_headers(Carry(isdn=True), TOKEN, PACKET)
    uri, headers = read_refer_to(refer_to("sip:a17@pbx.example.org", carried, replaces=leg))
    assert uri == "sip:a17@pbx.example.org"
    assert dict(headers) == {
        "Replaces": "a;b&c=d@192.0.2.1;to-tag=t?1;from-tag=f 2",
        "Require": "replaces",
        "User-to-User": user_to_user(TOKEN, isdn=True),
        **dict(handoff_headers(TOKEN, PACKET)[1:]),
    }
    read = parse_handoff_headers(headers)
    assert (read.token, read.intent, read.level, read.language) == (TOKEN, "policy_change", "L2", "ru")
    assert read.skills == {"lang:ru": 1, "dacha": 3}


def test_words_that_do_not_fit_into_the_uri_are_dropped_from_the_last_and_the_token_never() -> None:
    words = tuple((f"X-{n}", "я" * 40) for n in range(9))
    value = refer_to("sip:a@b", (("User-to-User", user_to_user(TOKEN)), *words))
    assert len(value.partition("?")[2]) <= MAX_HEADER_CHARS + 1
    _, headers = read_refer_to(value)
    assert headers[0][0] == "User-to-User" and 0 < len(headers) - 1 < 9
    assert headers[1:] == words[: len(headers) - 1]


@pytest.mark.parametrize("uri", ["a@b", "tel:123", "sip:a@b?X=1", "sip:a@b>\r\nX: y", "sip:a b@c"])
def test_only_a_bare_address_is_referred_to(uri: str) -> None:
    with pytest.raises(ValueError, match="cannot be referred to"):
        refer_to(uri)


def test_a_header_with_a_line_break_in_it_is_not_read() -> None:
    assert read_refer_to("<sip:a@b?X-A=1%0d%0aX-Evil%3a2&X-B=3>") == ("sip:a@b", (("X-B", "3"),))
    assert read_refer_to("sip:a@b") == read_refer_to(refer_to("sip:a@b")) == ("sip:a@b", ())
    assert read_refer_to("<<<")[1] == read_refer_to("")[1] == ()


# ---- keys ---------------------------------------------------------------------------------------------------------


def test_a_code_has_eight_digits_and_is_the_same_each_time_but_never_one_that_is_taken() -> None:
    code = key_code(TOKEN)
    assert re.fullmatch(r"[0-9]{8}", code) and key_code(TOKEN) == code
    other = key_code(TOKEN, taken={code})
    assert other != code and read_keys(other) == other
    live: set[str] = set()
    for _ in range(2000):
        live.add(key_code(new_id(), live))
    assert len(live) == 2000


@pytest.mark.parametrize("around", ["{}", "{}#", "ww{}#", " {} ", "*{}#", ",,{}"])
def test_a_code_survives_what_dialling_puts_around_it(around: str) -> None:
    code = key_code(TOKEN)
    assert read_keys(around.format(code)) == code
    assert read_keys(key_sequence(code)) == code
    assert key_sequence(code, around.replace("{}", "{code}")) == around.format(code)


def test_a_digit_lost_doubled_or_wrong_opens_no_other_context() -> None:
    draw, misread = random.Random(4), 0
    for _ in range(200):
        code = key_code(str(draw.random()))
        at = draw.randrange(8)
        for heard in (
            code[:at] + code[at + 1 :],
            code[:at] + code[at] + code[at:],
            code[:at] + str((int(code[at]) + draw.randint(1, 9)) % 10) + code[at + 1 :],
        ):
            misread += read_keys(heard) != ""
    assert misread == 0
    assert read_keys("") == read_keys("#") == read_keys("٣" * 8) == ""


# ---- attributes ---------------------------------------------------------------------------------------------------


def test_amazon_connect_gets_at_most_twelve_keys_and_an_address_within_its_limits() -> None:
    found = connect_attributes(PACKET, URL)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", key) for key in found)
    assert all(isinstance(value, str) and value for value in found.values())
    assert len(found) <= 13 and found["ivr_url"] == URL
    assert sum(len(k.encode()) + len(v.encode()) for k, v in found.items()) <= MAX_CONNECT_BYTES
    assert (found["ivr_ctx_id"], found["ivr_name"], found["ivr_priority"]) == (TOKEN, "Пётр", "5")
    with pytest.raises(ValueError, match="bytes of attributes"):
        connect_attributes(PACKET, "я" * 16_384)


def test_a_stranger_has_no_empty_attributes() -> None:
    found = connect_attributes(build_packet(replace(CONTEXT, identity=Identity(), intent="")), URL)
    assert not {"ivr_customer_id", "ivr_name", "ivr_intent", "ivr_segment"} & found.keys()
    assert found["ivr_level"] == "L0"


def test_taskrouter_gets_snake_case_without_a_hyphen_and_numbers_to_compare() -> None:
    packet = build_packet(replace(CONTEXT, required={"lang:ru": 1, "Car-Claims": 3}))
    task = taskrouter_task(packet, URL)
    attributes = json.loads(task.attributes)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", key) for key in attributes)
    assert (attributes["skill_lang_ru"], attributes["skill_car_claims"]) == (1, 3)
    assert (attributes["preferred_agents"], attributes["priority"], task.priority) == (["a17"], 5, 5)
    assert taskrouter_task(build_packet(replace(CONTEXT, priority=-3)), URL).priority == 0


def test_every_carrier_brings_back_the_same_token_and_need() -> None:
    draw = random.Random(8)
    for _ in range(50):
        context = replace(
            CONTEXT,
            context_id=new_id(),
            intent=draw.choice(["claim_status", "x" * 90, "намерение", ""]),
            language=draw.choice(["en", "ru"]),
            required={draw.choice(["dacha", "lang:ru", "a.b", "c-d"]): draw.randint(0, 5) for _ in range(3)},
            identity=Identity(level=draw.choice(list(Level)), customer=ANNA),
        )
        packet = build_packet(context)
        headers = handoff_headers(context.context_id, packet)
        by_headers = parse_handoff_headers(headers)
        _, in_uri = read_refer_to(refer_to("sip:a@b", headers))
        assert parse_handoff_headers(in_uri) == by_headers
        assert read_attributes(flat_attributes(packet, URL)) == by_headers
        assert read_task(taskrouter_task(packet, URL).attributes) == by_headers
        assert by_headers.token == context.context_id


# ---- webhooks -----------------------------------------------------------------------------------------------------


def test_the_signature_is_that_of_the_published_example() -> None:
    headers = signed_headers([SECRET], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def delivery(at_s: int = 1000, event_id: str = "evt_1", **data: Any) -> tuple[dict[str, str], bytes]:
    body = event_body("handoff.context", "2026-11-21T10:00:00Z", {"packet": PACKET, **data})
    return dict(signed_headers([SECRET], event_id, at_s, body)), body


def test_a_delivery_is_believed_once_within_its_time() -> None:
    headers, body = delivery()
    seen = SeenEvents()
    assert verify(headers, body, [SECRET], now_s=1100, seen=seen) is Verdict.GENUINE
    assert verify(headers, body, [SECRET], now_s=1101, seen=seen) is Verdict.REPEATED
    again, _ = delivery(at_s=1000 + 3600)  # tried again with the same id, signed anew
    assert verify(again, body, [SECRET], now_s=4600, seen=seen) is Verdict.REPEATED
    assert json.loads(body)["data"]["packet"] == PACKET


@pytest.mark.parametrize("now_s", [1000 - TOLERANCE_S - 1, 1000 + TOLERANCE_S + 1])
def test_a_recording_of_a_delivery_played_later_is_stale(now_s: int) -> None:
    headers, body = delivery()
    assert verify(headers, body, [SECRET], now_s=now_s) is Verdict.STALE


def test_whatever_is_changed_the_signature_shows_it() -> None:
    headers, body = delivery()
    assert verify(headers, body + b" ", [SECRET], now_s=1000) is Verdict.FORGED
    assert verify({**headers, "webhook-id": "evt_2"}, body, [SECRET], now_s=1000) is Verdict.FORGED
    assert verify({**headers, "webhook-timestamp": "1001"}, body, [SECRET], now_s=1000) is Verdict.FORGED
    assert verify({**headers, "webhook-signature": "v1,я"}, body, [SECRET], now_s=1000) is Verdict.FORGED
    assert verify(headers, body, [OLD_SECRET], now_s=1000) is Verdict.FORGED
    for name in headers:
        less = {key: value for key, value in headers.items() if key != name}
        assert verify(less, body, [SECRET], now_s=1000) is Verdict.INCOMPLETE


def test_a_forged_id_is_not_remembered_as_taken() -> None:
    headers, body = delivery()
    seen = SeenEvents()
    assert verify(headers, b"other", [SECRET], now_s=1000, seen=seen) is Verdict.FORGED
    assert verify(headers, body, [SECRET], now_s=1000, seen=seen) is Verdict.GENUINE


def test_a_secret_is_changed_without_losing_an_event() -> None:
    body = event_body("overflow.result", "2026-11-21T10:00:00Z", {})
    headers = signed_headers([SECRET, OLD_SECRET], "evt_1", 1000, body)
    shouted = {name.upper(): value for name, value in headers.items()}
    for known in ([SECRET], [OLD_SECRET], [OLD_SECRET, SECRET]):
        assert verify(shouted, body, known, now_s=1000) is Verdict.GENUINE


@pytest.mark.parametrize("secret", ["whsec_???", "whsec_" + base64.b64encode(b"short").decode(), ""])
def test_a_secret_that_protects_nothing_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="webhook secret"):
        signed_headers([secret], "evt_1", 1000, b"{}")


def test_nothing_is_sent_unsigned_or_with_an_id_that_could_be_shifted() -> None:
    with pytest.raises(ValueError, match="without a secret"):
        signed_headers([], "evt_1", 1000, b"{}")
    with pytest.raises(ValueError, match="no event id"):
        signed_headers([SECRET], "evt.1", 1000, b"{}")


def test_ids_are_forgotten_only_when_no_further_try_can_come() -> None:
    seen = SeenEvents(most=3)
    assert seen.first("a", 0) and not seen.first("a", KEPT_S)
    assert seen.first("a", KEPT_S + 1)
    for number, name in enumerate("bcd"):
        assert seen.first(name, KEPT_S + 2 + number)
    assert seen.first("a", KEPT_S + 9)  # four are more than three: the oldest went


def test_tries_are_spread_over_the_life_of_a_packet_and_then_given_up() -> None:
    pauses = [retry_in_s(failures) for failures in range(1, len(RETRIES_S) + 2)]
    assert pauses == [*RETRIES_S, None]
    assert sum(RETRIES_S) < 4 * 3600


# ---- what is said in settings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("carry: [uuii]", "'uuii' is none of uui, x_headers, keys"),
        ('carry: [keys], keys_as: "*#"', "'*#' is not allowed here"),
        ('carry: [keys], keys_as: "w{code}"', "'w{code}' is not allowed here"),
        ("carry: []", "carry"),
        ("carry: [keys], keys_after: 2", "there is no word 'keys_after' here"),
    ],
)
def test_a_wrong_name_for_what_a_target_gets_is_reported_at_its_line(tmp_path: Path, said: str, what: str) -> None:
    path = tmp_path / "routing.yml"
    target = f'{{sip: "sip:1@a.example", skills: {{"lang:en": 1}}, queues: [q],\n  {said}}}'
    path.write_text(
        f"version: 1\nqueues: {{q: {{title: q}}}}\nagents: {{}}\nacd:\n  connect: {target}\n", encoding="utf-8"
    )
    with pytest.raises(DesignError) as caught:
        load_routing(path, {})
    assert any(what in fault.what for fault in caught.value.faults), caught.value.faults
    assert {fault.line for fault in caught.value.faults} == {6}


def test_keys_are_written_as_the_far_end_expects_them(tmp_path: Path) -> None:
    path = tmp_path / "routing.yml"
    target = '{sip: "sip:1@a.example", skills: {"lang:en": 1}, queues: [q], carry: [keys], keys_as: "*{code}#"}'
    path.write_text(f"version: 1\nqueues: {{q: {{title: q}}}}\nagents: {{}}\nacd: {{c: {target}}}\n", encoding="utf-8")
    assert key_sequence("12345674", load_routing(path, {}).acd["c"].carry.keys_as) == "*12345674#"


def test_wrong_names_of_a_trunk_are_reported_at_their_lines_all_at_once(tmp_path: Path) -> None:
    path = tmp_path / "ivr.toml"
    first, second = '[[trunks]]\nname = "a"\npeers = ["10.0.0.5"]', '[[trunks]]\nname = "b"\npeers = ["10.0.0.6"]'
    path.write_text(
        f'{first}\nrefer_uui = "both"\n# b\n{second}\nrefer_uui = "url"\ntoken_key = true\n', encoding="utf-8"
    )
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    assert str(caught.value).splitlines() == [
        f"{path}:9: [trunks.1.refer_uui] 'url' is none of uri, header, both. Did you mean 'uri'?",
        f"{path}:10: [trunks.1.token_key] there is no word 'token_key' here. Did you mean 'token_keys'?",
    ]
