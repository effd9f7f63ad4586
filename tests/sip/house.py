"""What tests of the whole house place calls with: its ports, its phones, a caller and how a call must have ended.

Times are CLOCK_MONOTONIC milliseconds, in the phones' events and in the call's log alike.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from ivr.demo.follower import POLL_S, Event, Follower
from ivr.demo.house import DemoError, House, Ports, open_house
from ivr.demo.phone_client import SoftPhone
from ivr.demo.printing import printer
from ivr.model.ids import monotonic_ms
from tests.sip.sentences import sentences

ROOT = Path(__file__).resolve().parent.parent.parent
# Rendered prompts, and the vectors of the sentences an assistant is trained with, are kept over houses and test runs.
PROMPTS = Path(os.environ.get("IVR_PROMPT_CACHE", ROOT / "var" / "prompts"))  # where `ivr prompts render` puts them
VECTORS = ROOT / "var" / "nlu"

PORTS_OF_A_HOUSE = 180
PHONES = {"agent1": 0, "agent2": 1, "caller": 2, "second": 3, "third": 4}
SIP_WORKERS_MOST = 4
RTP_PORTS_PER_WORKER = 40

Overrides = Mapping[str, Mapping[str, Any]]


def ports_of(reserved: range) -> Ports:
    """The ports of a house with its phones: up to four SIP workers, RTP for two; PORTS_OF_A_HOUSE in a row, even."""
    first = reserved[0]
    return Ports(
        sip=first,
        web=first + SIP_WORKERS_MOST,
        crm=first + SIP_WORKERS_MOST + 1,
        agents=(first + 6, first + 7),
        caller=first + 8,
        second_caller=first + 9,  # and one more behind it
        rtp=first + 12,
        phone_rtp=first + 12 + 2 * RTP_PORTS_PER_WORKER,
    )


def furnished(overrides: Overrides | None = None) -> dict[str, dict[str, Any]]:
    """Settings of a house under test, with overrides (section -> settings) over them."""
    sections: dict[str, dict[str, Any]] = {
        "speech": {"cache_dir": str(PROMPTS)},
        "nlu": {"cache_dir": str(VECTORS)},
        "sip": {"rtp_ports_per_worker": RTP_PORTS_PER_WORKER},
    }
    for name, changes in (overrides or {}).items():
        sections.setdefault(name, {}).update(changes)
    return sections


@asynccontextmanager
async def a_house(folder: Path, reserved: range, overrides: Overrides | None = None) -> AsyncIterator[House]:
    """A house of its own: `ivr run` and the CRM as processes. Ready when entered."""
    async with AsyncExitStack() as stack:
        async with _starting_alone():
            house = await stack.enter_async_context(open_house(folder, ports_of(reserved), furnished(overrides)))
        yield house


@asynccontextmanager
async def _starting_alone() -> AsyncIterator[None]:
    """No other process of this run starts a house meanwhile: what both have yet to speak is spoken once."""
    await asyncio.to_thread(PROMPTS.mkdir, parents=True, exist_ok=True)
    with (PROMPTS / "starting").open("w") as lock:
        await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
        yield


@asynccontextmanager
async def visiting(house: House) -> AsyncIterator[House]:
    """The same house, reached from the event loop of this test."""
    async with aiohttp.ClientSession() as http:
        yield House(
            ports=house.ports,
            folder=house.folder,
            http=http,
            service=house.service,
            crm=house.crm,
            log_path=house.log_path,
        )


@asynccontextmanager
async def a_phone(house: House, name: str, workdir: Path) -> AsyncIterator[SoftPhone]:
    """One of PHONES, on its ports in the house."""
    at, ports = PHONES[name], house.ports
    sip_port = ports.agents[at] if at < len(ports.agents) else ports.caller + at - len(ports.agents)
    async with SoftPhone.start(name, sip_port, ports.phone_rtp + 16 * at, workdir) as phone:
        yield phone


class Caller:
    """Somebody on the phone with the bot: speaks, presses keys, and reads the call's log meanwhile."""

    def __init__(self, house: House, phone: SoftPhone) -> None:
        self.house, self.phone = house, phone
        self._follower: Follower | None = None
        self._answered = 0  # events read when the caller last said or pressed something

    @property
    def call(self) -> Follower:
        """The log and the record of the call, as last read."""
        assert self._follower is not None, "dial first"
        return self._follower

    async def dial(self, number: str, to: str = "", headers: tuple[tuple[str, str], ...] = ()) -> None:
        """Call the bot from this number ("" = withheld), at its address unless another is said, and wait until it
        answers."""
        known = {record["call_id"] for record in await self._records(number)}
        identity = f"<sip:{number}@127.0.0.1>" if number else "<sip:anonymous@anonymous.invalid>"
        await self.phone.call(to or self.house.sip_uri, headers=(("P-Asserted-Identity", identity), *headers))
        await self.phone.answered()
        self._answered = 0
        deadline_ms = monotonic_ms() + 5000
        while True:
            new = [record for record in await self._records(number) if record["call_id"] not in known]
            if new:
                self._follower = Follower(self.house, new[0]["call_id"], printer(1))
                return
            assert monotonic_ms() < deadline_ms, "the call did not appear in the API"
            await asyncio.sleep(POLL_S)

    async def asked(self, name: str, *, timeout_s: float = 15, finished: bool = False) -> Event:
        """The bot says the response of that name (or words holding it) since our last answer; finished: to its end."""
        said = await self.event(
            "turn.said", timeout_s, lambda e: e["data"]["name"] == name or name in e["data"]["text"]
        )
        if finished:
            await self.event("turn.prompted", timeout_s, lambda e: e["seq"] > said["seq"])
        return said

    async def event(
        self, kind: str, timeout_s: float = 10, fits: Callable[[Event], bool] = lambda _event: True
    ) -> Event:
        """The first event of that kind since our last answer."""
        after = self._answered
        return await self.call.wait_for(kind, timeout_s, lambda e: e["seq"] > after and fits(e))

    async def press(self, keys: str) -> int:
        """Press keys; when."""
        await self._answer()
        return await self.phone.press(keys)

    async def say(self, text: str) -> int:
        """Say a sentence to its end; when its last voiced sample left."""
        return await self.mutter(await self.wav(text))

    async def mutter(self, wav: Path) -> int:
        """Let the bot hear a WAV to its end; when its last voiced sample left."""
        await self._answer()
        return await self.phone.say(wav)

    async def wav(self, text: str) -> Path:
        """The sentence as a WAV, rendered once."""
        return await sentences().wav(text)

    async def over(self, timeout_s: float = 20) -> Mapping[str, Any]:
        """The call is over, on the phone and in the log; its complete record."""
        await self.phone.ended(timeout=timeout_s)
        await self.call.closed(6)
        check_complete(self.call)
        return self.call.record

    def kinds(self) -> list[str]:
        """The kinds of all events, in order."""
        return [event["kind"] for event in self.call.events]

    def texts(self) -> str:
        """Everything the bot said, in order."""
        return " | ".join(e["data"]["text"] for e in self.call.events if e["kind"] == "turn.said")

    async def _answer(self) -> None:
        await self.call.read()
        self._answered = len(self.call.events)

    async def _records(self, number: str) -> list[Mapping[str, Any]]:
        calls = (await self.house.get("/api/calls?limit=200"))["calls"]
        return [record for record in calls if record["ani"] == number]


