"""The queue of decodes: who goes first, how many at a time, and what never happens at once."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable

from ivr.model.errors import AbandonedError, SpeechError
from ivr.model.hearing import Hypothesis
from ivr.speech.decoding import DecodeQueue, Job

WITHIN_S = 5.0


class Engine:
    """Streams whose decodes end when they are told to. most: decodes under way at the same time."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self.most = self.busy = 0
        self.lock = threading.Lock()


class Stream:
    """One stream of the engine; go lets its decode end."""

    live = False

    def __init__(self, engine: Engine, name: str, go: threading.Event | None = None) -> None:
        self.engine, self.name, self.go = engine, name, go
        self.closed_while_busy = False
        self.closed = threading.Event()
        self.decoding = self.given_up = False

    def feed(self, pcm: bytes) -> None:
        """Nothing to keep."""

    def decode(self, *, final: bool) -> Hypothesis:
        with self.engine.lock:
            assert not self.decoding, "two decodes on one stream"
            self.decoding = True
            self.engine.order.append(self.name)
            self.engine.busy += 1
            self.engine.most = max(self.engine.most, self.engine.busy)
        if self.go is not None and not self.go.wait(WITHIN_S):
            raise SpeechError("nobody let the decode end")
        with self.engine.lock:
            self.engine.busy -= 1
            self.decoding = False
        if self.given_up:
            raise AbandonedError("nobody waits")
        return Hypothesis(text=self.name, confidence=1.0, engine="test")

    def give_up(self) -> None:
        self.given_up = True
        if self.go is not None:
            self.go.set()

    def close(self) -> None:
        self.closed_while_busy = self.decoding
        self.closed.set()


@contextlib.asynccontextmanager
async def running(at_once: int) -> AsyncIterator[DecodeQueue]:
    queue = DecodeQueue(at_once)
    task = asyncio.create_task(queue.run())
    try:
        yield queue
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        queue.close()


def job(stream: Stream, done: list[str], *, final: bool = False) -> Job:
    def decoded(hypothesis: Hypothesis | None, _took_ms: int) -> None:
        done.append(hypothesis.text if hypothesis else "failed")

    return Job(stream=stream, audio=lambda: b"", done=decoded, final=final)


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while True:
            if condition():
                return
            await asyncio.sleep(0.001)


async def until(count: int, done: list[str]) -> None:
    await eventually(lambda: len(done) >= count)


async def test_a_final_overtakes_suspicions_that_came_before_it() -> None:
    engine, done, go = Engine(), list[str](), threading.Event()
    async with running(1) as queue:
        queue.submit(job(Stream(engine, "first", go), done))
        await asyncio.sleep(0.01)
        queue.submit(job(Stream(engine, "suspicion"), done))
        queue.submit(job(Stream(engine, "final"), done, final=True))
        go.set()
        await until(3, done)
    assert done == ["first", "final", "suspicion"]


async def test_two_callers_are_decoded_at_once_and_a_third_waits() -> None:
    engine, done, go = Engine(), list[str](), threading.Event()
    async with running(2) as queue:
        for name in ("one", "two", "three"):
            queue.submit(job(Stream(engine, name, go), done))
        await eventually(lambda: engine.busy == 2)
        assert engine.order == ["one", "two"]
        go.set()
        await until(3, done)
    assert engine.most == 2


async def test_a_stream_is_never_decoded_twice_at_once_nor_closed_meanwhile() -> None:
    engine, done, go = Engine(), list[str](), threading.Event()
    stream = Stream(engine, "same", go)
    async with running(2) as queue:
        queue.submit(job(stream, done))
        await asyncio.sleep(0.01)
        queue.submit(job(stream, done, final=True))
        await asyncio.sleep(0.02)
        assert engine.order == ["same"]
        queue.close_stream(stream)
        assert not stream.closed.wait(0.02)
        go.set()
        await until(2, done)
        await eventually(stream.closed.is_set)
    assert not stream.closed_while_busy


async def test_a_job_given_up_costs_nothing_before_it_began_and_is_cut_short_and_silent_after() -> None:
    engine, done, go = Engine(), list[str](), threading.Event()
    async with running(1) as queue:
        began, waiting = job(Stream(engine, "began", go), done), job(Stream(engine, "waiting"), done)
        queue.submit(began)
        await asyncio.sleep(0.01)
        queue.submit(waiting)
        began.give_up()
        waiting.give_up()
        queue.submit(job(Stream(engine, "last"), done))
        await until(1, done)
    assert engine.order == ["began", "last"]
    assert done == ["last"]
