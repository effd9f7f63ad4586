"""BYE for orphans, against a UDP socket that plays the caller."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import pytest

from ivr.media.farewell import bye_request, end_orphans
from ivr.media.headers import parse_message
from ivr.model.errors import MediaError
from ivr.model.sip import SipDialog


def dialog(port: int, routes: tuple[str, ...] = (), call_id: str = "c1") -> SipDialog:
    return SipDialog(
        sip_call_id=call_id,
        local="<sip:bot@127.0.0.1:5060>;tag=our",
        remote="<sip:john@a>;tag=their",
        remote_target="sip:john@127.0.0.1:6000",
        routes=routes,
        peer_host="127.0.0.1",
        peer_port=port,
    )


def test_the_bye_belongs_to_the_dialog() -> None:
    message = parse_message(bye_request(dialog(1), "127.0.0.1", 5060, "z9hG4bKx", "ivr").decode())
    assert message.start == "BYE sip:john@127.0.0.1:6000 SIP/2.0"
    assert message.get("From") == "<sip:bot@127.0.0.1:5060>;tag=our"
    assert message.get("To") == "<sip:john@a>;tag=their"
    assert message.get("Call-ID") == "c1"
    number, method = message.get("CSeq").split()
    assert method == "BYE"
    assert 2**16 < int(number) < 2**31


def test_a_loose_router_goes_into_route_and_a_strict_one_into_the_request_uri() -> None:
    loose = parse_message(bye_request(dialog(1, ("<sip:p1;lr>", "<sip:p2;lr>")), "h", 1, "b", "ivr").decode())
    assert (loose.request_uri, loose.values("Route")) == ("sip:john@127.0.0.1:6000", ("<sip:p1;lr>", "<sip:p2;lr>"))
    strict = parse_message(bye_request(dialog(1, ("<sip:p1>", "<sip:p2;lr>")), "h", 1, "b", "ivr").decode())
    assert strict.request_uri == "sip:p1"
    assert strict.values("Route") == ("<sip:p2;lr>", "<sip:john@127.0.0.1:6000>")


def test_a_lost_bye_is_sent_again_and_an_answered_one_is_not(reserve_ports: Callable[[int], range]) -> None:
    ours, theirs = reserve_ports(2)
    seen: list[str] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", theirs))
        peer.settimeout(3)

        def caller() -> None:
            while len(seen) < 3:
                raw, source = peer.recvfrom(65535)
                message = parse_message(raw.decode())
                seen.append(message.get("Call-ID"))
                if seen.count(message.get("Call-ID")) == 2 or message.get("Call-ID") == "quick":
                    copied = "".join(f"{n}: {message.get(n)}\r\n" for n in ("Via", "From", "To", "Call-ID", "CSeq"))
                    peer.sendto(f"SIP/2.0 200 OK\r\n{copied}\r\n".encode(), source)

        thread = threading.Thread(target=caller)
        thread.start()
        answered = end_orphans((dialog(theirs, call_id="quick"), dialog(theirs, call_id="slow")), "127.0.0.1", ours)
        thread.join()
    assert answered == 2
    assert sorted(seen) == ["quick", "slow", "slow"]


def test_nobody_there_costs_only_the_wait(reserve_ports: Callable[[int], range]) -> None:
    ours, theirs = reserve_ports(2)
    assert end_orphans((dialog(theirs),), "127.0.0.1", ours, wait_s=0.3) == 0


def test_a_taken_port_is_a_media_error(reserve_ports: Callable[[int], range]) -> None:
    ours, theirs = reserve_ports(2)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", ours))
        with pytest.raises(MediaError):
            end_orphans((dialog(theirs),), "127.0.0.1", ours)
