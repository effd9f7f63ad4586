"""Raw SIP becomes headers and dialogs."""

from __future__ import annotations

from ivr.media.headers import (
    clean,
    dialog_as_callee,
    dialog_as_caller,
    one_line,
    parse_message,
    split_source,
    uri_of,
)

INVITE = (
    "INVITE sip:100@bot SIP/2.0\r\n"
    "v: SIP/2.0/UDP a;branch=z9hG4bK1\r\n"
    'f: "Doe, John" <sip:john@a>;tag=their\r\n'
    "t: <sip:100@bot>\r\ni: call-1\r\ncseq: 1 INVITE\r\n"
    "m: <sip:john@10.0.0.9:5062;ob>\r\n"
    'Record-Route: "A, B" <sip:p1;lr>,<sip:p2;lr>\r\nRECORD-ROUTE: <sip:p3;lr>\r\n'
    "P-Asserted-Identity: <sip:+1555@a>,\r\n\t<tel:+1555>\r\n"
    "broken line\r\n"
    "\r\nv=0\r\ns: not a header\r\n"
)


def test_compact_forms_folding_and_order() -> None:
    message = parse_message(INVITE)
    assert message.request_uri == "sip:100@bot"
    assert [name for name, _ in message.headers] == [
        *("Via", "From", "To", "Call-ID", "CSeq", "Contact", "Record-Route", "Record-Route", "P-Asserted-Identity")
    ]
    assert message.get("p-asserted-identity") == "<sip:+1555@a>, <tel:+1555>"
    assert message.values("Record-Route") == ('"A, B" <sip:p1;lr>', "<sip:p2;lr>", "<sip:p3;lr>")


def test_bytes_that_are_not_utf8_do_not_survive() -> None:
    raw = "INVITE sip:a SIP/2.0\r\nX-Name: \udce9t\udce9\r\n\r\n"
    assert parse_message(raw).get("X-Name") == "\ufffdt\ufffd"
    assert clean("\udcff") == "\ufffd"


def test_nonsense_is_a_message_without_headers() -> None:
    for raw in ("", "\r\n\r\n", " folded first", "INVITE"):
        assert parse_message(raw).headers == ()
        assert parse_message(raw).request_uri == ""


def test_nothing_can_start_a_new_header() -> None:
    assert one_line("a\r\nInjected: yes\x00") == "a  Injected: yes "


def test_uri_and_source() -> None:
    assert uri_of('"A <b>" <sip:a@b;lr>;tag=1') == "sip:a@b;lr"
    assert uri_of("<sip:a@b;lr>;tag=1") == "sip:a@b;lr"
    assert uri_of("sip:a@b;tag=1") == "sip:a@b"
    assert split_source("10.0.0.1:5070") == ("10.0.0.1", 5070)
    assert split_source("[::1]:5070") == ("::1", 5070)
    assert split_source("10.0.0.1") == ("10.0.0.1", 5060)


def test_the_dialog_of_a_call_that_came_in() -> None:
    ok = parse_message(
        INVITE.replace("t: <sip:100@bot>", "To: <sip:100@bot>;tag=our").replace(
            "INVITE sip:100@bot SIP/2.0", "SIP/2.0 200 OK"
        )
    )
    dialog = dialog_as_callee(parse_message(INVITE), ok, "10.0.0.1:5070")
    assert dialog.local == "<sip:100@bot>;tag=our"
    assert dialog.remote == '"Doe, John" <sip:john@a>;tag=their'
    assert dialog.remote_target == "sip:john@10.0.0.9:5062;ob"
    assert dialog.routes == ('"A, B" <sip:p1;lr>', "<sip:p2;lr>", "<sip:p3;lr>")
    assert (dialog.peer_host, dialog.peer_port) == ("10.0.0.1", 5070)


def test_the_dialog_of_a_call_we_placed_has_its_route_reversed() -> None:
    ok = parse_message(INVITE.replace("INVITE sip:100@bot SIP/2.0", "SIP/2.0 200 OK"))
    dialog = dialog_as_caller(ok, "10.0.0.1:5070")
    assert dialog.local.endswith("tag=their")
    assert dialog.routes == ("<sip:p3;lr>", "<sip:p2;lr>", '"A, B" <sip:p1;lr>')
