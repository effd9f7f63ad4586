"""Commands about calling numbers: what an INVITE says of its caller, by the operator's trunks and authorities."""

from __future__ import annotations

import argparse
import asyncio
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ivr.cli.arguments import Commands, settings_of, show, takes_settings
from ivr.model.errors import ConfigError


def add(commands: Commands) -> None:
    """number check."""
    group = commands.add_parser("number", help="who calls, by the headers of an INVITE").add_subparsers(
        required=True, metavar="what"
    )
    check = group.add_parser("check", help="what a captured INVITE says of its caller, and what its signature is worth")
    check.add_argument("invite", type=Path, help="a file with the INVITE as it came")
    check.add_argument("--source", required=True, metavar="IP", help="the peer it came from")
    check.add_argument("--at", type=float, default=0.0, metavar="UNIX", help="when it came, in seconds (default: now)")
    check.add_argument(
        "--repeat", type=int, default=0, metavar="N", help="verify N times more and print the time it takes"
    )
    takes_settings(check)
    check.add_argument("--json", action="store_true", help="print one JSON object")
    check.set_defaults(command=_check)


def _check(arguments: argparse.Namespace) -> int:
    show(asyncio.run(_found(arguments)), as_json=arguments.json)
    return 0


async def _found(arguments: argparse.Namespace) -> dict[str, Any]:
    from ivr.call.ani import CallingNumber, Signatures
    from ivr.call.journal import Journal
    from ivr.media.headers import parse_message
    from ivr.metrics import Metrics
    from ivr.model.media import CallArrived

    try:
        message = parse_message(arguments.invite.read_bytes().decode("utf-8", "surrogateescape"))
    except OSError as error:
        raise ConfigError(f"{arguments.invite}: cannot be read ({error.strerror})") from error
    if not message.start.startswith("INVITE "):
        raise ConfigError(f"{arguments.invite}: no INVITE; it begins with {message.start[:40]!r}")
    settings, at = settings_of(arguments.config), arguments.at or time.time()
    arrived = CallArrived(
        leg="check",
        sip_call_id=message.get("Call-ID"),
        request_uri=message.request_uri,
        from_header=message.get("From"),
        to_header=message.get("To"),
        headers=message.headers,
        source=f"{arguments.source}:5060",
        arrived_at_ms=0,
    )
    signatures = Signatures(settings.stir, Metrics(), clock=lambda: at)
    try:
        number = CallingNumber(arrived, settings, signatures, Journal("check", ()))
        number.begin()
        verdict = await number.verdict()
        caller = number.caller
        found = {**asdict(caller), "believed": caller.believed, "why": verdict.why.value if verdict else "not asked"}
        refusal = await number.refusal()
        found["refused"] = f"{refusal[0]} {refusal[1]}" if refusal else ""
        took_ms = []
        for _ in range(arguments.repeat):
            began = time.thread_time()
            again = CallingNumber(arrived, settings, signatures, Journal("check", ()))
            again.begin()
            await again.verdict()
            took_ms.append((time.thread_time() - began) * 1000)
    finally:
        await signatures.close()
    if took_ms:
        took_ms.sort()
        found |= {
            "cpu_ms_p50": round(took_ms[len(took_ms) // 2], 3),
            "cpu_ms_p99": round(took_ms[-(-len(took_ms) * 99 // 100) - 1], 3),
        }
    return found
