"""A turn being listened to: what was asked, where it stands, and how far its engine has heard it."""

from __future__ import annotations

from ivr.model.hearing import Listen
from ivr.model.ports import RecognizerStream
from ivr.speech.decoding import Job
from ivr.speech.endpointing import Endpointer


class Turn:
    """The endpointer of a turn with its engine's stream. fed_until: samples; sound: what the engine was fed, where
    somebody wants to know; decode_ms: of the last decode."""

    def __init__(self, listen: Listen) -> None:
        self.listen = listen
        self.endpointer = Endpointer(listen.expectation)
        self.stream: RecognizerStream | None = None
        self.fed_until = 0
        self.job: Job | None = None
        self.decodes = 0
        self.decode_ms = 0
        self.sound = bytearray()
