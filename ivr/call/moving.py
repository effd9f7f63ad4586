"""Getting out of the way by REFER: what was heard of it, and what proves that caller and agent talk without us.

A report alone is not believed for an attended transfer: user agents exist that ignore Replaces and report success
(RFC 5589 section 7.3 leaves the order of NOTIFY and BYE open). Pure; whoever sends the REFER reads the verdict.

    blind       a final report of 2xx, or the caller's phone leaves us with BYE after it took the REFER
    attended    a final report of 2xx and the agent's phone leaves the consult leg, in either order
"""

from __future__ import annotations

from enum import StrEnum

PROOF_MS = 2000
"""So long for the first NOTIFY after REFER was sent, and between the two halves of a proof."""


class Method(StrEnum):
    """How a call gets to an agent, by trunk. BRIDGE: we stay in the middle."""

    BRIDGE = "bridge"
    ATTENDED = "attended"
    BLIND = "blind"


class Move:
    """One REFER to the caller's phone. Reports: its own answer first (202 shows as 100), then every NOTIFY."""

    def __init__(self, method: Method) -> None:
        self.method = method
        self.final = 0
        self._reports = 0
        self._agent_left = False

    @property
    def taken(self) -> bool:
        """Has the caller's phone accepted the REFER?"""
        return self._reports > 0 and self.final < 300

    @property
    def followed(self) -> bool:
        """Was anything heard beyond the acceptance: is the caller's phone trying?"""
        return self._reports > 1

    @property
    def refused(self) -> bool:
        """Will the caller's phone not even try? Then nobody was called."""
        return self.final >= 300 and self._reports <= 1

    @property
    def proven(self) -> bool:
        """Do caller and agent talk without us?"""
        done = 200 <= self.final < 300
        return done and (self._agent_left or self.method is Method.BLIND)

    @property
    def failed(self) -> bool:
        """Did the target refuse, or was the REFER refused?"""
        return self.final >= 300

    @property
    def agent_left(self) -> bool:
        """Has the agent's phone ended the consult leg: by Replaces, or because the agent hung up?"""
        return self._agent_left

    def reported(self, code: int, final: bool) -> None:
        """The REFER was answered, or a NOTIFY came."""
        self._reports += 1
        if final:
            self.final = code

    def agent_leg_ended(self) -> None:
        """BYE on the consult leg."""
        self._agent_left = True
