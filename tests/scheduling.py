"""Which process runs which test of `make test`: calls in real time mostly wait, so several of them share the cores.

Owns the order of the work. A file that places calls stays whole, in one process; any other test stands for itself. Two
processes place calls, the one beginning with conversations, the other with calls that need no shared house; the third
computes. Who has nothing left takes what is left of the others'.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from itertools import takewhile
from typing import Any

from xdist.scheduler import LoadScopeScheduling

CALLS = "tests/sip/"
CONVERSATIONS = "tests/sip/test_conversation_"
WITHOUT_A_HOUSE = ("tests/sip/test_media_", "tests/sip/test_talkers.")
AS_STARTED = os.getpriority(os.PRIO_PROCESS, 0)
BESIDE_CALLS = min(AS_STARTED + 10, 19)  # niceness of tests that burn CPU while others place calls in real time

# Process that places calls -> its order of the files. In a fresh clone the house of the first conversation speaks all
# prompts, which takes a while; the other process needs them later.
TASTES: dict[str, Callable[[str], tuple[bool, ...]]] = {
    "gw0": lambda scope: (not scope.startswith(CONVERSATIONS),),
    "gw1": lambda scope: (scope.startswith(CONVERSATIONS), not scope.startswith(WITHOUT_A_HOUSE)),
}


class CallsBesideEachOther(LoadScopeScheduling):
    """The scheduler of pytest-xdist, with a taste for each process."""

    _sorted = False

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.partition("::")[0] if nodeid.startswith(CALLS) else nodeid

    def _assign_work_unit(self, node: Any) -> None:
        if not self._sorted:  # what computes stands before all files of calls, the largest of which comes first
            for scope in [scope for scope in self.workqueue if scope.startswith(CALLS)]:
                self.workqueue.move_to_end(scope)
            self._sorted = True
        taste = TASTES.get(node.gateway.id)
        calls = list(takewhile(lambda scope: scope.startswith(CALLS), reversed(self.workqueue)))[::-1]
        if calls and taste is not None:
            self.workqueue.move_to_end(min(calls, key=taste), last=False)
        super()._assign_work_unit(node)


def give_way(nodeid: str) -> None:
    """What computes is nicer than what places calls."""
    nice = AS_STARTED if nodeid.startswith(CALLS) else BESIDE_CALLS
    if os.getpriority(os.PRIO_PROCESS, 0) != nice:
        with suppress(PermissionError):  # only root takes niceness back
            os.setpriority(os.PRIO_PROCESS, 0, nice)
