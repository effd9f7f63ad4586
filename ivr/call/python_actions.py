"""Actions that are Python functions of the operator's own package: `async def action(args) -> (outcome, values)`.

Owns finding and running them. A plain function runs in a thread. Whatever a function raises becomes a ServiceError:
a mistake in it costs one step of one call. It cannot be saved from an async function that blocks: that stops all calls.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import entry_points
from typing import Any

from ivr.log import get_log
from ivr.model.errors import ServiceError

GROUP = "ivr.actions"
# Functions that hang keep their thread; they must not take those the rest of the process needs.
THREADS = 16

_log = get_log("call.python_actions")

Action = Callable[[Mapping[str, Any]], Any]


class PythonActions:
    """The functions found so far, and the threads of the plain ones."""

    def __init__(self) -> None:
        self._found: dict[str, Action] = {}
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="ivr-action")

    def close(self) -> None:
        """Start no more functions. One that still runs is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def run(self, name: str, args: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """(outcome, slot values) the function returns. Raises ServiceError when it is not there, fails, or returns
        something else. When the caller stops waiting, a plain function runs on unheard."""
        loop = asyncio.get_running_loop()
        try:
            if name not in self._found:  # importing may take long and may do anything
                self._found[name] = await loop.run_in_executor(self._threads, find, name)
            action = self._found[name]
            if inspect.iscoroutinefunction(action):
                result = await action(args)
            else:
                result = await loop.run_in_executor(self._threads, action, args)
            if inspect.isawaitable(result):  # of an object whose call is async
                result = await result
        except ServiceError:
            raise
        except (Exception, SystemExit) as problem:
            _log.exception("action.failed", action=name)
            raise ServiceError(f"{name} raised {type(problem).__name__}") from problem
        match result:
            case (str(outcome), Mapping() as values):
                return outcome, {str(slot): value for slot, value in values.items()}
        raise ServiceError(f"{name} must return (outcome, slot values), not {type(result).__name__}")


def find(name: str) -> Action:
    """The function "package.module:function", or the entry point of that name. Raises ServiceError when there is
    none, and whatever importing its module raises."""
    module, _, function = name.partition(":")
    if function:
        try:
            action = getattr(importlib.import_module(module), function, None)
        except ModuleNotFoundError as error:
            raise ServiceError(f"{name}: there is no module {error.name} in the environment of ivr") from error
    else:
        point = next(iter(entry_points(group=GROUP, name=name)), None)
        action = point.load() if point else None
    if not callable(action):
        raise ServiceError(f"there is no function {name}: install its package into the environment of ivr")
    return action  # type: ignore[no-any-return]
