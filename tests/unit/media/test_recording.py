"""Recordings are valid at any moment."""

from __future__ import annotations

import os
import resource
import signal
import time
import wave
from pathlib import Path

import pytest

from ivr.media.recording import StereoRecording
from ivr.model.errors import MediaError

SAID, HEARD = b"\x01\x00" * 160, b"\x02\x00" * 160


def stereo(path: Path) -> tuple[bytes, bytes]:
    with wave.open(str(path), "rb") as wav:
        assert (wav.getnchannels(), wav.getframerate(), wav.getsampwidth()) == (2, 8000, 2)
        data = wav.readframes(wav.getnframes())
    words = [data[at : at + 2] for at in range(0, len(data), 2)]
    return b"".join(words[0::2]), b"".join(words[1::2])


def begun(path: Path) -> StereoRecording:
    """A recording whose file is there; a thread opens it."""
    recording, until_s = StereoRecording(str(path)), time.monotonic() + 5
    while not (path.exists() and path.stat().st_size) and time.monotonic() < until_s:
        time.sleep(0.001)
    return recording


def test_left_is_what_the_caller_says_and_right_what_the_caller_hears(tmp_path: Path) -> None:
    path = tmp_path / "r.wav"
    recording = StereoRecording(str(path))
    recording.tap(SAID, HEARD)
    recording.close()
    assert stereo(path) == (SAID, HEARD)


def test_the_file_is_valid_before_it_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "r.wav"
    recording = begun(path)
    assert stereo(path) == (b"", b"")
    for _ in range(50):
        recording.tap(SAID, HEARD)
        recording.flush(at_least=50)
    recording.tap(SAID, HEARD)
    recording.flush(at_least=50)
    until_s = time.monotonic() + 5
    while stereo(path) != (SAID * 50, HEARD * 50) and time.monotonic() < until_s:
        time.sleep(0.01)  # a thread writes
    assert stereo(path) == (SAID * 50, HEARD * 50)


def test_a_disk_that_is_full_is_told(tmp_path: Path) -> None:
    path = tmp_path / "r.wav"
    recording = begun(path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, limits[1]))
    try:
        recording.tap(SAID, HEARD)
        recording.flush()
        with pytest.raises(OSError, match="too large"):
            recording.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)


def test_a_place_that_never_answers_keeps_nobody_waiting(tmp_path: Path) -> None:
    path = tmp_path / "r.wav"
    os.mkfifo(path)
    begun_s = time.monotonic()
    recording = StereoRecording(str(path))
    recording.tap(SAID, HEARD)
    recording.flush()
    recording.close()
    assert time.monotonic() - begun_s < 0.5
    with path.open("rb"):
        time.sleep(0.01)  # the thread that waits for a reader goes home


def test_masked_frames_are_silence_on_both_sides_and_keep_the_time(tmp_path: Path) -> None:
    path = tmp_path / "r.wav"
    recording = StereoRecording(str(path))
    for masked in (False, True, False):
        recording.masked = masked
        recording.tap(SAID, HEARD)
    recording.close()
    assert stereo(path) == (SAID + bytes(320) + SAID, HEARD + bytes(320) + HEARD)


def test_a_place_that_cannot_be_written_is_a_media_error(tmp_path: Path) -> None:
    recording = StereoRecording(str(tmp_path / "none" / "r.wav"))
    with pytest.raises(MediaError, match="No such file"):
        recording.close()
