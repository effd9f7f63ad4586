"""The parts of one call that its collaborators act on, and the tasks that run beside its mailbox."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ivr.call.ani import CallingNumber
from ivr.call.journal import Journal
from ivr.call.listening import Ear
from ivr.call.speaking import Speaker
from ivr.dialog.engine import Session
from ivr.log import get_log
from ivr.model.identity import Caller

if TYPE_CHECKING:
    from ivr.call.overflowing import OverflowCall

_log = get_log("call")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One call. session() is the dialog's state at the moment; rescue() is called when something of ours breaks.
    overflow: the full queue it comes from, None for any other call."""

    call_id: str
    number: CallingNumber
    journal: Journal
    speaker: Speaker
    ear: Ear
    tasks: asyncio.TaskGroup
    post: Callable[[object], None]
    session: Callable[[], Session]
    rescue: Callable[[], None]
    overflow: OverflowCall | None = None
    debts: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def caller(self) -> Caller:
        """Who calls, as far as the number tells at the moment: the verdict on its signature may come later."""
        return self.number.caller

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run work beside the call, inside the call's exception boundary."""
        self.tasks.create_task(self._guarded(work))

    def owe(self, work: Coroutine[Any, Any, None]) -> None:
        """Run work that must be finished even when the caller hangs up in the middle of it."""
        debt = asyncio.get_running_loop().create_task(self._guarded(work))
        self.debts.add(debt)
        debt.add_done_callback(self.debts.discard)

    async def settle(self, within_s: float) -> None:
        """Wait for what is owed."""
        if self.debts:
            await asyncio.wait(self.debts, timeout=within_s)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 - the boundary of a call: the caller gets a polite way out
            _log.exception("call.task_failed", call=self.call_id)
            self.journal.note("trouble", where="task", what=f"{type(error).__name__}: {error}")
            self.rescue()
