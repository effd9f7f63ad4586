"""What conversations went through: steps and edges of all flows, and where stands what none of them touched.

Owns counting. Edges are the labelled ways of ivr.dialog.paths; one that only the engine takes (an escape to the
assistant's own, a global) is no edge of a flow and is not counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ivr.dialog.assistant import Assistant
from ivr.dialog.foresight import At, Walk
from ivr.dialog.steps import Where

Edge = tuple[At, At]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """steps, edges: everything there is; done, taken: what the conversations did of it. Ends of flows are no steps."""

    steps: dict[At, Where]
    edges: dict[Edge, str]
    done: frozenset[At]
    taken: frozenset[Edge]

    @property
    def missed(self) -> tuple[str, ...]:
        """One line for each step and edge nobody came to, by place."""
        found = [(self.steps[at], f"step {'/'.join(at)} was not visited") for at in self.steps.keys() - self.done]
        for edge in self.edges.keys() - self.taken:
            start, end = edge
            if start in self.done:
                label = f" ({self.edges[edge]})" if self.edges[edge] else ""
                to = "/".join(end) if end[1] else f"the end of {end[0]}"
                found.append((self.steps[start], f"no test goes from {'/'.join(start)} to {to}{label}"))
        return tuple(f"{w[0]}:{w[1]}:{w[2]}: {what}" for w, what in sorted(found))

    def __str__(self) -> str:
        """Both counts in one line."""
        steps, edges = len(self.steps), len(self.edges)
        done, taken = len(self.steps.keys() & self.done), len(self.edges.keys() & self.taken)
        return f"coverage: {done} of {steps} steps, {taken} of {edges} edges"


def cover(assistant: Assistant, paths: Iterable[tuple[str, ...]]) -> Coverage:
    """The coverage of these paths ("flow/step" in order, as a conversation's report has them)."""
    walk = Walk(assistant)
    edges: dict[Edge, str] = {}
    for at in walk.steps:
        for label, to in walk.ways(at):
            # After a called flow the next step follows: that way is seen as the flow's end.
            edges.setdefault((at, to), label)
    done: set[At] = set()
    taken: set[Edge] = set()
    for path in paths:
        places = [_at(place) for place in path]
        done |= set(places)
        for here, there in zip(places, [*places[1:], ("", "")], strict=True):
            if here in walk.steps:
                taken |= _passed(walk, here, there)
        taken |= _returns(walk, places)
    return Coverage(
        steps={at: step.where for at, step in walk.steps.items()},
        edges=edges,
        done=frozenset(done),
        taken=frozenset(taken),
    )


def _at(place: str) -> At:
    flow, _, step = place.partition("/")
    return flow, step


def _passed(walk: Walk, here: At, there: At) -> set[Edge]:
    """The edge from one visited step to the next; one to the end of its flow when that is the only way there."""
    ways = {to for _, to in walk.ways(here)}
    if there in ways:
        return {(here, there)}
    end = (here[0], "")
    return {(here, end)} if end in ways and there[0] != here[0] else set()


def _returns(walk: Walk, places: list[At]) -> set[Edge]:
    """Edges over a called flow: from the step that called to the next of its flow that was visited."""
    found: set[Edge] = set()
    for index, here in enumerate(places):
        if here in walk.steps and walk.called(here):
            ways = {to for _, to in walk.ways(here)}
            later = next((p for p in places[index + 1 :] if p[0] == here[0]), None)
            if later in ways and later is not None:
                found.add((here, later))
    return found
