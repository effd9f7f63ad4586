"""One decode at a time, in one thread: the core a worker has for recognition is given to whoever waits longest for
it.

Owns the order: finals and hurried decodes before speculative ones, each kind first come first served; a job dropped
before it began costs nothing, one dropped later is finished and thrown away. Bounded by its callers: one job a call.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ivr.log import get_log
from ivr.model.errors import SpeechError
from ivr.model.hearing import Hypothesis
from ivr.model.ports import RecognizerStream

log = get_log("speech.decoding")


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """A decode that is wanted. audio: called when the decode begins, gives what the stream was not fed yet.

    done: called on the loop with the hypothesis (None: the engine failed) and the milliseconds the engine took.
    """

    stream: RecognizerStream
    audio: Callable[[], bytes]
    done: Callable[[Hypothesis | None, int], None]
    final: bool = False
    dropped: bool = False


class DecodeQueue:
    """The queue of one worker. Methods are called on the loop."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="decode")
        self._waiting: list[Job] = []
        self._wake = asyncio.Event()

    def submit(self, job: Job) -> None:
        """Put a job in line."""
        self._waiting.append(job)
        self._wake.set()

    def close_stream(self, stream: RecognizerStream) -> None:
        """Close a stream once nothing decodes on it any more."""
        self._thread.submit(stream.close)

    async def run(self) -> None:
        """Decode for ever."""
        loop = asyncio.get_running_loop()
        while True:
            job = self._next()
            if job is None:
                self._wake.clear()
                await self._wake.wait()
                continue
            pcm = job.audio()
            hypothesis, took_ms = await loop.run_in_executor(self._thread, _decode, job, pcm)
            if not job.dropped:
                job.done(hypothesis, took_ms)

    def close(self) -> None:
        """End the thread; a decode under way is finished first."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _next(self) -> Job | None:
        self._waiting = [job for job in self._waiting if not job.dropped]
        if not self._waiting:
            return None
        job = next((j for j in self._waiting if j.final), self._waiting[0])
        self._waiting.remove(job)
        return job


def _decode(job: Job, pcm: bytes) -> tuple[Hypothesis | None, int]:
    began = time.monotonic_ns()
    hypothesis: Hypothesis | None = None
    try:
        job.stream.feed(pcm)
        hypothesis = job.stream.decode(final=job.final)
    except SpeechError as error:
        log.error("decode.failed", error=str(error))
    return hypothesis, (time.monotonic_ns() - began) // 1_000_000
