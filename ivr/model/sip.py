"""What a media worker is started with, and what is needed to end a SIP dialog whose owner died."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SipDialog:
    """What is needed to end a dialog whose owner died (RFC 3261 section 12): tags, targets and route set."""

    sip_call_id: str
    local: str
    remote: str
    remote_target: str
    routes: tuple[str, ...]
    peer_host: str
    peer_port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaSettings:
    """What a media worker is started with (argv --settings, as JSON).

    control_fd: inherited SEQPACKET socket to the control process. max_callers: callers admitted at once; two legs per
    caller are kept free for consults, the wheel allows four legs. apology_path: WAV played when the control process
    is gone. orphans: dialogs of a dead predecessor on this port, to be ended with BYE before the port is used.
    """

    control_fd: int
    sip_host: str
    sip_port: int
    rtp_port: int
    rtp_ports: int = 40
    public_host: str = ""
    max_callers: int = 2
    user_agent: str = "ivr"
    apology_path: str = ""
    retry_after_s: int = 5
    orphans: tuple[SipDialog, ...] = ()
    log_level: str = "info"
