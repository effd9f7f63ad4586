"""The settings a question inherits: assistant > flow > step. Owns their words in YAML."""

from __future__ import annotations

from dataclasses import replace

from ivr.dialog.source import Node
from ivr.dialog.steps import Policy
from ivr.model.dialog import BargeIn

KEYS = ("noinput", "nomatch", "rejected", "max_tries", "barge_in", "confidence", "keys", "service")


def read_policy(node: Node | None, base: Policy) -> Policy:
    """base with the settings of this map laid over it; other keys of the map are left alone."""
    if node is None or not node.is_map():
        return base
    policy = base
    noinput, nomatch, rejected, tries = (node.get(k) for k in ("noinput", "nomatch", "rejected", "max_tries"))
    if noinput:
        policy = _noinput(noinput, policy)
    if nomatch:
        nomatch.only(("max",))
        most = nomatch.get("max")
        policy = replace(policy, nomatch_max=most.whole(0, 9) if most else policy.nomatch_max)
    if rejected:
        rejected.only(("max",))
        most = rejected.get("max")
        policy = replace(policy, rejected_max=most.whole(0, 9) if most else policy.rejected_max)
    if tries:
        policy = replace(policy, max_tries=tries.whole(1, 9))
    barge_in, confidence = node.get("barge_in"), node.get("confidence")
    if barge_in:
        policy = replace(policy, barge_in=read_barge_in(barge_in, policy.barge_in))
    if confidence:
        policy = _confidence(confidence, policy)
    return _service(node.get("service"), _keys(node.get("keys"), policy))


def read_barge_in(node: Node, base: BargeIn) -> BargeIn:
    """`true`, `false` or {speech: true, dtmf: true}."""
    if not node.is_map():
        allowed = node.flag()
        return BargeIn(speech=allowed, dtmf=allowed)
    node.only(("speech", "dtmf"))
    speech, dtmf = node.get("speech"), node.get("dtmf")
    return BargeIn(speech=speech.flag() if speech else base.speech, dtmf=dtmf.flag() if dtmf else base.dtmf)


def _noinput(node: Node, policy: Policy) -> Policy:
    node.only(("timeout", "max"))
    timeout, most = node.get("timeout"), node.get("max")
    return replace(
        policy,
        noinput_ms=max(1_000, timeout.duration_ms()) if timeout else policy.noinput_ms,
        noinput_max=most.whole(0, 9) if most else policy.noinput_max,
    )


def _confidence(node: Node, policy: Policy) -> Policy:
    node.only(("accept", "confirm", "sure", "margin"))
    values = {name: entry.number(0, 50 if name == "margin" else 1) for name, entry in node.items()}
    policy = replace(
        policy,
        accept=values.get("accept", policy.accept),
        confirm=values.get("confirm", policy.confirm),
        sure=values.get("sure", policy.sure),
        margin=values.get("margin", policy.margin),
    )
    if policy.confirm > policy.accept:
        node.fault("confidence", "confirm is above accept", "Set confirm below accept.")
    return policy


def _keys(node: Node | None, policy: Policy) -> Policy:
    if node is None:
        return policy
    node.only(("inter_digit", "terminator"))
    gap, terminator = node.get("inter_digit"), node.get("terminator")
    return replace(
        policy,
        inter_digit_ms=gap.duration_ms() if gap else policy.inter_digit_ms,
        terminator=terminator.dtmf() if terminator else policy.terminator,
    )


def _service(node: Node | None, policy: Policy) -> Policy:
    if node is None:
        return policy
    node.only(("timeout", "hold"))
    timeout, hold = node.get("timeout"), node.get("hold")
    return replace(
        policy,
        service_timeout_ms=timeout.duration_ms() if timeout else policy.service_timeout_ms,
        hold_after_ms=hold.duration_ms() if hold else policy.hold_after_ms,
    )
