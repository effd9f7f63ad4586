"""Clearance: the level a caller must have reached for what a step does, tells or decides by.

Owns where that is derived from: `needs:` of a service protects what the service does and every slot it sets; whoever
was only recognised is told nothing of the customer. What happens to a caller without it is the stack's matter.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from ivr.dialog import steps as st
from ivr.dialog.service_specs import ServiceSpec
from ivr.dialog.steps import Flow, SetStep
from ivr.dialog.texts import PLACEHOLDER
from ivr.model.identity import IdentityStep, Level

GUARDED = (st.SayStep, st.QuestionStep, st.BranchStep, st.ActionStep, st.OfferStep)
"""Steps that do, tell or decide something. The others only lead on, to a human at the last."""

OF_CUSTOMER = Level.L2
"""A number can be a borrowed telephone: below this nothing of the customer is told, the name least of all."""

Protected = Mapping[str, Level]
"""Slot (or `customer`) -> the level below which its value is told to nobody."""


GIVES: Mapping[IdentityStep, Level] = MappingProxyType(
    {
        IdentityStep.RECOGNISE: Level.L1,
        IdentityStep.SPOKEN_ID: Level.L2,
        IdentityStep.MATCH_FACTS: Level.L2,
        IdentityStep.CHECK_CODE: Level.L4,
        IdentityStep.CHECK_PIN: Level.L4,
        IdentityStep.CHECK_PASSPHRASE: Level.L4,
    }
)
"""The most a step of identification can lead to, with everything that may have been proven before."""


def gives(spec: ServiceSpec | None, outcome: str, level: int) -> tuple[int, ...]:
    """The levels a caller may have after an answer of a service, who had this one before."""
    if spec is not None and spec.identity is not None:
        return tuple(range(level, max(level, GIVES.get(spec.identity, level)) + 1))
    told = next((o.identifies for o in spec.outcomes if o.name == outcome), None) if spec else None
    return (level, max(level, int(told))) if told else (level,)


def of_service(services: Mapping[str, ServiceSpec], step: st.Step) -> Level:
    """What the service of a step needs."""
    spec = services.get(step.service) if isinstance(step, st.ActionStep) else None
    return spec.needs if spec is not None else Level.L0


def protected(flows: Iterable[Flow], services: Mapping[str, ServiceSpec]) -> Protected:
    """Everything told to some callers only: what services bring, and whatever a `set:` makes of it."""
    found: dict[str, Level] = {"customer": OF_CUSTOMER}
    for spec in services.values():
        for slot in {name for outcome in spec.outcomes for name in outcome.slots} if spec.needs else ():
            found[slot] = max(found.get(slot, Level.L0), spec.needs)
    copies = [
        (name, match[1].split(".")[0])
        for flow in flows
        for step in flow.steps.values()
        for name, value in (step.values.items() if isinstance(step, SetStep) else ())
        for match in PLACEHOLDER.finditer(value if isinstance(value, str) else "")
    ]
    for _ in copies:  # a chain of copies is no longer than there are copies
        for name, source in copies:
            if found.get(source, Level.L0) > found.get(name, Level.L0):
                found[name] = found[source]
    return MappingProxyType({name: level for name, level in found.items() if level > Level.L0})


def of_names(names: Iterable[str], protected: Protected) -> Level:
    """The level these names (or paths into them) need."""
    return max((protected.get(name.split(".")[0], Level.L0) for name in names), default=Level.L0)


def names_in(expression: str) -> frozenset[str]:
    """The names a condition decides by."""
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except (SyntaxError, ValueError):
        return frozenset()
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
