"""The service is stopped, killed or told to read its dialog again with callers on the line."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from ivr.demo.house import HOST, House
from ivr.demo.phone_client import SoftPhone
from ivr.model.call import CallRecord, LogEntry, Outcome
from ivr.model.ids import monotonic_ms
from tests.sip.conftest import OpenHouse
from tests.sip.house import PORTS_OF_A_HOUSE, ROOT, Caller, a_caller, a_house, ports_of, until
from tests.sip.processes import all_gone, family, kill_worker, last_call, log_of, status_of

pytestmark = [pytest.mark.sip, pytest.mark.models]

ANNA = "+12025550101"


def _refusal(house: House, sent: threading.Event | None = None) -> str:
    """Answer to an INVITE of a stranger, without SDP: the final response, as text. Blocks for up to three seconds.
    sent: set when the INVITE lies in the other's socket."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.settimeout(3)
        stranger.bind((HOST, 0))
        port, call_id = stranger.getsockname()[1], os.urandom(6).hex()
        lines = (
            f"Via: SIP/2.0/UDP {HOST}:{port};branch=z9hG4bK{call_id}",
            "Max-Forwards: 70",
            f"From: <sip:stranger@{HOST}:{port}>;tag=t{call_id}",
            f"To: <sip:claims@{HOST}>",
            f"Call-ID: {call_id}",
            f"Contact: <sip:stranger@{HOST}:{port}>",
        )
        target = f"sip:claims@{HOST}:{house.ports.sip}"
        head = "".join(f"{line}\r\n" for line in lines)
        invite = f"INVITE {target} SIP/2.0\r\n{head}CSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
        stranger.sendto(invite.encode(), (HOST, house.ports.sip))
        if sent is not None:
            sent.set()
        while True:
            answer = stranger.recv(4096).decode()
            if not answer.startswith("SIP/2.0 1"):
                to = re.search(r"^To: .*$", answer, re.MULTILINE)
                head = head.replace(lines[3], to[0].strip() if to else lines[3])
                ack = f"ACK {target} SIP/2.0\r\n{head}CSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n"
                stranger.sendto(ack.encode(), (HOST, house.ports.sip))
                return answer


def _complete(record: CallRecord, events: list[LogEntry]) -> None:
    """A record that was closed, and a log that ends with the end."""
    assert record.ended_at >= record.answered_at >= record.started_at > "2"
    assert events[-1].kind == "call.ended"
    assert [event.seq for event in events] == list(range(1, len(events) + 1))


async def test_told_to_stop_it_lets_live_calls_finish_and_refuses_new_ones(
    open_own_house: OpenHouse, tmp_path: Path
) -> None:
    async with open_own_house({"limits": {"drain_s": 60}}) as house, a_caller(house, tmp_path) as caller:
        pids = family(house.service.pid)
        await caller.dial(ANNA)
        await caller.asked("utter_how_can_i_help")
        house.service.terminate()
        await until("it drains", lambda: _draining(house))
        refusal = await asyncio.to_thread(_refusal, house)
        assert refusal.startswith("SIP/2.0 503 ")
        assert re.search(r"^Retry-After: [1-9]\d*\r?$", refusal, re.MULTILINE)
        await caller.press("0")
        await caller.asked("utter_offer_callback")
        await caller.press("1")
        ended = await caller.phone.ended(timeout=20)
        assert ended.fields["by"] == "remote"
        assert await status_of(house, 10) == 0
        await all_gone(pids, 2)
        record, events, callbacks = await last_call(house.folder)
        _complete(record, events)
        assert record.outcome is Outcome.CALLBACK
        assert "utter_goodbye" in [event.data["name"] for event in events if event.kind == "turn.said"]
        assert [callback.call_id for callback in callbacks] == [record.call_id]


async def _draining(house: House) -> bool:
    return any(reason.startswith("draining") for reason in (await house.health())["reasons"])


async def test_a_call_that_arrives_before_the_media_worker_has_read_the_order_to_drain_is_refused_too(
    open_own_house: OpenHouse, tmp_path: Path
) -> None:
    async with open_own_house() as house, a_caller(house, tmp_path) as caller:
        await caller.dial(ANNA)
        await caller.asked("utter_how_can_i_help")
        worker = await kill_worker(house, "media-0", signal.SIGSTOP)
        # Both lie in the worker's sockets when it goes on, and it looks at SIP first.
        sent = threading.Event()
        answer = asyncio.ensure_future(asyncio.to_thread(_refusal, house, sent))
        assert await asyncio.to_thread(sent.wait, 3)
        house.service.terminate()
        await until("it drains", lambda: _draining(house))
        os.kill(worker, signal.SIGCONT)
        refusal = await answer
        assert refusal.startswith("SIP/2.0 503 ")
        assert re.search(r"^Retry-After: [1-9]\d*\r?$", refusal, re.MULTILINE)
        assert "call.refused" in log_of(house)
        await caller.phone.hang_up()
        assert await status_of(house, 10) == 0


async def test_who_is_still_on_the_line_at_the_end_of_the_drain_is_told_and_promised_a_call(
    open_own_house: OpenHouse, tmp_path: Path
) -> None:
    async with open_own_house({"limits": {"drain_s": 2}}) as house, a_caller(house, tmp_path) as caller:
        await caller.dial(ANNA)
        await caller.asked("utter_how_can_i_help")
        told_at_ms = monotonic_ms()
        house.service.terminate()
        ended = await caller.phone.ended(timeout=15)
        assert 4000 <= ended.at_ms - told_at_ms <= 12_000, "two seconds of drain and an apology"
        assert ended.fields["by"] == "remote"
        assert await status_of(house, 10) == 0
        record, events, callbacks = await last_call(house.folder)
        _complete(record, events)
        assert (record.outcome, record.ended_by) == (Outcome.CALLBACK, "bot")
        assert [callback.call_id for callback in callbacks] == [record.call_id]
        said = [event for event in events if event.kind == "turn.said"]
        assert said[-1].data["name"] == "utter_trouble"
        prompted = [event for event in events if event.kind == "turn.prompted"]
        assert prompted[-1].seq > said[-1].seq, "the apology was said to its end"
        assert not prompted[-1].data["interrupted"]


