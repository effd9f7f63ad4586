"""What routing.yml says of calls that overflow from a contact center: its queues, how they are told apart, how a call
goes back. Owns the part `overflow:` and its checks; reads no call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ivr.document import Location


class Source(StrEnum):
    """What names the queue a call comes from."""

    ADDRESS = "address"  # the address dialled: one for each queue
    X_QUEUE = "x_queue"
    DIVERSION = "diversion"  # RFC 5806
    HISTORY_INFO = "history_info"  # RFC 7044


class ReturnBy(StrEnum):
    """How a call goes back to the contact center."""

    BYE = "bye"  # the contact center bridged us in, and goes on when we hang up
    REFER = "refer"


@dataclass(frozen=True, slots=True, kw_only=True)
class OverflowQueue:
    """A queue as the contact center names it. queue: ours that knows about it, "" for none; names: what else it is
    called in headers; addresses: the user parts dialled for it; return_to: "" when only hanging up returns a call."""

    name: str
    queue: str = ""
    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    return_to: str = ""
    return_by: ReturnBy = ReturnBy.BYE
    priority: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OverflowTerms:
    """precedence: which source counts before which; one left out is not looked at. address_prefix: what a user part
    begins with that names queue and reason, "overflow+billing+no_agents"."""

    precedence: tuple[Source, ...]
    address_prefix: str
    callback_after_ms: int
    queues: Mapping[str, OverflowQueue]

    def named(self, name: str) -> OverflowQueue | None:
        """The queue a header calls so; letters' case does not matter."""
        wanted = name.casefold()
        return next((q for q in self.queues.values() if wanted in {n.casefold() for n in (q.name, *q.names)}), None)

    def dialled(self, user: str) -> OverflowQueue | None:
        """The queue whose address it is."""
        return next((q for q in self.queues.values() if user in q.addresses), None)


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _OverflowQueueShape(_Shape):
    queue: str = ""
    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    return_to: str = ""
    return_by: ReturnBy = ReturnBy.BYE
    priority: Annotated[int, Field(ge=0, le=10)] = 0


class OverflowShape(_Shape):
    """`overflow:` as it stands in the file."""

    precedence: Annotated[tuple[Source, ...], Field(min_length=1)] = tuple(Source)
    address_prefix: Annotated[str, Field(min_length=1)] = "overflow+"
    callback_after_s: Annotated[int, Field(ge=0, le=3600)] = 180
    queues: Annotated[dict[str, _OverflowQueueShape], Field(min_length=1)]


Problem = tuple[Location, str, str, str]


def overflow_terms(shape: OverflowShape, filled: Callable[[str], str]) -> OverflowTerms:
    """shape must have passed overflow_problems(). filled puts variables into an address."""
    return OverflowTerms(
        precedence=shape.precedence,
        address_prefix=shape.address_prefix,
        callback_after_ms=shape.callback_after_s * 1000,
        queues={
            name: OverflowQueue(
                name=name,
                queue=q.queue,
                names=q.names,
                addresses=q.addresses,
                return_to=filled(q.return_to),
                return_by=q.return_by,
                priority=q.priority,
            )
            for name, q in shape.queues.items()
        },
    )


def overflow_problems(
    shape: OverflowShape, queues: Mapping[str, object], of_address: Callable[[Location, str], Iterator[Problem]]
) -> Iterator[Problem]:
    """What is wrong: (where, code, what, how to mend it). of_address judges an address."""
    if len(set(shape.precedence)) < len(shape.precedence):
        yield ("overflow", "precedence"), "routing-overflow", "a source is named twice", "Name each once."
    names: dict[str, str] = {}
    dialled: dict[str, str] = {}
    for name, queue in shape.queues.items():
        at = ("overflow", "queues", name)
        if queue.queue and queue.queue not in queues:
            yield (*at, "queue"), "routing-queue", f"unknown queue {queue.queue}", f"Use one of {', '.join(queues)}."
        if queue.return_to:
            yield from of_address((*at, "return_to"), queue.return_to)
        elif queue.return_by is ReturnBy.REFER:
            fix = "Add return_to with the address of the queue."
            yield (*at, "return_by"), "routing-return", f"{name} has no address to refer a call to", fix
        yield from _taken((*at, "names"), name, [n.casefold() for n in (name, *queue.names)], names)
        yield from _taken((*at, "addresses"), name, queue.addresses, dialled)


def _taken(at: Location, owner: str, wanted: Iterable[str], owners: dict[str, str]) -> Iterator[Problem]:
    for one in wanted:
        first = owners.setdefault(one, owner)
        if first != owner:
            yield at, "routing-overflow", f"{one} means {first}, too", "Let each mean one queue."