@asynccontextmanager
async def a_caller(house: House, workdir: Path, name: str = "caller") -> AsyncIterator[Caller]:
    """A caller with a phone of PHONES ("caller", "second" or "third")."""
    async with a_phone(house, name, workdir) as phone:
        yield Caller(house, phone)


def check_complete(call: Follower) -> None:
    """Every call, however it went, leaves a record with its end and timings, and a log without gaps."""
    record, events = call.record, call.events
    assert record["ended_at"] >= record["answered_at"] >= record["started_at"] > "2", record
    assert record["outcome"] not in {"", "open"}, record
    assert record["ended_by"] in {"caller", "bot", "failure"}, record
    assert record["timings"]["answer_ms"] >= 0, record
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert [event["at_ms"] for event in events] == sorted(event["at_ms"] for event in events)
    assert events[0]["kind"] == "call.arrived"
    assert events[-1]["kind"] == "call.ended"


def longest_quiet_ms(phone: SoftPhone) -> int:
    """The longest time of the current call in which the phone heard nothing, from the answer to the end."""
    times = {"answered": 0, "ended": 0}
    quiet_since = longest = 0
    for event in phone.events:
        if event.name in times:
            times[event.name] = event.at_ms
        if event.name in {"answered", "heard_ended"}:
            quiet_since = event.at_ms
        elif event.name in {"heard_started", "ended"} and quiet_since:
            longest, quiet_since = max(longest, event.at_ms - quiet_since), 0
    return longest


async def set_agents(house: House, **states: str) -> None:
    """Set agents to "ready" or "not_ready": set_agents(house, a1="ready", a2="not_ready")."""
    for agent_id, state in states.items():
        await house.post(f"/api/agents/{agent_id}/state", {"state": state})


async def agent_state(house: House, agent_id: str) -> str:
    """The state of an agent, as the API tells it."""
    agents = (await house.get("/api/agents"))["agents"]
    return str(next(agent["state"] for agent in agents if agent["agent_id"] == agent_id))


async def until(what: str, holds: Callable[[], Any], timeout_s: float = 5) -> None:
    """Wait until holds() (a coroutine function) is true. Raises DemoError."""
    deadline_ms = monotonic_ms() + int(timeout_s * 1000)
    while not await holds():
        if monotonic_ms() > deadline_ms:
            raise DemoError(f"not within {timeout_s:.0f} s: {what}")
        await asyncio.sleep(POLL_S)


async def promised(house: House, caller: Caller) -> list[Mapping[str, Any]]:
    """The callbacks promised in this call, as /api/callbacks lists them."""
    callbacks = (await house.get("/api/callbacks"))["callbacks"]
    return [callback for callback in callbacks if callback["call_id"] == caller.call.call_id]


def never_spoken() -> str:
    """A claim number nobody has, whose sentence is in no prompt cache."""
    return str(random.SystemRandom().randrange(600_000, 999_999))


async def up_to_the_claim_number(caller: Caller, number: str) -> None:
    """The caller of that number is asked for a claim, to the end of the question."""
    await caller.dial(number)
    await caller.asked("utter_how_can_i_help")
    await caller.press("1")
    await caller.asked("utter_ask_claim_number", finished=True)