async def test_told_to_stop_twice_it_stops_at_once(open_own_house: OpenHouse, tmp_path: Path) -> None:
    async with open_own_house({"limits": {"drain_s": 60}}) as house, a_caller(house, tmp_path) as caller:
        pids = family(house.service.pid)
        await caller.dial(ANNA)
        await caller.asked("utter_how_can_i_help")
        house.service.terminate()
        await until("it drains", lambda: _draining(house))
        house.service.terminate()
        assert (await caller.phone.ended(timeout=3)).fields["by"] == "remote"
        assert await status_of(house, 8) == 0
        await all_gone(pids, 2)
        record, events, _ = await last_call(house.folder)
        _complete(record, events)
        assert record.ended_by == "bot"


async def test_a_killed_control_process_costs_its_callers_an_apology_and_leaves_nothing_behind(
    tmp_path: Path, reserve_ports: Callable[[int], range]
) -> None:
    reserved, folder = reserve_ports(PORTS_OF_A_HOUSE), tmp_path / "house"
    ports = ports_of(reserved)
    async with AsyncExitStack() as stack:
        phone = await stack.enter_async_context(SoftPhone.start("anna", ports.caller, ports.phone_rtp, tmp_path))
        async with a_house(folder, reserved) as house:
            caller = Caller(house, phone)
            await caller.dial(ANNA)
            await caller.asked("utter_how_can_i_help", finished=True)
            killed_call, pids = caller.call.call_id, family(house.service.pid)
            killed_at_ms = monotonic_ms()
            house.service.kill()
            await house.service.wait()
        # Started again at once, as an init system does: the port is still held for the apology.
        async with a_house(folder, reserved) as house:
            assert await phone.first_audio_after(killed_at_ms, timeout=1) - killed_at_ms <= 2000
            ended = await phone.ended(timeout=1)
            assert ended.fields["by"] == "remote"
            assert 1000 <= ended.at_ms - killed_at_ms <= 12_000
            await all_gone(pids, 1)
            document = await house.get(f"/api/calls/{killed_call}")
            record, events = document["call"], document["events"]
            assert (record["outcome"], record["ended_by"]) == ("lost", "failure")
            assert record["ended_at"] >= record["answered_at"]
            assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
            assert [event["kind"] for event in events][-2:] == ["callback.promised", "call.ended"]
            callbacks = (await house.get("/api/callbacks"))["callbacks"]
            assert [callback["call_id"] for callback in callbacks] == [killed_call]
            assert (await house.health())["live_calls"] == 0
            caller = Caller(house, phone)
            await caller.dial(ANNA)
            await caller.asked("utter_cut_off")
            await phone.hang_up()
            await caller.over()


async def test_a_changed_sentence_is_heard_by_the_next_call_and_a_broken_file_by_none(
    open_own_house: OpenHouse, tmp_path: Path
) -> None:
    assistant = tmp_path / "assistant"
    shutil.copytree(ROOT / "dialogs" / "insurance", assistant)
    responses, flow = assistant / "responses.en.yml", assistant / "flows" / "main.yml"
    overrides = {"server": {"assistant": str(assistant)}}
    async with open_own_house(overrides) as house, a_caller(house, tmp_path) as caller:
        old = "Northwind Insurance, this is the automated assistant."
        new = "Good day from Northwind, this is the automated assistant."
        await caller.dial(ANNA)
        await caller.asked(old)

        text = responses.read_text(encoding="utf-8")
        responses.write_text(text.replace(old, new), encoding="utf-8")
        house.service.send_signal(signal.SIGHUP)
        await until("it is reloaded", lambda: _logged(house, "assistant.reloaded"), 15)
        await caller.press("1")  # the live call goes on with what it began with
        await caller.asked("utter_ask_claim_number")
        await caller.phone.hang_up()
        await caller.over()
        await caller.dial(ANNA)
        await caller.asked(new)
        await caller.phone.hang_up()
        await caller.over()
        assert caller.call.record["timings"]["greeting_ms"] <= 500, "the new sentence was spoken before the call"

        flow.write_text('version: "1"\nflows:\n  main:\n    steps:\n    - sya: utter_greet\n', encoding="utf-8")
        house.service.send_signal(signal.SIGHUP)
        await until("it is refused", lambda: _logged(house, "assistant.refused"), 15)
        assert re.search(r"main\.yml:5\b", log_of(house))
        await caller.dial(ANNA)
        await caller.asked(new)
        await caller.phone.hang_up()
        await caller.over()

        flow.write_text("flows: [", encoding="utf-8")
        house.service.send_signal(signal.SIGHUP)
        await until("that is refused too", lambda: _logged(house, "assistant.refused", 2), 15)
        responses.unlink()
        house.service.send_signal(signal.SIGHUP)
        await until("and so is that", lambda: _logged(house, "assistant.refused", 3), 15)
        assert "Traceback" not in log_of(house)
        assert (await house.health())["ready"]


async def _logged(house: House, event: str, times: int = 1) -> bool:
    return log_of(house).count(f'"event": "{event}"') >= times
