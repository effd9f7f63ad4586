"""The callers of a load against a real media worker: answer, audio both ways on the clock, gaps, both kinds of end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ivr.config import NluSettings
from ivr.demo.bench_assistant import write_assistant
from ivr.demo.bench_corpus import english
from ivr.demo.bench_house import open_bot
from ivr.demo.bench_load import WHO, under_load
from ivr.demo.bench_talk import summary
from ivr.demo.bench_turns import one_by_one
from ivr.demo.g711 import spoken
from ivr.demo.house import DemoError
from ivr.demo.talkers import Talkers
from ivr.design.findings import validate
from ivr.model import media
from ivr.model.media import FRAME_MS
from ivr.wire import unpack_frame
from tests.sip.house import PROMPTS
from tests.sip.media_control import PORTS, media_worker, play, tone_wav

pytestmark = pytest.mark.sip
Ports = Callable[[int], range]

ONE_SECOND = (3000 * np.sin(np.arange(8000) / 3)).astype(np.int16)


async def test_two_callers_are_heard_in_real_time_and_hear_the_prompt(reserve_ports: Ports, tmp_path: Path) -> None:
    prompt = tone_wav(tmp_path / "prompt.wav", 500, 600)
    frames = str(tmp_path / "frames.sock")
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
        listening.bind(frames)
        listening.listen()
        listening.setblocking(False)
        async with media_worker(reserve_ports(PORTS), tmp_path) as control, Talkers() as talkers:
            port = control.settings.sip_port
            called = [await talkers.call("bot", port, f"39000000{n}", n) for n in range(2)]
            legs = [arrived.leg for arrived in control.all(media.CallArrived)]
            for leg in legs:
                control.say(media.SendAudioTo(leg=leg, frames_path=frames))
            connection, _ = await asyncio.get_running_loop().sock_accept(listening)
            saying = [asyncio.create_task(talker.say(spoken(ONE_SECOND, seed=1), 4.0)) for talker in called]
            await asyncio.sleep(1.3)
            for leg in legs:
                control.say(play(leg, prompt))
            said = await asyncio.gather(*saying)
            assert all(950 < one.ended_ms - one.began_ms < 1100 for one in said)
            assert all(150 < one.heard_ms - one.ended_ms < 700 for one in said)
            assert not any(one.early for one in said)
            ear = called[0].ear
            lasted_ms = ear.packets * FRAME_MS
            assert 1800 < lasted_ms < 6000
            assert ear.longest_gap_ms >= FRAME_MS
            raw = await asyncio.get_running_loop().sock_recv(connection, 2048)
            assert unpack_frame(raw)[0] in legs
            connection.close()
            await talkers.hang_up(called[0])
            assert (await control.wait(media.LegEnded)).by == "remote"
            control.say(media.HangUp(leg=next(arrived.leg for arrived in control.all(media.CallArrived)[1:])))
            await control.wait(media.LegEnded, 2)
            await asyncio.sleep(0.1)
            assert [talker.ended_by for talker in called] == ["local", "remote"]


async def test_a_third_caller_of_a_worker_is_told_that_it_is_refused(reserve_ports: Ports, tmp_path: Path) -> None:
    async with media_worker(reserve_ports(PORTS), tmp_path) as control, Talkers() as talkers:
        for number in range(2):
            await talkers.call("bot", control.settings.sip_port, f"39000000{number}", number)
        with pytest.raises(DemoError, match="503"):
            await talkers.call("bot", control.settings.sip_port, "390000002", 2)


@pytest.mark.models
async def test_a_bench_of_a_few_turns_measures_every_class(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shared_data: Path
) -> None:
    monkeypatch.setenv("IVR_SHARED_DATA", str(shared_data))
    monkeypatch.setenv("IVR_PROMPT_CACHE", str(PROMPTS))
    lines = await english(Path("var/bench/caller"), most=2)
    async with open_bot(tmp_path, "en", 2) as house:
        measured = await one_by_one(house, lines)
        loaded = await under_load(house, lines, 2, 12)
    found = summary(measured.turns)
    assert {kind: figures["n"] for kind, figures in found["classes"].items()} == {
        "plain": 2,
        "yes_no": 2,
        "menu": 2,
        "digits": 2,
    }
    assert found["unanswered"] == 0
    assert 150 < found["p50_ms"] < 3000
    assert found["parts_p50"]["decode_ms"] > 10
    assert loaded["n"] >= 2
    assert loaded["audio"]["dropped_calls"] == 0
    assert loaded["audio"]["packets"] > 2 * 12 * 40
    assert loaded["cpu_share_of_one_core"]["speech"] > 0


def test_the_assistants_of_the_benches_are_sound(tmp_path: Path) -> None:
    assert set(WHO) == {"plain", "yes_no", "menu", "digits"}
    assert write_assistant(tmp_path, "en", topics=("claim", "payment")) == tmp_path
    assert [fault for fault in validate(tmp_path, NluSettings(engine="tfidf")) if fault.severity == "error"] == []
