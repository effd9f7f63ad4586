"""BYE for orphans, against a socket that plays the caller."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from ivr.media.farewell import bye_request, end_orphans, next_hop
from ivr.media.headers import parse_message
from ivr.model.errors import MediaError
from ivr.model.sip import SipDialog

DIALOG = SipDialog(
    sip_call_id="c1",
    local="<sip:bot@127.0.0.1:5060>;tag=our",
    remote="<sip:john@a>;tag=their",
    remote_target="sip:john@127.0.0.1:6000",
    routes=(),
    peer_host="127.0.0.1",
    peer_port=1,
)


def dialog(port: int, routes: tuple[str, ...] = (), call_id: str = "c1") -> SipDialog:
    return replace(DIALOG, peer_port=port, routes=routes, sip_call_id=call_id)


def answer(request: bytes, status: str) -> bytes:
    message = parse_message(request.decode())
    copied = "".join(f"{n}: {message.get(n)}\r\n" for n in ("Via", "From", "To", "Call-ID", "CSeq"))
    return f"SIP/2.0 {status}\r\n{copied}Content-Length: 0\r\n\r\n".encode()


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
                    peer.sendto(answer(raw, "200 OK"), source)

        thread = threading.Thread(target=caller)
        thread.start()
        answered = end_orphans((dialog(theirs, call_id="quick"), dialog(theirs, call_id="slow")), "127.0.0.1", ours)
        thread.join()
    assert answered == 2
    assert sorted(seen) == ["quick", "slow", "slow"]


@pytest.mark.parametrize("contact", ["127.0.0.1", "127.0.0.9"], ids=["its own address", "one nobody answers at"])
def test_over_tcp_the_bye_goes_to_where_the_peer_listens(reserve_ports: Callable[[int], range], contact: str) -> None:
    ours, theirs = reserve_ports(2)
    target = f"sip:john@{contact}:{theirs};transport=tcp"
    orphan = replace(dialog(40_000), transport="tcp", remote_target=target)
    seen: list[str] = []
    with socket.create_server(("127.0.0.1", theirs)) as listener:
        listener.settimeout(3)

        def caller() -> None:
            connection, _ = listener.accept()
            with connection:
                raw = connection.recv(65535)
                seen.append(raw.decode())
                whole = answer(raw, "100 Trying") + answer(raw, "200 OK")
                for at in range(0, len(whole), 150):
                    connection.sendall(whole[at : at + 150])

        thread = threading.Thread(target=caller)
        thread.start()
        answered = end_orphans((orphan,), "127.0.0.1", ours)
        thread.join()
    assert answered == 1
    assert seen[0].startswith(f"BYE {target} SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:{ours};")


@pytest.mark.parametrize(
    ("routes", "target", "hop"),
    [
        ((), "sip:john@10.0.0.1;transport=tcp", ("10.0.0.1", 5060)),
        ((), "sip:10.0.0.1:5070", ("10.0.0.1", 5070)),
        (("<sip:p@10.0.0.2:5080;lr>", "<sip:p2;lr>"), "sip:john@10.0.0.1", ("10.0.0.2", 5080)),
    ],
)
def test_the_next_hop_is_the_first_route_or_the_peer(
    routes: tuple[str, ...], target: str, hop: tuple[str, int]
) -> None:
    assert next_hop(replace(DIALOG, routes=routes, remote_target=target)) == hop


def test_nobody_there_costs_only_the_wait(reserve_ports: Callable[[int], range]) -> None:
    ours, theirs = reserve_ports(2)
    by_tcp = replace(dialog(theirs, call_id="c2"), transport="tcp", remote_target=f"sip:john@127.0.0.1:{theirs}")
    assert end_orphans((dialog(theirs), by_tcp), "127.0.0.1", ours, wait_s=0.3) == 0


def test_a_taken_port_is_a_media_error(reserve_ports: Callable[[int], range]) -> None:
    ours, theirs = reserve_ports(2)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", ours))
        with pytest.raises(MediaError):
            end_orphans((dialog(theirs),), "127.0.0.1", ours)
