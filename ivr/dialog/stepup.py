"""What a step-up asks for: the proofs that steps of identification stand for, counted by kind.

Owns which step and which slot belongs to which proof, and how many proofs lie between two levels. What happens when
there are too many is the matter of stepup_limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from ivr.dialog import steps as st
from ivr.dialog.service_specs import ServiceSpec
from ivr.dialog.texts import PLACEHOLDER
from ivr.model.identity import IdentityStep, Level

if TYPE_CHECKING:
    from ivr.dialog.assistant import Assistant

FACTS, CODE, SECRET = "facts", "code", "secret"

PROOF_OF: Mapping[IdentityStep, str] = MappingProxyType(
    {
        IdentityStep.SPOKEN_ID: FACTS,
        IdentityStep.MATCH_FACTS: FACTS,
        IdentityStep.SEND_CODE: CODE,
        IdentityStep.CHECK_CODE: CODE,
        IdentityStep.CHECK_PIN: SECRET,
        IdentityStep.CHECK_PASSPHRASE: SECRET,
    }
)
"""The number itself proves without a question."""


def proof_slots(flows: Iterable[st.Flow], services: Mapping[str, ServiceSpec]) -> dict[str, str]:
    """Slot -> the proof it is given to: the question for it is the beginning of that proof."""
    found: dict[str, str] = {}
    for flow in flows:
        for step in flow.steps.values():
            proof = _of_service(services, step)
            for template in step.args.values() if proof and isinstance(step, st.ActionStep) else ():
                for match in PLACEHOLDER.finditer(template):
                    found.setdefault(match[1].split(".")[0], proof)
    return found


def proof_of(assistant: Assistant, step: st.Step) -> str:
    """The proof a step belongs to while the caller is being identified, "" for none."""
    if isinstance(step, st.CollectStep):
        return assistant.proof_slots.get(step.slot, "")
    return _of_service(assistant.services, step)


def _of_service(services: Mapping[str, ServiceSpec], step: st.Step) -> str:
    spec = services.get(step.service) if isinstance(step, st.ActionStep) else None
    return PROOF_OF.get(spec.identity, "") if spec is not None and spec.identity is not None else ""


def proofs_between(known: Level, needed: Level, *, facts_before_code: bool) -> int:
    """How many proofs a caller known like this is asked for on the way to a level. Whoever has only a name to the
    number, or none, says what they know first where a code counts after that alone, or nobody is known yet."""
    if needed <= known:
        return 0
    facts = known < Level.L2 and (needed <= Level.L2 or facts_before_code or known < Level.L1)
    return facts + (known < Level.L3 <= needed) + (needed >= Level.L4)


def callback_flow(assistant: Assistant) -> str:
    """The first flow that promises to call back, "" when none does."""
    promising = (
        name
        for name, flow in assistant.flows.items()
        if any(isinstance(step, st.CallbackStep) for step in flow.steps.values())
    )
    return next(promising, "")
