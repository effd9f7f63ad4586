"""The calls of the demo: what the scripted caller answers to what the bot asks, and what must be true afterwards."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from ivr.demo.agent_page import AgentPage
from ivr.demo.follower import Event, Follower, newest_call
from ivr.demo.house import DemoError, House
from ivr.demo.phone_client import SoftPhone
from ivr.demo.printing import printer
from ivr.demo.proof import HEARD, NOT_HEARD, likeness
from ivr.demo.voices import CallerVoice
from ivr.model.ids import monotonic_ms

Check = tuple[str, bool]
MOST_TURNS = 12
READ_S, THINK_S = 0.1, 0.3
QUESTION_MS = 60_000


WISH = "I'd like to check the status of my claim."
NUMBER = "Two, oh, four, five, one, eight."
RIGHT = "Yes, that's right."
SOLVED = "Yes, it did."
NO = "No, thank you."
PERSON = "I want to talk to a person, please."
TO_AGENT = "Good morning, it is about the claim for my summer house."
TO_CALLER = "Hello, this is Elena. I have your papers in front of me."
SENTENCES = (WISH, NUMBER, RIGHT, SOLVED, NO, PERSON, TO_AGENT, TO_CALLER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everybody who takes part in a call."""

    number: int
    house: House
    voice: CallerVoice
    caller: SoftPhone
    agents: tuple[SoftPhone, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the caller does when the bot's question matches: says words, or presses keys."""

    asked: str
    say: str = ""
    press: str = ""
    hasty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoCall:
    """One call of the demo. play runs it and returns what was checked. agents: how many have a phone in it."""

    title: str
    number: str
    play: Callable[[Stage], Awaitable[list[Check]]]
    agents: int = 0


async def dial(stage: Stage) -> Follower:
    """Call the bot, wait for the answer, follow the log."""
    known = {record["call_id"] for record in (await stage.house.get("/api/calls?limit=100"))["calls"]}
    await stage.caller.call(stage.house.sip_uri, headers=(("P-Asserted-Identity", f"<{stage.caller.uri}>"),))
    await stage.caller.answered()
    return Follower(stage.house, await newest_call(stage.house, known, stage.caller.name), printer(stage.number))


async def converse(stage: Stage, follower: Follower, replies: tuple[Reply, ...]) -> None:
    """Answer the bot's questions until the call ends. A question nobody has a reply to is left unanswered.

    A caller who knows the menu need not hear it out: replies with hasty=True interrupt.
    """
    for _ in range(MOST_TURNS):
        answered = len(follower.events)
        reply = None
        deadline_ms = monotonic_ms() + QUESTION_MS
        while reply is None:
            if monotonic_ms() > deadline_ms:
                raise DemoError("the bot asked nothing the caller has an answer to")
            await follower.read()
            if follower.ended:
                return
            new = follower.events[answered:]
            finished = any(e["kind"] == "turn.prompted" and not e["data"]["interrupted"] for e in new)
            fitting = (r for r in replies if re.search(r.asked, _asked(new)) and (finished or r.hasty))
            reply = next(fitting, None)
            await asyncio.sleep(READ_S)
        await asyncio.sleep(THINK_S)
        if reply.press:
            await stage.caller.press(reply.press)
        else:
            await stage.caller.say(await stage.voice.wav(reply.say))
    raise DemoError(f"the conversation went on for more than {MOST_TURNS} turns")


def _asked(events: list[Event]) -> str:
    said = [f"{e['data']['name']} {e['data']['text']}" for e in events if e["kind"] == "turn.said"]
    return " | ".join(said)


async def finish(stage: Stage, follower: Follower) -> None:
    """The bot says goodbye and hangs up."""
    await stage.caller.ended(timeout=20)
    await follower.closed(5)


# ---- the three calls ----------------------------------------------------------------------------------------------


async def _by_voice(stage: Stage) -> list[Check]:
    follower = await dial(stage)
    replies = (
        Reply(asked=r"utter_ask_claim_number", say=NUMBER),
        Reply(asked=r"utter_confirm_claim_number", say=RIGHT),
        Reply(asked=r"utter_solved", say=SOLVED),
        Reply(asked=r"utter_anything_else", say=NO),
        Reply(asked=r"utter_how_can_i_help", say=WISH, hasty=True),
        Reply(asked=r"May I tell you", say=NO),
    )
    await converse(stage, follower, replies)
    await finish(stage, follower)
    record = follower.record
    offer, answer = follower.first("offer.decided"), follower.first("offer.answered")
    return [
        ("the known number was recognised (L1)", record["level"] == "L1"),
        ("the claim number was understood by voice", _service_ok(follower, "get_claim")),
        ("the caller said that it is solved", record["outcome"] == "resolved"),
        ("one product that fits was offered", offer is not None and offer["data"]["product"] == "dacha_furniture"),
        ("the caller declined, and the bot said goodbye", _answer(answer) in {"declined", "not_permitted"}),
        ("the recording is there", await asyncio.to_thread(Path(record["recording"]).is_file)),
    ]


async def _by_keys(stage: Stage) -> list[Check]:
    follower = await dial(stage)
    replies = (
        Reply(asked=r"utter_ask_claim_number", press="317204", hasty=True),
        Reply(asked=r"utter_solved", press="1", hasty=True),
        Reply(asked=r"utter_anything_else", press="2", hasty=True),
        Reply(asked=r"utter_how_can_i_help", press="1", hasty=True),
        Reply(asked=r"Shall a colleague", press="1"),  # after the price was read back to its end
        Reply(asked=r"May I tell you", press="1", hasty=True),
    )
    await converse(stage, follower, replies)
    await finish(stage, follower)
    answer = follower.first("offer.answered")
    heard = [event for event in follower.events if event["kind"] == "turn.heard"]
    return [
        ("the whole call went by keypad", not heard and follower.record["turns"] >= 5),
        ("the request was resolved", follower.record["outcome"] == "resolved"),
        ("the offer was accepted", _answer(answer) == "accepted"),
        ("the acceptance is stored with its proof", bool(answer and answer["data"]["proof"])),
    ]


async def _to_a_human(stage: Stage) -> list[Check]:
    house, caller, (agent, *_) = stage.house, stage.caller, stage.agents
    await agent.answer_calls(after_ms=800)
    async with AgentPage.open(house, "a1") as page:
        await house.post("/api/agents/a1/state", {"state": "ready"})
        follower = await dial(stage)
        await caller.bot_finished(quiet_ms=400)
        await caller.say(await stage.voice.wav(PERSON))
        rang = await agent.incoming(timeout=20)
        shown = await page.shown(timeout_s=5)
        await agent.answered(timeout=10)
        await follower.wait_for("handoff.answered", 10)
        await agent.bot_finished(quiet_ms=500, timeout=15)
        await agent.press("1")
        await follower.wait_for("handoff.bridged", 10)
        to_agent = await stage.voice.wav(TO_AGENT)
        to_caller = await stage.voice.wav(TO_CALLER)
        await asyncio.sleep(0.3)
        await caller.say(to_agent)
        await asyncio.sleep(0.3)
        await agent.say(to_caller)
        await asyncio.sleep(0.5)
        await caller.hang_up()
        await agent.ended(timeout=5)
        await follower.closed(5)
    await caller.ended(timeout=5)
    agent_heard, caller_heard = Path(agent.heard_wav), Path(caller.heard_wav)
    whispered = likeness(agent_heard, caller_heard, first_s=3.0)
    return [
        ("the agent's page showed the call before the phone rang", shown.at_ms <= rang.at_ms),
        ("the INVITE to the agent carried the token", shown.token in (rang.header("X-Ctx-Id"), "")),
        ("the agent's page says why", "operator" in str(shown.packet) or "person" in str(shown.packet)),
        (f"the agent heard the caller (likeness {likeness(to_agent, agent_heard):.2f})",
         likeness(to_agent, agent_heard) > HEARD),
        (f"the caller heard the agent (likeness {likeness(to_caller, caller_heard):.2f})",
         likeness(to_caller, caller_heard) > HEARD),
        (f"the whisper was for the agent alone (likeness at the caller {whispered:.2f})", whispered < NOT_HEARD),
        ("the bot stepped back: bridged, ended as transferred", follower.record["outcome"] == "transferred"),
    ]  # fmt: skip


async def _second_best(stage: Stage) -> list[Check]:
    house, caller, (first, second) = stage.house, stage.caller, stage.agents
    await first.ignore_calls()
    await second.answer_calls(after_ms=500)
    for agent_id in ("a1", "a2"):
        await house.post(f"/api/agents/{agent_id}/state", {"state": "ready"})
    follower = await dial(stage)
    await caller.bot_finished(quiet_ms=400)
    await caller.press("0")
    await first.incoming(timeout=20)
    await second.incoming(timeout=40)
    await second.answered(timeout=10)
    await second.bot_finished(quiet_ms=500, timeout=15)
    await second.press("1")
    await follower.wait_for("handoff.bridged", 10)
    await asyncio.sleep(0.5)
    await caller.hang_up()
    await second.ended(timeout=5)
    await follower.closed(5)
    await caller.ended(timeout=5)
    states = {agent["agent_id"]: agent["state"] for agent in (await house.get("/api/agents"))["agents"]}
    for agent_id in ("a1", "a2"):
        await house.post(f"/api/agents/{agent_id}/state", {"state": "not_ready"})
    return [
        ("the best agent did not answer, and gets no more calls until they say so", states["a1"] == "not_ready"),
        ("the second-best took the call", follower.record["agent"] == "a2"),
        ("the caller stayed on the line and was served", follower.record["outcome"] == "transferred"),
    ]


def _service_ok(follower: Follower, service: str) -> bool:
    ended = [event["data"] for event in follower.events if event["kind"] == "service.ended"]
    return any(data["service"] == service and data["outcome"] == "ok" for data in ended)


def _answer(event: object) -> str:
    return str(event["data"]["answer"]) if isinstance(event, dict) else ""


CALLS = (
    DemoCall(title="by voice: claim status, an offer declined", number="+12025550101", play=_by_voice),
    DemoCall(title="by keypad only: claim status, an offer accepted", number="+12025550102", play=_by_keys),
    DemoCall(title="a person, please: context, whisper, bridge", number="+12025550103", play=_to_a_human, agents=1),
    DemoCall(
        title="the best agent does not answer, the second-best does", number="+12025550104", play=_second_best, agents=2
    ),
)
