"""`ivr bench calls`: how fast calls are answered and greeted and how fast the bot falls silent, on real SIP calls.

A phone calls again and again and talks over the greeting; what it sends and hears is what is measured, its own jitter
buffer included. Then the memory of all processes is read. Times are milliseconds.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ivr.call.record import percentile
from ivr.demo.bench_assistant import write_assistant
from ivr.demo.house import DemoError, House, open_house, usual_ports
from ivr.demo.memory import memory_of
from ivr.demo.phone_client import SoftPhone
from ivr.demo.voices import CallerVoice

FOLDER = Path("var/bench-calls")
CALLS = 20
LIMITS_MS = {"answer": 100, "greeting": 200, "barge_in": 250}  # for the 95th percentile

INTERRUPTION = "I want to talk to a person."
# One long breath: a pause in it would look like a bot that fell silent.
GREETING = (
    "This is the automated assistant and it will go on telling you about all the many things it could do for you "
    "until you interrupt it because that is what this measurement is about and nothing else"
)
# The caller begins to talk at different places of the greeting.
FIRST_WAIT_MS, WAIT_STEP_MS, WAITS = 700, 170, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One call. barge_in_ms: first voiced sample of the caller to last voiced sample of the bot."""

    answer_ms: int
    greeting_ms: int
    barge_in_ms: int


async def bench_calls(*, calls: int = CALLS) -> dict[str, Any]:
    """Measure. Returns p50_ms and p95_ms of answer, greeting and barge_in, the memory, n, and whether all is ok."""
    folder = await asyncio.to_thread(FOLDER.absolute)
    assistant = await asyncio.to_thread(_write_talker, folder / "assistant")
    voice = CallerVoice(folder / "caller", Path("voice_models"))
    wav = await voice.wav(INTERRUPTION)
    await voice.close()
    ports = usual_ports()
    workdir = folder / "phone"
    await asyncio.to_thread(workdir.mkdir, parents=True, exist_ok=True)
    await asyncio.to_thread((folder / "ivr.sqlite3").unlink, missing_ok=True)
    overrides = {"server": {"assistant": str(assistant)}, "recording": {"mode": "off"}}
    async with (
        open_house(folder, ports, overrides) as house,
        SoftPhone.start("bench", ports.caller, ports.phone_rtp, workdir) as phone,
    ):
        measured: list[Measured] = []
        for at in range(2 * calls):
            call = await _one_call(house, phone, wav, FIRST_WAIT_MS + WAIT_STEP_MS * (at % WAITS))
            measured += [call] if call is not None else []
            if len(measured) == calls:
                break
        memory = await memory_of(house)
    return _summary(measured, memory)


async def _one_call(house: House, phone: SoftPhone, wav: Path, wait_ms: int) -> Measured | None:
    """None when the caller happened to begin between two words of the bot: there was nothing to fall silent."""
    await phone.call(house.sip_uri)
    calling = await phone.wait_for("calling")
    answered = await phone.answered()
    greeted_at_ms = await phone.first_audio_after(answered.at_ms)
    await asyncio.sleep(wait_ms / 1000)
    number = phone.start_saying(wav)
    saying = await phone.wait_for("saying")
    said_at_ms = await phone.said(number)
    if _silent(phone, saying.at_ms):
        await phone.hang_up()
        await phone.ended()
        return None
    silent_at_ms = await phone.silent_after(saying.at_ms)
    if silent_at_ms > said_at_ms:
        raise DemoError("the bot talked on while the caller did")
    await phone.first_audio_after(said_at_ms, timeout=6)  # the answer: the whole way works
    await phone.hang_up()
    await phone.ended()
    return Measured(
        answer_ms=answered.at_ms - calling.at_ms,
        greeting_ms=greeted_at_ms - answered.at_ms,
        barge_in_ms=silent_at_ms - saying.at_ms,
    )


def _silent(phone: SoftPhone, at_ms: int) -> bool:
    """Was the bot between two words then?"""
    changes = [e for e in phone.events if e.name in {"heard_started", "heard_ended"} and e.at_ms <= at_ms]
    return bool(changes) and max(changes, key=lambda event: event.at_ms).name == "heard_ended"


def _summary(measured: list[Measured], memory: dict[str, Any]) -> dict[str, Any]:
    times = {
        "answer": [call.answer_ms for call in measured],
        "greeting": [call.greeting_ms for call in measured],
        "barge_in": [call.barge_in_ms for call in measured],
    }
    parts = {name: _times(values, LIMITS_MS[name]) for name, values in times.items()}
    ok = all(part["ok"] for part in parts.values()) and all(part.get("ok", True) for part in memory.values())
    return {**parts, "memory": memory, "n": len(measured), "ok": ok}


def _times(values: list[int], limit_ms: int) -> dict[str, Any]:
    p95_ms = percentile(values, 95)
    return {
        "p50_ms": percentile(values, 50),
        "p95_ms": p95_ms,
        "max_ms": max(values),
        "limit_ms": limit_ms,
        "ok": p95_ms <= limit_ms,
        "n": len(values),
    }


def _write_talker(folder: Path) -> Path:
    """The assistant of `bench turns` with a greeting long enough to be interrupted."""
    write_assistant(folder)
    responses = folder / "responses.en.yml"
    text = responses.read_text(encoding="utf-8")
    responses.write_text(text.replace("This is the automated assistant", GREETING), encoding="utf-8")
    return folder
