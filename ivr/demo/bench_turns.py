"""`ivr bench turns`: end of caller speech to first bot audio on the wire, over real SIP in real time.

A caller says fixed sentences to a bot whose answers are cached; the caller's phone measures. A cut-off is a sentence
the bot answered before it was over, or took for two. Times are milliseconds.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from ivr.call.record import percentile
from ivr.demo.follower import Follower, newest_call
from ivr.demo.house import DemoError, House, open_house, usual_ports
from ivr.demo.memory import memory_of
from ivr.demo.phone_client import SoftPhone
from ivr.demo.voices import CallerVoice
from ivr.nlu.training_data import read_training_data

FOLDER = Path("var/bench")
ASSISTANT = Path("dialogs/insurance")
PAUSE_S = 0.4

UTTERANCES = (
    "I'd like to check the status of my claim.",
    "What is happening with my claim?",
    "Has my claim been paid yet?",
    "I want to report an accident.",
    "Someone hit my car yesterday.",
    "I need to make a payment.",
    "When is my next payment due?",
    "I have moved to a new address.",
    "Please change my address.",
    "I want to talk to a person.",
    "Can I speak to somebody, please?",
    "Could you say that again?",
    "Sorry, what did you say?",
    "I don't know.",
    "Yes.",
    "No, thank you.",
    "Yes, that's right.",
    "That is all, goodbye.",
    "I got a letter from you last week and I don't understand it.",
    "My flat was flooded on Saturday and I would like to know what to do.",
    "Is my summer house insured against fire?",
    "How long will it take?",
    "Please do not make me any offers.",
    "Thank you very much for your help.",
)


async def bench_turns(*, repeat: int) -> dict[str, Any]:
    """Measure. Returns p50_ms, p95_ms, cut_offs, n and the parts of the time."""
    assistant = await asyncio.to_thread(write_assistant, FOLDER / "assistant")
    voice = CallerVoice(FOLDER / "caller", Path("voice_models"))
    wavs = [await voice.wav(text) for text in UTTERANCES]
    await voice.close()
    ports = usual_ports()
    await asyncio.to_thread((FOLDER / "ivr.sqlite3").unlink, missing_ok=True)
    overrides = {"server": {"assistant": str(assistant)}, "recording": {"mode": "off"}}
    turns: list[Turn] = []
    async with open_house(FOLDER, ports, overrides) as house:
        for at in range(repeat):
            workdir = FOLDER / f"call-{at}"
            await asyncio.to_thread(workdir.mkdir, parents=True, exist_ok=True)
            async with SoftPhone.start("bench", ports.caller, ports.phone_rtp, workdir) as phone:
                turns += await _one_call(house, phone, wavs)
        memory = await memory_of(house)
    return {**_summary(turns), "memory": memory}


Turn = dict[str, int]


async def _one_call(house: House, phone: SoftPhone, wavs: list[Path]) -> list[Turn]:
    known = {record["call_id"] for record in (await house.get("/api/calls?limit=100"))["calls"]}
    await phone.call(house.sip_uri)
    await phone.answered()
    follower = Follower(house, await newest_call(house, known), lambda _event: None)
    await phone.bot_finished(quiet_ms=600)
    turns = []
    for at, wav in enumerate(wavs):
        heard_before = _count(follower, "turn.heard")
        began = len(phone.events)
        said_at_ms = await phone.say(wav)
        early = any(event.name == "heard_started" for event in phone.events[began:] if event.at_ms <= said_at_ms)
        audio_at_ms = said_at_ms if early else await phone.first_audio_after(said_at_ms, timeout=6)
        await phone.bot_finished(quiet_ms=400)
        await asyncio.sleep(PAUSE_S)
        await follower.read()
        doubled = _count(follower, "turn.heard") + _count(follower, "turn.rejected") - heard_before > 1 + _count(
            follower, "turn.rejected"
        )
        turns.append({"at": at, "wire_ms": audio_at_ms - said_at_ms, "cut_off": int(early or doubled)})
    heard = [event["data"] for event in follower.events if event["kind"] == "turn.heard"]
    answered = [event["data"]["latency_ms"] for event in follower.events if event["kind"] == "turn.answered"]
    if len(answered) < len(wavs) * 0.9:
        raise DemoError(f"only {len(answered)} of {len(wavs)} sentences were answered")
    for turn, data, latency in zip(turns, heard, answered, strict=False):
        turn.update(endpoint_ms=data["endpoint_ms"], decode_ms=data["decode_ms"], inside_ms=latency)
    await phone.hang_up()
    await phone.ended()
    return turns


def _count(follower: Follower, kind: str) -> int:
    return sum(event["kind"] == kind for event in follower.events)


def _summary(turns: list[Turn]) -> dict[str, Any]:
    wire = [turn["wire_ms"] for turn in turns]
    parts = {
        part: percentile([turn[part] for turn in turns if part in turn], 50)
        for part in ("endpoint_ms", "decode_ms", "inside_ms")
    }
    return {
        "p50_ms": percentile(wire, 50),
        "p95_ms": percentile(wire, 95),
        "max_ms": max(wire),
        "cut_offs": sum(turn["cut_off"] for turn in turns),
        "n": len(turns),
        "parts_p50": {**parts, "to_the_wire_ms": percentile(wire, 50) - parts["inside_ms"]},
    }


SAID_BY_THE_ENGINE = ("cut_off", "help", "hold", "no_hearing", "no_offers", "offer_unclear", "trouble", "goodbye")


def write_assistant(folder: Path) -> Path:
    """An assistant that says "All right." to whatever it hears, and listens again. Intents are the insurance's."""
    intents = sorted(read_training_data(ASSISTANT / "nlu.en.yml").intents)
    (folder / "flows").mkdir(parents=True, exist_ok=True)
    options = "".join(f"      - {{intent: {intent}, go: said}}\n" for intent in intents)
    engine = "".join(f'  utter_{name}: [{{text: "All right."}}]\n' for name in SAID_BY_THE_ENGINE)
    files = {
        "dialog.yml": (
            'version: "1"\nassistant: bench\nlanguages: [en]\nstart: main\n'
            "defaults:\n  noinput: {timeout: 20s, max: 9}\n  nomatch: {max: 9}\n  max_tries: 9\n"
            "  confidence: {accept: 0.0, confirm: 0.0}\n  escape: person\n"
        ),
        "domain.yml": f'version: "1"\nintents: [{", ".join(intents)}]\n',
        "responses.en.yml": (
            'version: "3.1"\nresponses:\n'
            '  utter_hello: [{text: "This is the automated assistant.", metadata: {discloses: bot}}]\n'
            '  utter_say: [{text: "All right."}]\n  utter_say_2: [{text: "All right."}]\n'
            f'  utter_nomatch: [{{text: "All right."}}]\n  utter_noinput: [{{text: "Go on."}}]\n{engine}'
        ),
        "services.yml": 'version: "1"\nservices: {}\n',
        "flows/main.yml": (
            'version: "1"\nflows:\n  main:\n    steps:\n    - say: utter_hello\n'
            f"    - id: listen\n      choose: utter_say\n      options:\n{options}"
            "    - id: said\n      go: listen\n"
            "  person:\n    steps:\n    - handoff: claims\n      outcomes: {else: next}\n    - hangup: done\n"
        ),
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    for name in ("nlu.en.yml", "offers.yml", "routing.yml"):
        (folder / name).write_bytes((ASSISTANT / name).read_bytes())
    return folder.absolute()
