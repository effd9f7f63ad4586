"""Frames leave without ever waiting."""

from __future__ import annotations

import socket
from pathlib import Path

from ivr.media.frame_line import FrameLine


def listen(path: str) -> socket.socket:
    Path(path).unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(path)
    listener.listen()
    listener.settimeout(2)
    return listener


def test_without_a_listener_frames_are_counted_as_dropped(tmp_path: Path) -> None:
    line = FrameLine(str(tmp_path / "s"))
    line.tend(0)
    line.send(b"x")
    assert (line.sent, line.dropped) == (0, 1)


def test_a_full_listener_drops_and_never_blocks(tmp_path: Path) -> None:
    with listen(str(tmp_path / "s")):
        line = FrameLine(str(tmp_path / "s"))
        line.tend(0)
        for _ in range(5000):
            line.send(bytes(358))
        assert line.sent > 0
        assert line.dropped > 0
        assert line.sent + line.dropped == 5000
        line.close()


def test_a_restarted_listener_is_found_again_with_growing_pauses(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    line = FrameLine(path)
    with listen(path) as listener:
        line.tend(0)
        with listener.accept()[0]:
            line.send(b"one")
    line.send(b"lost")
    assert (line.sent, line.dropped) == (1, 1)
    line.tend(1000)
    with listen(path) as listener:
        line.tend(1010)
        line.send(b"too early")
        line.tend(5000)
        peer = listener.accept()[0]
        line.send(b"two")
        assert peer.recv(100) == b"two"
        peer.close()
    line.close()
