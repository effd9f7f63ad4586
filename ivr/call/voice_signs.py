"""What the voice of one call is suspected of: a recording that was played in another call before, and a voice unlike
the one its customer enrolled. Both are signs of risk and nothing more; neither delays a turn.

Owns when a voice is asked for: only of a customer the caller was held for, who agreed to it. Sound never comes here.
"""

from __future__ import annotations

from collections.abc import Callable

from ivr.call.identity_desk import IdentityDesk
from ivr.call.journal import Journal
from ivr.call.standing import Standing
from ivr.identity.policy import IdentityPolicy
from ivr.identity.voiceprint import compare, suspicion
from ivr.log import get_log
from ivr.model.errors import ServiceError
from ivr.model.hearing import MeasureVoice, UtteranceMarked, VoiceMeasured
from ivr.model.voiceprint import VoiceLikeness, Voiceprint

MOST_UTTERANCES = 12
"""Utterances of a call whose marks are looked up and kept."""

_log = get_log("call.voice")


class VoiceSigns:
    """The voice of one call. to_speech: to the worker that hears it, which measures where it can."""

    def __init__(
        self,
        call_id: str,
        desk: IdentityDesk,
        policy: IdentityPolicy,
        *,
        standing: Standing,
        journal: Journal,
        to_speech: Callable[[object], None],
    ) -> None:
        self._call_id, self._desk, self._policy = call_id, desk, policy
        self._standing, self._journal, self._to_speech = standing, journal, to_speech
        self._asked_for: set[str] = set()
        self._enrolled: Voiceprint | None = None
        self._marked = 0
        self._decided = False

    async def expect(self) -> None:
        """Have the voice measured, where the caller is held for somebody who enrolled one."""
        candidate = self._standing.candidate
        if not self._desk.compares_voices or candidate is None or candidate.customer_id in self._asked_for:
            return
        self._asked_for.add(candidate.customer_id)
        enrolled = await self._desk.voiceprint(candidate.customer_id, self._policy)
        if enrolled is not None:
            self._enrolled, self._decided = enrolled, False
            self._to_speech(MeasureVoice(call_id=self._call_id))

    async def heard(self, message: UtteranceMarked | VoiceMeasured) -> bool:
        """Something was found out about the voice. Whether it is suspicious, and was weighed."""
        if isinstance(message, UtteranceMarked):
            suspicious = await self._repeated(message)
        else:
            suspicious = self._unlike(message)
        if not suspicious:
            return False
        try:
            await self._standing.weigh()
        except ServiceError as error:
            _log.warning("identity.not_weighed", error=str(error))
        return True

    async def _repeated(self, message: UtteranceMarked) -> bool:
        self._marked += 1
        if self._marked > MOST_UTTERANCES or not await self._desk.heard_before(self._call_id, message.marks):
            return False
        found, self._standing.repeated_audio = not self._standing.repeated_audio, True
        return found

    def _unlike(self, message: VoiceMeasured) -> bool:
        """Compared until it is decided, with whoever the caller is held for at the moment."""
        candidate, enrolled = self._standing.candidate, self._enrolled
        if self._decided or candidate is None or enrolled is None or candidate.customer_id != enrolled.customer_id:
            return False
        found = compare(enrolled, message.sample)
        self._decided = found is not VoiceLikeness.UNSURE
        seconds = message.sample.seconds
        self._journal.note("identity.voice", result=found.value, seconds=seconds, consent=enrolled.consent.consent_id)
        if suspicion(found) is None:
            return False
        self._standing.voiceprint_mismatch = True
        return True
