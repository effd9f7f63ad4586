"""BYE for the calls of a worker that died, so that their callers hear the end instead of silence.

Owns raw SIP datagrams of one method, sent from the port of the dead worker before the library opens it; refuses to
know anything but SipDialog. Source: RFC 3261 12.2.1.1 (requests within a dialog) and 17.1.2 (retransmission).
"""

from __future__ import annotations

import os
import select
import socket
import time

from ivr.log import get_log
from ivr.media.headers import one_line, parse_message, split_source, uri_of
from ivr.model.errors import MediaError
from ivr.model.sip import SipDialog

# The dead worker's last CSeq is not known; pjsip begins below 2^16 and counts by one, the RFC allows up to 2^31.
_CSEQ = 1_500_000_000
_FIRST_RETRY_S = 0.25
_log = get_log("media.farewell")


def bye_request(dialog: SipDialog, host: str, port: int, branch: str, user_agent: str) -> bytes:
    """The BYE of a dialog, as we would have sent it from host:port. A strict router (no ;lr) gets its own form."""
    target, routes = dialog.remote_target, list(dialog.routes)
    if routes and ";lr" not in routes[0].lower():
        target, routes = uri_of(routes[0]), [*routes[1:], f"<{dialog.remote_target}>"]
    lines = [
        f"BYE {target} SIP/2.0",
        f"Via: SIP/2.0/UDP {host}:{port};rport;branch={branch}",
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
    bound = "" if host in ("", "0.0.0.0") else host
    waiting: dict[str, tuple[bytes, tuple[str, int]]] = {}
    for dialog in orphans:
        branch = "z9hG4bK" + os.urandom(8).hex()
        request = bye_request(dialog, public_host or bound or dialog_side(dialog), port, branch, user_agent)
        waiting[dialog.sip_call_id] = (request, (dialog.peer_host, dialog.peer_port))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        try:
            udp.bind((bound, port))
        except OSError as error:
            raise MediaError(f"cannot open SIP at {host}:{port}: {error.strerror}") from error
        udp.setblocking(False)
        _exchange(udp, waiting, time.monotonic() + wait_s)
    answered = len(orphans) - len(waiting)
    _log.info("farewell.done", orphans=len(orphans), answered=answered)
    return answered


def dialog_side(dialog: SipDialog) -> str:
    """Our host as the dead worker wrote it in its own From or To."""
    return split_source(uri_of(dialog.local).rpartition("@")[2].partition(";")[0])[0]


def _exchange(udp: socket.socket, waiting: dict[str, tuple[bytes, tuple[str, int]]], until: float) -> None:
    pause, next_send = _FIRST_RETRY_S, 0.0
    while waiting and time.monotonic() < until:
        if time.monotonic() >= next_send:
            for call_id in list(waiting):
                _send(udp, waiting, call_id)
            next_send, pause = time.monotonic() + pause, 2 * pause
        if select.select([udp], [], [], max(0.0, min(next_send, until) - time.monotonic()))[0]:
            _read_answer(udp, waiting)


def _send(udp: socket.socket, waiting: dict[str, tuple[bytes, tuple[str, int]]], call_id: str) -> None:
    request, peer = waiting[call_id]
    try:
        udp.sendto(request, peer)
    except OSError as error:
        _log.warning("farewell.unreachable", peer=peer[0], error=str(error))


def _read_answer(udp: socket.socket, waiting: dict[str, tuple[bytes, tuple[str, int]]]) -> None:
    try:
        raw = udp.recv(65535)
    except OSError:
        return  # an ICMP error of an earlier datagram: that peer is gone too
    message = parse_message(raw.decode("utf-8", "surrogateescape"))
    is_final = message.start.startswith("SIP/2.0 ") and not message.start.startswith("SIP/2.0 1")
    if is_final and message.get("CSeq").endswith("BYE"):
        waiting.pop(message.get("Call-ID"), None)
