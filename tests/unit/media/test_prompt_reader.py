"""Files on their way from the disk. A FIFO nobody writes to is a disk that never answers."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr.media.playback import Frames
from ivr.media.prompt_reader import WAIT_MS, Awaited, PromptReader
from tests.unit.media.test_playback import wav


@pytest.fixture
def stalled(tmp_path: Path) -> Iterator[str]:
    path = tmp_path / "stalled.wav"
    os.mkfifo(path)
    yield str(path)
    os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))  # lets the thread go that waits for somebody to write


def soon(awaited: Awaited, now_ms: int = 0) -> Frames:
    until_s = time.monotonic() + 5
    while (frames := awaited.frames(now_ms)) is None and time.monotonic() < until_s:
        time.sleep(0.001)
    assert frames is not None
    return frames


def test_the_files_of_a_piece_come_together_and_in_order(tmp_path: Path) -> None:
    one, two = wav(tmp_path / "one.wav", 160), wav(tmp_path / "two.wav", 330)
    assert [len(frame) for frame in soon(PromptReader().read("leg", (one, two), 0))] == [320] * 4


def test_a_file_that_is_missing_is_left_out_and_the_others_are_played(tmp_path: Path) -> None:
    one = wav(tmp_path / "one.wav", 160)
    assert len(soon(PromptReader().read("leg", (str(tmp_path / "none.wav"), one), 0))) == 1


def test_a_disk_that_stalls_holds_up_its_own_prompt_alone_and_that_not_for_ever(tmp_path: Path, stalled: str) -> None:
    one, reader = wav(tmp_path / "one.wav", 160), PromptReader()
    begun_s = time.monotonic()
    waits = [reader.read("leg", (stalled, one), 0) for _ in range(20)]
    assert time.monotonic() - begun_s < 0.5, "asking must not wait"
    assert len(soon(reader.read("other", (one,), 0))) == 1
    assert [wait.frames(WAIT_MS - 1) for wait in waits] == [None] * 20
    assert [len(wait.frames(WAIT_MS) or ()) for wait in waits] == [1] * 20
