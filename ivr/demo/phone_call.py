"""One call of the scripted phone: its leg, ear and mouth, and what it tells of them."""

from __future__ import annotations

import collections
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from ivr.demo.phone_audio import Ear, Mouth
from ivr.media.endpoint import Endpoint
from ivr.media.leg import Leg
from ivr.media.recording import WavFile


class PhoneProcess(Protocol):
    """The phone a call belongs to."""

    events: collections.deque[dict[str, Any]]
    endpoint: Endpoint

    def tell(self, event: str, **fields: Any) -> None: ...
    def send_events(self) -> None: ...
    def moved(self, refer_to: str) -> Leg | None: ...


class PhoneLeg(Leg):
    """A leg that lets a call the phone is in be replaced by another (RFC 3891), which the product's own never do."""

    taken_over_by: Callable[[], Leg] | None = None

    def onCallReplaceRequest(self, prm: Any) -> None:  # noqa: N802 - the library's name
        if self.taken_over_by is None:
            super().onCallReplaceRequest(prm)
        else:
            prm.statusCode, prm.newCall = 200, self.taken_over_by()


class PhoneCall:
    """One call of the phone: its leg, ear and mouth."""

    def __init__(self, phone: PhoneProcess, workdir: Path, name: str, number: int) -> None:
        self.leg: Leg | None = None
        self.ended = self.holding = False
        self.answer_at_ms = -1
        self._phone = phone
        stem = str(workdir / f"{name}-{number}")
        self.wavs = {"heard_wav": f"{stem}-heard.wav", "said_wav": f"{stem}-said.wav"}
        self.ear = Ear(phone.events, WavFile(self.wavs["heard_wav"], channels=1))
        self.mouth = Mouth(phone.events, WavFile(self.wavs["said_wav"], channels=1))
        self.port = phone.endpoint.borrow_port()

    def begin(self, leg: Leg) -> None:
        self.leg = leg
        self.port.talk, self.port.hear = self.mouth.talk, self.ear.hear
        leg.use_port(self.port)

    def leg_ringing(self, code: int) -> None:
        self._phone.tell("ringing", code=code)

    def leg_up(self) -> None:
        self._phone.tell("answered", codec=self.leg.codec if self.leg else "")

    def leg_held(self, held: bool) -> None:
        self._phone.tell("held", held=held)

    def leg_digit(self, digit: str) -> None:
        self._phone.tell("digit", digit=digit)

    def leg_referred(self, code: int, final: bool) -> None:
        self._phone.tell("referred", code=code, final=final)

    def leg_asked_to_move(self, refer_to: str) -> Leg | None:
        return self._phone.moved(refer_to)

    def leg_ended(self, code: int, reason: str, local: bool) -> None:
        self.ended = True
        self.port.rest()
        self.ear.close()
        self.mouth.close()
        self._phone.send_events()
        self._phone.tell("ended", code=code, reason=reason, by="local" if local else "remote")
