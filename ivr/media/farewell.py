"""BYE for the calls of a worker that died, so that their callers hear the end instead of silence.

Owns raw SIP requests of one method, sent before the library opens the port: over UDP from that port, over TCP on a
connection of its own, because the dead worker's was closed by the kernel, to where the peer says it listens. Refuses
to know anything but SipDialog. Source: RFC 3261 12.2.1.1 (requests within a dialog), 17.1.2 (retransmission), 18.1.1.
"""

from __future__ import annotations

import os
import select
import socket
import time
from concurrent.futures import ThreadPoolExecutor, wait

from ivr.log import get_log
from ivr.media.headers import one_line, parse_message, split_source, uri_of
from ivr.model.errors import MediaError
from ivr.model.sip import SipDialog

# The dead worker's last CSeq is not known; pjsip begins below 2^16 and counts by one, the RFC allows up to 2^31.
_CSEQ = 1_500_000_000
_FIRST_RETRY_S = 0.25
_log = get_log("media.farewell")

Requests = dict[str, tuple[bytes, SipDialog]]
"""Call-ID -> a BYE nobody answered yet, and its dialog."""


def bye_request(dialog: SipDialog, host: str, port: int, branch: str, user_agent: str) -> bytes:
    """The BYE of a dialog, as we would have sent it from host:port. A strict router (no ;lr) gets its own form."""
    target, routes = dialog.remote_target, list(dialog.routes)
    if routes and ";lr" not in routes[0].lower():
        target, routes = uri_of(routes[0]), [*routes[1:], f"<{dialog.remote_target}>"]
    lines = [
        f"BYE {target} SIP/2.0",
        f"Via: SIP/2.0/{dialog.transport.upper()} {host}:{port};rport;branch={branch}",
        "Max-Forwards: 70",
        *(f"Route: {route}" for route in routes),
        f"From: {dialog.local}",
        f"To: {dialog.remote}",
        f"Call-ID: {dialog.sip_call_id}",
        f"CSeq: {_CSEQ} BYE",
        f"User-Agent: {user_agent}",
        'Reason: SIP;cause=500;text="media worker restarted"',
        "Content-Length: 0",
    ]
    return ("\r\n".join(one_line(line) for line in lines) + "\r\n\r\n").encode("utf-8")


def end_orphans(
    orphans: tuple[SipDialog, ...],
    host: str,
    port: int,
    *,
    public_host: str = "",
    user_agent: str = "ivr",
    wait_s: float = 1.5,
) -> int:
    """Send BYE for each dialog and wait up to wait_s for the answers; how many were answered.

    INVITEs that arrive meanwhile are left unread: their senders repeat them after half a second. Raises MediaError
    when host:port is taken.
    """
    if not orphans:
        return 0
    bound, until = "" if host in ("", "0.0.0.0") else host, time.monotonic() + wait_s
    by_udp: Requests = {}
    by_tcp: Requests = {}
    for dialog in orphans:
        branch = "z9hG4bK" + os.urandom(8).hex()
        request = bye_request(dialog, public_host or bound or dialog_side(dialog), port, branch, user_agent)
        (by_tcp if dialog.transport == "tcp" else by_udp)[dialog.sip_call_id] = (request, dialog)
    threads = ThreadPoolExecutor(len(orphans), thread_name_prefix="farewell")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        try:
            udp.bind((bound, port))
        except OSError as error:
            raise MediaError(f"cannot open SIP at {host}:{port}: {error.strerror}") from error
        udp.setblocking(False)
        connected = [threads.submit(_connect, *each, until) for each in by_tcp.values()]
        _exchange(udp, by_udp, until)
    wait(connected, max(0.0, until - time.monotonic()))
    threads.shutdown(wait=False)  # a name that takes longer to look up is not waited for
    told = sum(1 for each in connected if each.done() and each.result())
    answered = len(orphans) - len(by_udp) - len(by_tcp) + told
    _log.info("farewell.done", orphans=len(orphans), answered=answered)
    return answered


def dialog_side(dialog: SipDialog) -> str:
    """Our host as the dead worker wrote it in its own From or To."""
    return split_source(uri_of(dialog.local).rpartition("@")[2].partition(";")[0])[0]


def next_hop(dialog: SipDialog) -> tuple[str, int]:
    """Where requests of a dialog go to: the first of its routes, else the peer itself (RFC 3261 12.2.1.1)."""
    uri = uri_of(dialog.routes[0]) if dialog.routes else dialog.remote_target
    return split_source(uri.partition(":")[2].rpartition("@")[2].partition(";")[0].partition("?")[0])


def _connect(request: bytes, dialog: SipDialog, until: float) -> bool:
    """Send a BYE over TCP to where the peer listens, else to that port where it called from (an address of its own
    network in Contact). Whether it was answered."""
    host, port = next_hop(dialog)
    for place in dict.fromkeys((host, dialog.peer_host)):
        try:
            with socket.create_connection((place, port), timeout=_left(until) / 2) as tcp:
                tcp.sendall(request)
                return _answered(tcp, until)
        except OSError as error:
            _log.warning("farewell.unreachable", peer=f"{place}:{port}", transport="tcp", error=str(error))
    return False


def _answered(tcp: socket.socket, until: float) -> bool:
    heard = b""
    while not any(_ends(message) for message in heard.split(b"\r\n\r\n")[:-1]):
        tcp.settimeout(_left(until))
        more = tcp.recv(65535)
        if not more:
            return False
        heard += more
    return True


def _left(until: float) -> float:
    return max(0.01, until - time.monotonic())


def _exchange(udp: socket.socket, waiting: Requests, until: float) -> None:
    pause, next_send = _FIRST_RETRY_S, 0.0
    while waiting and time.monotonic() < until:
        if time.monotonic() >= next_send:
            for call_id in list(waiting):
                _send(udp, waiting, call_id)
            next_send, pause = time.monotonic() + pause, 2 * pause
        if select.select([udp], [], [], max(0.0, min(next_send, until) - time.monotonic()))[0]:
            _read_answer(udp, waiting)


def _send(udp: socket.socket, waiting: Requests, call_id: str) -> None:
    request, dialog = waiting[call_id]
    try:
        udp.sendto(request, (dialog.peer_host, dialog.peer_port))
    except OSError as error:
        _log.warning("farewell.unreachable", peer=dialog.peer_host, error=str(error))


def _read_answer(udp: socket.socket, waiting: Requests) -> None:
    try:
        raw = udp.recv(65535)
    except OSError:
        return  # an ICMP error of an earlier datagram: that peer is gone too
    if _ends(raw):
        waiting.pop(parse_message(raw.decode("utf-8", "surrogateescape")).get("Call-ID"), None)


def _ends(raw: bytes) -> bool:
    """Is this the final answer to a BYE?"""
    message = parse_message(raw.decode("utf-8", "surrogateescape"))
    is_final = message.start.startswith("SIP/2.0 ") and not message.start.startswith("SIP/2.0 1")
    return is_final and message.get("CSeq").endswith("BYE")
