"""A few decodes at a time, each in a thread: the cores a worker has for recognition go to whoever waits longest.

Owns the order: finals and hurried decodes before speculative ones, each kind first come first served, never two on one
stream; a job given up before it began costs nothing, one given up later ends at the next step of its engine. The
threads of the engines give way to everything else in the process: audio is heard first, understood next. Bounded by its
callers: one job a call.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ivr.log import get_log
from ivr.model.errors import AbandonedError, SpeechError
from ivr.model.hearing import Hypothesis
from ivr.model.ids import monotonic_ms
from ivr.model.ports import RecognizerStream

log = get_log("speech.decoding")

FED = Hypothesis(text="", confidence=0.0, engine="")
GIVE_WAY = 5  # how much nicer than the process its threads that compute are


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """A decode that is wanted. audio: called when the decode begins, gives what the stream was not fed yet.

    done: called on the loop with the hypothesis (None: the engine failed) and the milliseconds the engine took.
    feeds_only: the stream is live and gets ahead of the decode that will come; the hypothesis is FED.
    began_ms: when the engine was given it (CLOCK_MONOTONIC), 0 while it waits.
    """

    stream: RecognizerStream
    audio: Callable[[], bytes]
    done: Callable[[Hypothesis | None, int], None]
    final: bool = False
    feeds_only: bool = False
    dropped: bool = False
    began_ms: int = 0

    def give_up(self) -> None:
        """Nobody waits for it any more."""
        self.dropped = True
        if self.began_ms:
            self.stream.give_up()

    def carry_out(self, pcm: bytes) -> Hypothesis:
        """Feed what is new and decode. Raises SpeechError."""
        self.stream.feed(pcm)
        return FED if self.feeds_only else self.stream.decode(final=self.final)


class DecodeQueue:
    """The queue of one worker, at_once decodes at a time. Methods are called on the loop."""

    def __init__(self, at_once: int = 1) -> None:
        self._at_once = at_once
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="decode", initializer=give_way_here)
        self._waiting: list[Job] = []
        self._decoding: list[RecognizerStream] = []
        self._closing: list[RecognizerStream] = []
        self._wake = asyncio.Event()

    def submit(self, job: Job) -> None:
        """Put a job in line."""
        self._waiting.append(job)
        self._wake.set()

    def close_stream(self, stream: RecognizerStream) -> None:
        """Close a stream once nothing decodes on it any more."""
        if any(each is stream for each in self._decoding):
            self._closing.append(stream)
        else:
            self._threads.submit(stream.close)

    async def run(self) -> None:
        """Decode for ever."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(self._at_once):
                tasks.create_task(self._take_turns())

    def close(self) -> None:
        """End the threads; a decode under way is finished first."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    async def _take_turns(self) -> None:
        while True:
            job = self._next()
            if job is None:
                self._wake.clear()
                await self._wake.wait()
                continue
            await self._decode(job)

    async def _decode(self, job: Job) -> None:
        pcm, job.began_ms = job.audio(), monotonic_ms()
        self._decoding.append(job.stream)
        try:
            loop = asyncio.get_running_loop()
            hypothesis, took_ms = await loop.run_in_executor(self._threads, _decode, job, pcm)
        finally:
            self._decoding = [each for each in self._decoding if each is not job.stream]
            self._wake.set()  # a job on the same stream may have waited for this one
        if any(each is job.stream for each in self._closing):
            self._closing = [each for each in self._closing if each is not job.stream]
            self._threads.submit(job.stream.close)
        if not job.dropped:
            job.done(hypothesis, took_ms)

    def _next(self) -> Job | None:
        self._waiting = [job for job in self._waiting if not job.dropped]
        free = [job for job in self._waiting if not any(each is job.stream for each in self._decoding)]
        if not free:
            return None
        job = next((j for j in free if j.final), free[0])
        self._waiting.remove(job)
        return job


def give_way() -> None:
    """Make every thread of this process but the main one nicer than it: engines have started theirs by now."""
    own = threading.main_thread().native_id or 0
    for task in list(Path("/proc/self/task").iterdir()):
        if int(task.name) != own:
            with suppress(OSError):  # a thread that has just ended
                os.setpriority(os.PRIO_PROCESS, int(task.name), _nicer_than(own))


def give_way_here() -> None:
    """Make the calling thread nicer than the process's main one."""
    own = threading.main_thread().native_id or 0
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _nicer_than(own))


def _nicer_than(thread: int) -> int:
    return min(19, os.getpriority(os.PRIO_PROCESS, thread) + GIVE_WAY)


def _decode(job: Job, pcm: bytes) -> tuple[Hypothesis | None, int]:
    began = time.monotonic_ns()
    hypothesis: Hypothesis | None = None
    try:
        hypothesis = job.carry_out(pcm)
    except AbandonedError:
        log.debug("decode.abandoned")
    except SpeechError as error:
        log.error("decode.failed", error=str(error))
    return hypothesis, (time.monotonic_ns() - began) // 1_000_000
