"""What wakes a media worker up, with real sockets."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from ivr.media.doorbell import Doorbell
from ivr.wire import seqpacket_pair

LONG_MS = 2000


def udp() -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.bind(("127.0.0.1", 0))
    return bound


class House:
    """A worker's sockets and who sends to them."""

    def __init__(self) -> None:
        self.ours, self.theirs = seqpacket_pair()
        self.sip, self.audio, self.peer = udp(), udp(), udp()
        self.bell = Doorbell(self.ours.fileno(), "127.0.0.1", self.sip.getsockname()[1])

    def send(self, to: socket.socket) -> None:
        self.peer.sendto(b"packet", to.getsockname())


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    yield made
    for each in (made.ours, made.theirs, made.sip, made.audio, made.peer):
        each.close()


def waited_ms(house: House, at_most_ms: int) -> float:
    began = time.monotonic()
    house.bell.wait(at_most_ms)
    return (time.monotonic() - began) * 1000


def test_a_command_rings_and_says_so(house: House) -> None:
    assert house.bell.complete
    house.theirs.send(b"command")
    assert house.bell.wait(LONG_MS)


def test_a_sip_packet_rings_until_it_is_read(house: House) -> None:
    house.send(house.sip)
    assert not house.bell.wait(LONG_MS), "it is no command"
    assert waited_ms(house, LONG_MS) < LONG_MS / 2
    house.sip.recv(100)
    assert waited_ms(house, 5) >= 4


def test_audio_wakes_nobody(house: House) -> None:
    house.bell.look_for_sockets()
    house.send(house.audio)
    assert waited_ms(house, 5) >= 4


def test_a_connection_rings_and_so_does_what_comes_over_it(house: House) -> None:
    with socket.create_server(house.sip.getsockname()) as listening:
        house.bell.look_for_sockets()
        with socket.create_connection(listening.getsockname()) as peer:
            assert waited_ms(house, LONG_MS) < LONG_MS / 2
            accepted, _ = listening.accept()
            with accepted:
                for _ in range(2):
                    peer.send(b"request")
                    assert waited_ms(house, LONG_MS) < LONG_MS / 2
                    accepted.recv(100)
                assert waited_ms(house, 5) >= 4
                peer.shutdown(socket.SHUT_WR)
                assert waited_ms(house, LONG_MS) < LONG_MS / 2
                assert waited_ms(house, 5) >= 4


def test_without_a_sip_socket_the_bell_is_not_complete(house: House) -> None:
    assert not Doorbell(house.ours.fileno(), "127.0.0.1", 1).complete
