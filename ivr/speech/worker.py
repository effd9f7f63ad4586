"""The speech worker: `python -m ivr.speech.worker --settings JSON`. Hears all calls of a machine, renders prompts.

Owns the process: its sockets, its loop, its end. It ends on SIGTERM, and when the control process is gone (end of the
control socket). Audio comes from media workers over SEQPACKET connections to frames_path; the voices are child
processes.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import resource
import signal
import socket
import sys
from collections import deque
from pathlib import Path

from ivr import wire
from ivr.log import configure, get_log
from ivr.model.errors import SpeechError, WireError
from ivr.model.hearing import (
    ForgetCall,
    Listen,
    MeasureVoice,
    Render,
    SpeechHealth,
    SpeechReady,
    SpeechSettings,
    StopListening,
)
from ivr.model.ids import monotonic_ms
from ivr.speech.allocation import keep_memory
from ivr.speech.catalogue import Catalogue
from ivr.speech.decoding import DecodeQueue, give_way
from ivr.speech.frame_door import FrameDoor
from ivr.speech.listening import CallAudio
from ivr.speech.models import load_recognizer, load_vad, make_voices
from ivr.speech.rendering import RenderQueue
from ivr.speech.voice_process import ProcessVoice
from ivr.speech.voice_watch import open_voice_watch

log = get_log("speech.worker")

TICK_S = 0.2
HEALTH_MS = 1000
FORGOTTEN_CALLS = 256  # ids kept so that late frames do not bring a call back
ABANDONED_MS = 600_000  # a call without frames for so long was never forgotten properly
OUTBOX = 1000  # messages the control process may be behind before the worker gives up on it


class SpeechWorker:
    """One worker. run() returns when it should end."""

    def __init__(self, settings: SpeechSettings) -> None:
        self._settings = settings
        catalogue = Catalogue(Path(settings.models_dir))
        self._vad = load_vad(catalogue)
        self._recognizer = load_recognizer(
            catalogue, settings.recognizer, settings.languages, settings.threads, settings.recognizers
        )
        self._voices = make_voices(catalogue, settings.voices, settings.languages)
        self._voice_watch = open_voice_watch(catalogue, settings, self._send)
        self._decodes = DecodeQueue(settings.decodes)
        self._renders = RenderQueue(self._voices, Path(settings.cache_dir), self._send)
        self._calls: dict[str, CallAudio] = {}
        self._forgotten: deque[str] = deque(maxlen=FORGOTTEN_CALLS)
        self._frames = FrameDoor(Path(settings.frames_path), self._frame, self._leisure_ms)
        self._outbox: asyncio.Queue[object] = asyncio.Queue(OUTBOX)
        self._ended = asyncio.Event()

    async def run(self) -> None:
        """Serve until SIGTERM or the end of the control socket."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._ended.set)
        give_way()
        gc.collect()
        gc.freeze()  # the models stay: looking through them again and again is a twentieth of a silent call's cost
        control = socket.socket(fileno=self._settings.control_fd)
        control.setblocking(False)
        self._frames.open()
        tasks: list[asyncio.Task[None]] = [
            asyncio.create_task(each)
            for each in (
                self._read_control(control),
                self._write_control(control),
                self._frames.accept(),
                self._frames.read_paced(),
                self._tick(),
                self._decodes.run(),
                self._renders.run(),
                self._start_voices(),
            )
        ]
        self._send(self._ready())
        ended = asyncio.create_task(self._until_ended())
        try:
            done, _ = await asyncio.wait([ended, *tasks[:-1]], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()  # a loop that failed takes the worker down with its error: it is replaced whole
        finally:
            await self._close([*tasks, ended], control)

    def _ready(self) -> SpeechReady:
        ids: dict[str, str] = {}
        for voice in self._voices:
            for language in self._settings.languages:
                voice_id = voice.voice_id(language)
                if voice_id is not None:
                    ids.setdefault(language, voice_id)
        return SpeechReady(
            frames_path=self._settings.frames_path,
            recognizers=(self._recognizer.name,),
            voices=tuple(voice.name for voice in self._voices),
            voice_ids=ids,
        )

    def _health(self) -> SpeechHealth:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return SpeechHealth(calls=len(self._calls), rss_bytes=pages * resource.getpagesize())

    async def _read_control(self, control: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while raw := await loop.sock_recv(control, wire.MAX_MESSAGE_BYTES):
            try:
                self._obey(wire.decode(raw))
            except WireError as error:
                log.error("worker.message_refused", error=str(error))
        log.info("worker.control_gone")
        self._ended.set()

    async def _write_control(self, control: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            message = await self._outbox.get()
            try:
                await loop.sock_sendall(control, wire.encode(message))
            except OSError as error:
                log.info("worker.control_gone", error=str(error))
                self._ended.set()
                return

    def _send(self, message: object) -> None:
        try:
            self._outbox.put_nowait(message)
        except asyncio.QueueFull:
            log.error("worker.control_stuck", waiting=OUTBOX)
            self._ended.set()

    def _obey(self, message: object) -> None:
        match message:
            case Listen(call_id=call_id):
                self._call(call_id).listen(message)
            case StopListening(call_id=call_id, turn=turn):
                if call_id in self._calls:
                    self._calls[call_id].stop(turn)
            case ForgetCall(call_id=call_id):
                self._forget(call_id)
            case MeasureVoice(call_id=call_id):
                self._voice_watch.begin(call_id)
            case Render():
                self._renders.submit(message)
            case _:
                log.error("worker.message_unexpected", type=type(message).__name__)

    def _call(self, call_id: str) -> CallAudio:
        if call_id not in self._calls:
            self._calls[call_id] = CallAudio(
                call_id,
                vad=self._vad,
                recognizer=self._recognizer,
                queue=self._decodes,
                report=self._send,
                now_ms=monotonic_ms,
                utterance=None if self._voice_watch.idle else self._voice_watch.take,
            )
        return self._calls[call_id]

    def _forget(self, call_id: str) -> None:
        self._voice_watch.forget(call_id)
        call = self._calls.pop(call_id, None)
        if call is not None:
            call.forget_turn()
        self._forgotten.append(call_id)

    def _frame(self, raw: bytes) -> None:
        try:
            leg, seq, at_ms, pcm = wire.unpack_frame(raw)
        except (WireError, UnicodeDecodeError) as error:
            log.error("worker.frame_refused", error=str(error))
            return
        if leg in self._calls or leg not in self._forgotten:
            self._call(leg).frame(seq, at_ms, pcm, wire.said_in(raw))

    def _leisure_ms(self) -> int:
        return min((call.leisure_ms for call in self._calls.values()), default=0)

    async def _until_ended(self) -> None:
        await self._ended.wait()

    async def _tick(self) -> None:
        """Turns of calls whose audio stopped still end; calls nobody forgot are forgotten; a sign of life."""
        next_health_ms = 0
        while True:
            await asyncio.sleep(TICK_S)
            now_ms = monotonic_ms()
            if now_ms >= next_health_ms:
                next_health_ms = now_ms + HEALTH_MS
                self._send(self._health())
            for call in list(self._calls.values()):
                call.starve()
                if call.stuck:  # the engine hangs in its thread, and only a new process gets it back
                    log.error("worker.decode_stuck", call=call.call_id)
                    self._ended.set()
                if now_ms - call.heard_at_ms > ABANDONED_MS:
                    log.warning("worker.call_abandoned", call=call.call_id)
                    self._forget(call.call_id)

    async def _start_voices(self) -> None:
        """Load the preferred voices while the worker already hears; the others start when they are needed."""
        preferred = set(self._ready().voice_ids.values()) if self._settings.preload else set()
        for voice in self._voices:
            if not preferred & {voice.voice_id(language) for language in self._settings.languages}:
                continue
            try:
                await voice.start()
            except SpeechError as error:
                log.warning("worker.voice_failed", voice=voice.name, error=str(error))

    async def _close(self, tasks: list[asyncio.Task[None]], control: socket.socket) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._frames.close()
        control.close()
        await asyncio.gather(*(_close_voice(voice) for voice in self._voices))
        self._decodes.close()
        self._voice_watch.close()


async def _close_voice(voice: ProcessVoice) -> None:
    with contextlib.suppress(OSError):
        await voice.close()


async def _serve(settings: SpeechSettings) -> None:
    await SpeechWorker(settings).run()


def main() -> int:
    """Exit status: 0 ended as asked, 1 could not start (the log says what to do)."""
    parser = argparse.ArgumentParser(prog="ivr.speech.worker")
    parser.add_argument("--settings", required=True)
    settings = wire.decode_settings(parser.parse_args().settings, SpeechSettings)
    configure(settings.log_level)
    keep_memory()
    try:
        asyncio.run(_serve(settings))
    except SpeechError as error:
        log.error("worker.cannot_start", error=str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
