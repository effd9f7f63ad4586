# ruff: noqa: ASYNC109 - scripts read better with timeouts as arguments
"""SoftPhone: a telephone for scripts, as an asyncio object.

Owns the phone process and waiting for what it hears; refuses to know SIP. Times are CLOCK_MONOTONIC milliseconds,
timeouts seconds. Every wait raises PhoneError, which tells what has happened instead.

    async with SoftPhone.start("caller", 21000, 21010, workdir) as phone:
        await phone.call("sip:bot@127.0.0.1:5060", headers=(("X-Test", "1"),))
        await phone.answered()
        await phone.bot_finished()
        asked_at = await phone.say("question.wav")
        latency_ms = await phone.first_audio_after(asked_at) - asked_at
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import sys
from collections.abc import AsyncIterator, Callable, Generator
from pathlib import Path
from typing import Any

from ivr.demo.phone import PhoneSettings
from ivr.demo.phone_events import PhoneError, PhoneEvent
from ivr.model.ids import monotonic_ms
from ivr.model.media import Headers
from ivr.wire import encode_settings, seqpacket_pair

__all__ = ["PhoneError", "PhoneEvent", "SoftPhone"]

_START_S = 15.0
_QUIT_S = 4.0


class Setting:
    """A change of how the phone treats calls: sent already; await it when the next call may come at once."""

    def __init__(self, phone: SoftPhone, number: int) -> None:
        self._phone, self._number = phone, number

    def __await__(self) -> Generator[Any, None, None]:
        return self._phone._set_holds(self._number).__await__()


class SoftPhone:
    """One phone with one call at a time. Waits look at events of the current call (call() or incoming() begin one)."""

    def __init__(self, name: str, sip_port: int, ours: socket.socket, host: str) -> None:
        self.name = name
        self.uri = f"sip:{name}@{host}:{sip_port}"
        self.events: list[PhoneEvent] = []
        self.heard_wav = self.said_wav = ""
        self._socket = ours
        self._changed = asyncio.Event()
        self._since = 0
        self._mark_ms = 0
        self._next_incoming = 0
        self._says = self._sets = 0

    @classmethod
    @contextlib.asynccontextmanager
    async def start(
        cls, name: str, sip_port: int, rtp_port: int, workdir: str | Path, host: str = "127.0.0.1"
    ) -> AsyncIterator[SoftPhone]:
        """A phone listening at host:sip_port; recordings and its log go to workdir. Incoming calls are answered at
        once until told otherwise. RTP takes 16 ports from rtp_port (even)."""
        ours, theirs = seqpacket_pair()
        phone = cls(name, sip_port, ours, host)
        settings = PhoneSettings(
            control_fd=theirs.fileno(),
            name=name,
            sip_port=sip_port,
            rtp_port=rtp_port,
            workdir=str(workdir),
            host=host,
        )
        command = (sys.executable, "-m", "ivr.demo.phone", "--settings", encode_settings(settings))
        log_path = Path(workdir) / f"{name}.log"
        with log_path.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *command, pass_fds=(theirs.fileno(),), stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
            )
        theirs.close()
        loop = asyncio.get_running_loop()
        loop.add_reader(ours.fileno(), phone._read)
        try:
            await phone.wait_for("ready", timeout=_START_S)
            yield phone
        finally:
            await _end(phone, process)

    # ---- doing -----------------------------------------------------------------------------------------------------

    async def call(self, uri: str, headers: Headers = ()) -> None:
        """INVITE; returns at once. headers go on the INVITE."""
        self._since, self._mark_ms = len(self.events), monotonic_ms()
        self._do("call", uri=uri, headers=list(headers))
        await self._new_call("calling")

    def answer_calls(self, after_ms: int = 0) -> Setting:
        """Answer what comes in after so much ringing (the default: at once)."""
        return self._set("incoming", answer_after_ms=after_ms, decline=0)

    def decline_calls(self, code: int = 486) -> Setting:
        """Refuse what comes in: 486 busy, 603 declined, ..."""
        return self._set("incoming", answer_after_ms=0, decline=code)

    def ignore_calls(self) -> Setting:
        """Ring for ever."""
        return self._set("incoming", answer_after_ms=-1, decline=0)

    def follow_refer(self, yes: bool = True, *, replace: bool = False) -> Setting:
        """Whether a REFER is followed or declined (the default); replace: whether a call with Replaces takes the place
        of the one we are in, instead of being declined."""
        return self._set("follow_refer", yes=yes, replace=replace)

    async def say(self, wav: str | Path, timeout: float = 60.0) -> int:
        """Say a WAV (8 kHz mono 16 bit) to its end; when the last voiced sample was sent."""
        return await self.said(self.start_saying(wav), timeout)

    def start_saying(self, wav: str | Path) -> int:
        """Begin to say a WAV; the number said() waits for. Event "saying" tells the first voiced sample."""
        self._says += 1
        self._mark_ms = monotonic_ms()
        self._do("say", say=self._says, file=str(wav))
        return self._says

    async def said(self, number: int, timeout: float = 60.0) -> int:
        """When the last voiced sample of that start_saying() was sent."""
        event = await self._wait(lambda e: e.name == "said" and e.fields["say"] == number, f"say {number}", timeout)
        self._mark_ms = event.at_ms
        return event.at_ms

    def be_quiet(self) -> None:
        """Stop saying; the said() of what was cut never comes."""
        self._do("be_quiet")

    def echo(self, delay_ms: int, gain: float) -> None:
        """From now on send back what is heard, so much later and (gain 0..1) quieter."""
        self._do("echo", delay_ms=delay_ms, gain=gain)

    async def press(self, digits: str) -> int:
        """Dial keys (RFC 4733, about 250 ms each); when the first was asked for."""
        self._mark_ms = monotonic_ms()
        self._do("press", digits=digits)
        return self._mark_ms

    async def hold(self) -> None:
        """Put the far end on hold; returns when it agreed."""
        await self._hold("hold", True)

    async def resume(self) -> None:
        """Undo hold(); returns when the far end agreed."""
        await self._hold("resume", False)

    async def hang_up(self) -> None:
        """BYE, CANCEL or a refusal; ended() waits for the end."""
        self._do("hang_up")

    # ---- waiting ---------------------------------------------------------------------------------------------------

    async def ringing(self, timeout: float = 10.0) -> PhoneEvent:
        """The far end rings."""
        return await self.wait_for("ringing", timeout)

    async def incoming(self, timeout: float = 15.0) -> PhoneEvent:
        """The next call that came in; event.header("X-...") reads its INVITE. It is the current call from here on."""
        self._since = self._next_incoming
        event = await self._new_call("incoming", timeout)
        self._mark_ms = event.at_ms
        return event

    async def answered(self, timeout: float = 10.0) -> PhoneEvent:
        """The call is up; fails at once when it ended instead."""
        event = await self._wait(lambda e: e.name in ("answered", "ended"), "answered", timeout)
        if event.name == "ended":
            raise PhoneError(f"{self.name}: the call ended with {event.fields} instead of being answered")
        return event

    async def ended(self, timeout: float = 10.0) -> PhoneEvent:
        """The call is over: fields code, reason, by ("local" or "remote")."""
        return await self.wait_for("ended", timeout)

    async def wait_for(self, name: str, timeout: float = 10.0) -> PhoneEvent:
        """The first event of that name in the current call."""
        return await self._wait(lambda e: e.name == name, name, timeout)

    async def first_audio_after(self, at_ms: int, timeout: float = 10.0) -> int:
        """When the first sound that began after at_ms began."""
        event = await self._wait(lambda e: e.name == "heard_started" and e.at_ms > at_ms, "first audio", timeout)
        return event.at_ms

    async def silent_after(self, at_ms: int, timeout: float = 10.0) -> int:
        """When the sound that went on at at_ms ended (barge-in): its last voiced sample."""
        event = await self._wait(lambda e: e.name == "heard_ended" and e.at_ms > at_ms, "silence", timeout)
        return event.at_ms

    async def bot_finished(self, quiet_ms: int = 700, timeout: float = 20.0, after_ms: int | None = None) -> int:
        """Wait for speech that began after after_ms (default: our last call, say or press) and then quiet_ms of
        quiet; when the speech ended."""
        mark = self._mark_ms if after_ms is None else after_ms
        deadline = monotonic_ms() + int(timeout * 1000)
        while True:
            self._changed.clear()
            ended_ms = self._quiet_since(mark)
            now = monotonic_ms()
            if ended_ms and now - ended_ms >= quiet_ms:
                return ended_ms
            left_ms = min(deadline, ended_ms + quiet_ms if ended_ms else deadline) - now
            if now >= deadline:
                raise PhoneError(f"{self.name}: the bot did not speak and finish in {timeout} s; {self._story()}")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), max(0.001, left_ms / 1000))

    # ---- inside ----------------------------------------------------------------------------------------------------

    def _quiet_since(self, mark: int) -> int:
        """When the last sound begun after mark ended, 0 while it goes on or before there was any."""
        ended_ms, begun = 0, False
        for event in self.events[self._since :]:
            if event.name == "heard_started" and event.at_ms > mark:
                begun, ended_ms = True, 0
            elif event.name == "heard_ended" and begun:
                ended_ms = event.at_ms
        return ended_ms

    async def _new_call(self, name: str, timeout: float = 5.0) -> PhoneEvent:
        event = await self.wait_for(name, timeout)
        index = self.events.index(event, self._since)
        self._since = index
        if name == "incoming":
            self._next_incoming = index + 1
        self.heard_wav, self.said_wav = event.fields["heard_wav"], event.fields["said_wav"]
        return event

    async def _wait(self, fits: Callable[[PhoneEvent], bool], what: str, timeout: float) -> PhoneEvent:
        deadline = monotonic_ms() + int(timeout * 1000)
        while True:
            self._changed.clear()
            found = next((event for event in self.events[self._since :] if fits(event)), None)
            if found is not None:
                return found
            left_ms = deadline - monotonic_ms()
            if left_ms <= 0:
                raise PhoneError(f"{self.name}: no {what} within {timeout} s; {self._story()}")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), left_ms / 1000)

    def _story(self) -> str:
        return "so far: " + (", ".join(f"{e.name}@{e.at_ms}" for e in self.events[self._since :]) or "nothing")

    async def _hold(self, what: str, yes: bool) -> None:
        asked_at_ms = monotonic_ms()
        self._do(what)
        await self._wait(lambda e: e.name == "holding" and e.fields["yes"] == yes and e.at_ms >= asked_at_ms, what, 5.0)

    def _set(self, what: str, **fields: Any) -> Setting:
        self._sets += 1
        self._do(what, set=self._sets, **fields)
        return Setting(self, self._sets)

    async def _set_holds(self, number: int) -> None:
        await self._wait(lambda e: e.name == "set" and e.fields["set"] == number, "change of a setting", 5.0)

    def _do(self, what: str, **fields: Any) -> None:
        try:
            self._socket.send(json.dumps({"do": what, **fields}).encode())
        except OSError as error:
            raise PhoneError(f"{self.name}: the phone process is gone: {error}") from error

    def _read(self) -> None:
        while True:
            try:
                raw = self._socket.recv(65536)
            except BlockingIOError:
                break
            except OSError:
                raw = b""
            if not raw:
                asyncio.get_running_loop().remove_reader(self._socket.fileno())
                break
            fields = json.loads(raw)
            self.events.append(PhoneEvent(name=fields.pop("event"), at_ms=fields.pop("at_ms"), fields=fields))
        self._changed.set()


async def _end(phone: SoftPhone, process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(PhoneError):
        phone._do("quit")
    try:
        await asyncio.wait_for(process.wait(), _QUIT_S)
    except TimeoutError:
        process.kill()
        await process.wait()
    asyncio.get_running_loop().remove_reader(phone._socket.fileno())
    phone._socket.close()
