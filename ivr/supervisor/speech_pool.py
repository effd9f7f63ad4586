"""The speech workers: which call is heard by which, and what happens to its calls when one dies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ivr.config import Settings
from ivr.log import get_log
from ivr.metrics import Metrics
from ivr.model.dialog import HearingLost, HearingRestored
from ivr.model.hearing import (
    Rendered,
    RenderFailed,
    SpeechHealth,
    SpeechHeard,
    SpeechReady,
    SpeechRejected,
    SpeechSettings,
    SpeechStarted,
    UtteranceMarked,
    VoiceMeasured,
)
from ivr.model.ids import monotonic_ms
from ivr.supervisor.prompt_library import PromptLibrary
from ivr.supervisor.worker_process import WorkerProcess, WorkerSpec

_log = get_log("supervisor.speech")


@dataclass(slots=True)
class _Seat:
    """One worker and the calls it hears."""

    process: WorkerProcess
    frames_path: str
    ready: bool = False
    calls: set[str] = field(default_factory=set)


class SpeechPool:
    """All speech workers of the machine. post(call_id, message) reaches a call; move(call_id, path) moves its audio.
    languages: heard and spoken besides the server's own."""

    def __init__(
        self,
        settings: Settings,
        metrics: Metrics,
        post: Callable[[str, object], None],
        move: Callable[[str, str], None],
        languages: Sequence[str] = (),
    ) -> None:
        self._languages = tuple(dict.fromkeys((settings.server.language, *languages)))
        self._settings, self._metrics, self._post, self._move = settings, metrics, post, move
        folder = settings.server.assistant
        self.prompts = PromptLibrary(settings.speech.cache_dir, folder, self._render)
        self._seats = [self._seat(at) for at in range(settings.speech.workers)]
        self._all_ready = asyncio.Event()

    @property
    def ready(self) -> int:
        """How many workers hear."""
        return sum(seat.ready for seat in self._seats)

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Start every worker; they load their models at the same time."""
        for seat in self._seats:
            tasks.create_task(seat.process.keep_alive())

    async def wait_ready(self, within_s: float) -> bool:
        """Wait for the first readiness of all workers. False when it takes longer."""
        try:
            await asyncio.wait_for(self._all_ready.wait(), within_s)
        except TimeoutError:
            return False
        return True

    async def stop(self) -> None:
        """End all workers."""
        await asyncio.gather(*(seat.process.stop(None) for seat in self._seats))

    def pids(self) -> dict[str, int]:
        """Worker name -> process id, for /healthz and for tests that kill."""
        return {seat.process.spec.name: seat.process.pid for seat in self._seats}

    # ---- calls ----------------------------------------------------------------------------------------------------

    def admit(self, call_id: str) -> None:
        """Seat a call with the worker that hears the fewest."""
        seat = min(self._seats, key=lambda s: (not s.ready, len(s.calls)))
        seat.calls.add(call_id)

    def forget(self, call_id: str) -> None:
        """The call is over."""
        for seat in self._seats:
            seat.calls.discard(call_id)

    def hearing(self, call_id: str) -> bool:
        """Is this call's worker able to hear?"""
        seat = self._seat_of(call_id)
        return seat is not None and seat.ready

    def frames_path(self, call_id: str) -> str:
        """Where the media worker sends this call's audio."""
        seat = self._seat_of(call_id)
        return seat.frames_path if seat is not None else ""

    def send(self, call_id: str, message: object) -> None:
        """A message to the worker that hears this call."""
        seat = self._seat_of(call_id)
        if seat is not None and seat.ready:
            seat.process.send(message)

    def _seat_of(self, call_id: str) -> _Seat | None:
        return next((seat for seat in self._seats if call_id in seat.calls), None)

    # ---- workers --------------------------------------------------------------------------------------------------

    def _seat(self, at: int) -> _Seat:
        settings, room = self._settings, self._settings.speech
        path = str(settings.server.run_dir / f"speech-{at}.sock")

        def worker_settings(control_fd: int) -> SpeechSettings:
            return SpeechSettings(
                control_fd=control_fd,
                frames_path=path,
                cache_dir=str(room.cache_dir),
                models_dir=str(room.models_dir),
                languages=self._languages,
                recognizer=room.recognizer,
                recognizers=dict(room.recognizers),
                voices=room.voices,
                threads=room.threads,
                decodes=room.decodes,
                preload=at == 0,  # the others speak only when the first cannot
                marks=settings.identity.keep_audio_days > 0,
                voiceprints=room.voiceprints,
                log_level=settings.server.log_level,
            )

        spec = WorkerSpec(name=f"speech-{at}", module="ivr.speech.worker", settings=worker_settings)
        process = WorkerProcess(spec, lambda m: self._receive(seat, m), lambda: self._died(seat))
        seat = _Seat(process=process, frames_path=path)
        return seat

    def _receive(self, seat: _Seat, message: object) -> None:
        match message:
            case SpeechReady():
                self._became_ready(seat, message)
            case SpeechHealth():
                self._metrics.worker_rss.labels(worker=seat.process.spec.name).set(message.rss_bytes)
            case Rendered():
                self.prompts.rendered(message)
            case RenderFailed():
                self.prompts.failed(message)
            case SpeechStarted() | SpeechHeard() | SpeechRejected() | UtteranceMarked() | VoiceMeasured():
                self._post(message.call_id, message)
            case _:
                _log.warning("speech.unexpected", message=type(message).__name__)

    def _became_ready(self, seat: _Seat, message: SpeechReady) -> None:
        _log.info("speech.ready", worker=seat.process.spec.name, recognizers=message.recognizers, voices=message.voices)
        seat.ready = True
        self.prompts.voice_ids = dict(message.voice_ids)
        self.prompts.ask_again()
        self._metrics.workers.labels(kind="speech").set(self.ready)
        if self.ready == len(self._seats):
            self._all_ready.set()
        for call_id in seat.calls:
            self._post(call_id, HearingRestored(at_ms=monotonic_ms()))

    def _died(self, seat: _Seat) -> None:
        seat.ready = False
        self._metrics.workers.labels(kind="speech").set(self.ready)
        self._metrics.worker_restarts.labels(kind="speech").inc()
        self.prompts.ask_again()
        orphans, seat.calls = seat.calls, set()
        for call_id in orphans:
            self.admit(call_id)
            now_ms = monotonic_ms()
            if self.hearing(call_id):  # another worker takes over at once
                self._move(call_id, self.frames_path(call_id))
                self._post(call_id, HearingRestored(at_ms=now_ms))
            else:
                self._post(call_id, HearingLost(at_ms=now_ms))

    def _render(self, message: object) -> bool:
        seat = next((seat for seat in self._seats if seat.ready), None)
        if seat is None:
            return False
        seat.process.send(message)
        return True
