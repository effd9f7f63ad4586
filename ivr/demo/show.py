"""`ivr demo`: six real calls, printed as they happen. Then the house stays up for a softphone and a browser."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from ivr.demo import queue_calls
from ivr.demo.calls import CALLS as OUR_CALLS
from ivr.demo.calls import SENTENCES, DemoCall, Stage
from ivr.demo.house import HOST, PHONE_PORTS, House, open_house, usual_ports
from ivr.demo.phone_client import SoftPhone
from ivr.demo.voices import CallerVoice
from ivr.model.errors import IvrError
from ivr.model.ids import monotonic_ms

FOLDER = Path("var/demo")
CALLS = (
    *OUR_CALLS,
    DemoCall(title="from a full queue: the bot solves it", number="+12025550102", play=queue_calls.solved),
    DemoCall(title="from a full queue: the place is kept", number="+12025550150", play=queue_calls.kept),
)


async def show(*, once: bool) -> int:
    """Run the demo. Returns 0 only when all calls ended as they should."""
    began_ms = monotonic_ms()
    _end_by_signal()
    ports = usual_ports()
    print("Starting: control process, speech worker, media worker, demo CRM ...", flush=True)
    await asyncio.to_thread(_forget_last_time, FOLDER)
    voice = CallerVoice(FOLDER / "caller", Path("voice_models"))
    rendering = asyncio.create_task(_render(voice))
    # Three lines, so that two calls at once are no load that keeps the bot from offering anything.
    async with open_house(FOLDER, ports, {"sip": {"max_callers_per_worker": 3}}) as house:
        await rendering
        print(f"Ready after {(monotonic_ms() - began_ms) / 1000:.1f} s.", flush=True)
        failures = await _calls(house, voice)
        took_s = (monotonic_ms() - began_ms) / 1000
        if failures:
            print(f"\n{len(failures)} of {len(CALLS)} calls did not end as they should: " + "; ".join(failures))
        else:
            print(f"\nAll {len(CALLS)} calls ended as they should, {took_s:.0f} s after the start.", flush=True)
        if not once:
            _say_how_to_reach(house)
            showing = asyncio.create_task(_show_messages(house))
            await house.service.wait()
            showing.cancel()
    return 1 if failures else 0


async def _render(voice: CallerVoice) -> None:
    """All the callers say, while the house starts."""
    try:
        for sentence in SENTENCES:
            await voice.wav(sentence)
    finally:
        await voice.close()


def _end_by_signal() -> None:
    """However the demo is ended, the house ends with it. What is ignored, as by nohup, stays so."""
    demo = asyncio.current_task()
    for end in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if demo is not None and signal.getsignal(end) is not signal.SIG_IGN:
            asyncio.get_running_loop().add_signal_handler(end, demo.cancel)


async def _calls(house: House, voice: CallerVoice) -> list[str]:
    """The first call alone, then two at the same time, and again: the bot has lines for three."""
    ports = house.ports
    failures = [await _one(house, voice, 1, ports.caller, ports.phone_rtp)]
    failures += await asyncio.gather(
        _one(house, voice, 2, ports.caller, ports.phone_rtp),
        _one(house, voice, 3, ports.second_caller, ports.phone_rtp + PHONE_PORTS),
    )
    failures += await asyncio.gather(
        _one(house, voice, 4, ports.caller, ports.phone_rtp),
        _one(house, voice, 5, ports.second_caller, ports.phone_rtp + PHONE_PORTS),
    )
    failures.append(await _one(house, voice, 6, ports.caller, ports.phone_rtp))
    return [failure for failure in failures if failure]


async def _one(house: House, voice: CallerVoice, number: int, sip_port: int, rtp_port: int) -> str:
    """Play one call. Returns what went wrong, "" when nothing did."""
    call, workdir = CALLS[number - 1], house.folder / f"call-{number}"
    await asyncio.to_thread(workdir.mkdir, parents=True, exist_ok=True)
    print(f"\n── Call {number}: {call.title} " + "─" * max(0, 76 - len(call.title)), flush=True)
    try:
        async with (
            SoftPhone.start(call.number, sip_port, rtp_port, workdir) as caller,
            agent_phones(house, call, workdir) as agents,
        ):
            stage = Stage(number=number, house=house, voice=voice, caller=caller, agents=agents)
            checks = await call.play(stage)
    except IvrError as error:
        print(f" {number} ✗ {error}", flush=True)
        return f"call {number}: {error}"
    for what, passed in checks:
        print(f" {number} {'✓' if passed else '✗'} {what}", flush=True)
    missing = [what for what, passed in checks if not passed]
    return f"call {number}: {', '.join(missing)}" if missing else ""


@asynccontextmanager
async def agent_phones(house: House, call: DemoCall, workdir: Path) -> AsyncIterator[tuple[SoftPhone, ...]]:
    """The agents' phones, for the calls that need some."""
    ports = house.ports
    async with AsyncExitStack() as stack:
        phones = []
        for at in range(call.agents):
            rtp_port = ports.phone_rtp + (2 + at) * PHONE_PORTS
            phone = SoftPhone.start(f"agent{at + 1}", ports.agents[at], rtp_port, workdir)
            phones.append(await stack.enter_async_context(phone))
        yield tuple(phones)


async def _show_messages(house: House) -> None:
    """Print what would be sent to telephones, codes among it: in the demo the console is everybody's telephone."""
    shown = 0
    while True:
        said = await house.messages()
        for message in said[shown:]:
            print(f"  {message}", flush=True)
        shown = len(said)
        await asyncio.sleep(1)


def _say_how_to_reach(house: House) -> None:
    ports = house.ports
    print(
        f"\nThe bot stays up. Stop it with Ctrl-C.\n"
        f"  Call it:       sip:anything@{HOST}:{ports.sip} (any softphone, no registration, G.711)\n"
        f"  Be a customer: set your softphone's user name to +12025550101 (Anna, claim 204518)\n"
        f"  Agent page:    {house.web}/agent   (agent a1's phone rings at {ports.agent_uri(0)})\n"
        f"  Calls:         {house.web}/calls   API: {house.web}/api/openapi.json\n"
        f"  Dialog:        dialogs/insurance/  (change a sentence, then: kill -HUP {house.service.pid})",
        flush=True,
    )


def _forget_last_time(folder: Path) -> None:
    """Every demo begins with the same customers and no history; rendered prompts are kept."""
    for old in ("ivr.sqlite3", "ivr.sqlite3-wal", "ivr.sqlite3-shm", "crm.sqlite3", "service.log"):
        (folder / old).unlink(missing_ok=True)
