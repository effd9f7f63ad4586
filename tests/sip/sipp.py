"""Calls placed by SIPp: headers written by hand, over UDP or TCP, with the outcome a caller sees."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_SDP = """v=0
o=- 1 1 IN IP4 {host}
s=-
c=IN IP4 {host}
t=0 0
m=audio {rtp_port} RTP/AVP 0 101
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
"""
_HEAD = """Via: SIP/2.0/[transport] {host}:[local_port];branch=[branch]
Max-Forwards: 70
From: {sender};tag=[call_number]x
Call-ID: [call_id]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SippCall:
    """One call. headers: lines of the INVITE. host: the address it comes from. code: the final answer it must get;
    talk_ms: until our BYE after a 200. transport: "u1" (UDP) or "t1" (TCP). routed: a proxy stays in the way."""

    headers: tuple[str, ...] = ()
    sender: str = "<sip:+12025550150@127.0.0.1>"
    called: str = "claims"
    code: int = 200
    talk_ms: int = 300
    host: str = "127.0.0.1"
    transport: str = "u1"
    routed: bool = False


class Sipp:
    """A caller on ports of its own: SIP on the first, RTP on the third."""

    def __init__(self, program: str, ports: range, folder: Path) -> None:
        self._program, self._ports, self._folder = program, ports, folder
        self._placed = 0

    async def place(self, call: SippCall, to_port: int) -> str:
        """Place one call to its end; its Call-ID. Fails with SIPp's own words unless it went as call says."""
        self._placed += 1
        call_id = f"{self._folder.name}-{self._placed}"
        scenario = self._folder / f"call{self._placed}.xml"
        scenario.write_text(self._scenario(call), encoding="utf-8")
        arguments: Sequence[object] = (
            *("-sf", scenario, "-m", 1, "-nostdin", "-t", call.transport, "-i", call.host, "-p", self._ports[0]),
            *("-cid_str", call_id, "-timeout", 15, "-recv_timeout", 8000),
            *("-trace_err", "-error_file", scenario.with_suffix(".errors"), f"127.0.0.1:{to_port}"),
        )
        process = await asyncio.create_subprocess_exec(
            self._program,
            *map(str, arguments),
            cwd=self._folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        errors = scenario.with_suffix(".errors")
        why = errors.read_text(errors="replace") if errors.exists() else said.decode(errors="replace")[-2000:]
        assert process.returncode == 0, f"{call}\n{why}"
        return call_id

    def _scenario(self, call: SippCall) -> str:
        head = _HEAD.format(sender=call.sender, host=call.host)
        uri = f"sip:{call.called}@127.0.0.1:[remote_port]"
        contact = f"Contact: <sip:sipp@{call.host}:[local_port];transport=[transport]>"
        sdp = _SDP.format(rtp_port=self._ports[2], host=call.host)
        invite = "\n".join((f"INVITE {uri} SIP/2.0", head + f"To: <{uri}>", "CSeq: 1 INVITE", contact, *call.headers))
        invite += f"\nContent-Type: application/sdp\nContent-Length: [len]\n\n{sdp}"
        back = f"{head}[last_To:]\n" + ("[routes]\n" if call.routed and call.code == 200 else "")
        ack = f"ACK [next_url] SIP/2.0\n{back}CSeq: 1 ACK\nContent-Length: 0\n\n"
        bye = f"BYE [next_url] SIP/2.0\n{back}CSeq: 2 BYE\nContent-Length: 0\n\n"
        steps = [_send(invite, retransmit=True), '<recv response="100" optional="true"/>']
        if call.code == 200:
            steps += ['<recv response="200" rrs="true"/>', _send(ack), f'<pause milliseconds="{call.talk_ms}"/>']
            steps += [_send(bye, retransmit=True), '<recv response="200"/>']
        else:
            steps += [f'<recv response="{call.code}"/>', _send(ack.replace("[next_url]", uri))]
        return '<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="call">\n' + "\n".join(steps) + "\n</scenario>\n"


def _send(text: str, *, retransmit: bool = False) -> str:
    retrans = ' retrans="500"' if retransmit else ""
    return f"<send{retrans}><![CDATA[\n{text}]]></send>"
