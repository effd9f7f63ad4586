"""An assistant with everything its identity.yml demands of it: the one that calls, tests and proofs run alike.

Owns the joining of the two: packs raise what flows take, and a step-up may only be so long.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ivr.dialog.assistant import Assistant, load_assistant
from ivr.dialog.demands import raised
from ivr.identity.policy import IdentityPolicy
from ivr.identity.policy_file import load_policy


def guarded(assistant: Assistant, policy: IdentityPolicy) -> Assistant:
    """The assistant under this policy."""
    return replace(assistant, flows=raised(assistant.flows, policy.requests), stepup=policy.stepup)


def load_guarded(folder: Path) -> Assistant:
    """The assistant in a folder under its own policy. Raises DesignError."""
    return guarded(load_assistant(folder), load_policy(folder))
