"""From flows/*.yml to steps: the words of every step.

A designer's mistake becomes a fault at its place and a harmless step, so that all mistakes are found at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ivr.dialog import steps as st
from ivr.dialog.joining import QUESTION_KEYS, FlowReader, Read, Surroundings, named
from ivr.dialog.policies import KEYS as POLICY_KEYS
from ivr.dialog.policies import read_barge_in, read_policy
from ivr.dialog.source import Node, did_you_mean
from ivr.dialog.steps import Flow, Target
from ivr.model.dialog import BargeIn
from ivr.model.identity import Level
from ivr.model.routing import TransferResult

HANDOFF_OUTCOMES = frozenset(r.value for r in TransferResult if r is not TransferResult.ANSWERED)
_LEVELS = ("L0", "L1", "L2", "L3", "L4", "HUMAN")


def read_flow(name: str, node: Node, around: Surroundings) -> Flow:
    """One flow; faults are collected in the node."""
    node.only(("description", "request", "level", "escape", "steps", *POLICY_KEYS))
    steps, request, level = node.get("steps"), node.get("request"), node.get("level")
    reader = FlowReader(name, READERS, around, read_policy(node, around.policy))
    first = ""
    if steps is None:
        node.fault("missing", f"flow {name} has no steps", "Add steps: and a list under it.")
    else:
        reader.ids = named(steps)
        first = reader.read_steps(steps, after="")
    escape, description = node.get("escape"), node.get("description")
    return Flow(
        name=name,
        first=first,
        steps=reader.steps,
        request=request.text() if request else "",
        level=Level[level.one_of(_LEVELS)] if level else Level.L0,
        escape=reader.target(escape, "") if escape else None,
        description=description.text() if description else "",
        where=(node.file, node.line, node.column),
    )


def _value(node: Node, kind: str) -> Node:
    return node.get(kind) or Node("", node.key(kind), node.faults, kind)


def _only(node: Node, *keys: str) -> None:
    node.only(("id", *keys))


def _say(reader: FlowReader, node: Node, base: dict[str, Any]) -> st.Step:
    _only(node, "say", "barge_in")
    barge = node.get("barge_in")
    allowed: BargeIn = read_barge_in(barge, reader.policy.barge_in) if barge else reader.policy.barge_in
    return st.SayStep(**base, responses=_value(node, "say").texts(), barge_in=allowed)


def _ask(reader: FlowReader, node: Node, base: dict[str, Any]) -> st.Step:
    _only(node, "ask", "affirm", "deny", "resolves", *QUESTION_KEYS)
    deny, resolves = node.get("deny"), node.get("resolves")
    return st.AskStep(
        **reader.question(node, base, _value(node, "ask").text()),
        affirm=reader.target(node.get("affirm"), base["next"]),
        deny=reader.target(deny, base["next"]) if deny else None,
        resolves=resolves.flag() if resolves else False,
    )


def _collect(reader: FlowReader, node: Node, base: dict[str, Any]) -> st.Step:
    _only(node, "collect", "ask", "confirm", "confirm_ask", "invalid", "outside", "which", *QUESTION_KEYS)
    slot = _value(node, "collect").text()
    utter, confirm, read_back, invalid = (node.get(k) for k in ("ask", "confirm", "confirm_ask", "invalid"))
    outside, which = node.get("outside"), node.get("which")
    return st.CollectStep(
        **reader.question(node, base, utter.text() if utter else f"utter_ask_{slot}"),
        slot=slot,
        confirm=confirm.one_of(("when_unsure", "never", "always")) if confirm else "when_unsure",
        confirm_utter=read_back.text() if read_back else f"utter_confirm_{slot}",
        invalid=invalid.text() if invalid else f"utter_invalid_{slot}",
        outside=outside.text() if outside else f"utter_outside_{slot}",
        which=which.text() if which else f"utter_which_{slot}",
    )


def _choose(reader: FlowReader, node: Node, base: dict[str, Any]) -> st.Step:
    _only(node, "choose", *QUESTION_KEYS)
    if not node.has("options"):
        node.fault("missing", "the choice has no options", "Add options: and a list of {intent, dtmf, call}.")
    return st.ChooseStep(**reader.question(node, base, _value(node, "choose").text()))


def _branch(reader: FlowReader, node: Node, base: dict[str, Any]) -> st.Step:
    _only(node, "branch")
    arms: list[tuple[str, Target]] = []
    for arm in _value(node, "branch").entries():
        arm.only(("if", "then", "else"))
        condition, then = arm.get("if"), arm.get("then") or arm.get("else")
        if (condition is None) != arm.has("else") or then is None:
            arm.fault("branch", "an arm needs if: and then:, or else:", "Write - if: x == 1 with then: [...].")
            continue
        arms.append((condition.text() if condition else "", reader.target(then, base["next"])))
    return st.BranchStep(**base, arms=tuple(arms))


def _action(reader: FlowReader, node: Node, base: dict[str, Any]) -> st.Step:
    _only(node, "action", "with", "timeout", "hold", "outcomes")
    args, timeout, hold = node.get("with"), node.get("timeout"), node.get("hold")
    after = hold.get("after") if hold else None
    say = hold.get("say") if hold else None
    if hold:
        hold.only(("after", "say"))
    return st.ActionStep(
        **base,
        service=_value(node, "action").text(),
        args={name: entry.text() for name, entry in args.items()} if args else {},
        timeout_ms=timeout.duration_ms() if timeout else reader.policy.service_timeout_ms,
        hold_after_ms=after.duration_ms() if after else reader.policy.hold_after_ms,
        hold_utter=say.text() if say else "",
        outcomes=reader.outcomes(node.get("outcomes"), base["next"]),
    )


def _offer(reader: FlowReader, node: Node, base: dict[str, Any]) -> st.Step:
    _only(node, "offer", *POLICY_KEYS)
    value = node.get("offer")
    if value is None or value.value is not True:
        node.key("offer").fault("offer", "offer is the product offer and takes no words", "Write offer: true.")
    return st.OfferStep(**base, policy=read_policy(node, reader.policy))


def _handoff(reader: FlowReader, node: Node, base: dict[str, Any]) -> st.Step:
    _only(node, "handoff", "reason", "say", "required", "data", "outcomes")
    reason, say, required, data, outcomes = (node.get(k) for k in ("reason", "say", "required", "data", "outcomes"))
    for name, entry in outcomes.items() if outcomes else ():
        if name not in HANDOFF_OUTCOMES | {"else"}:
            entry.fault(
                "unknown-outcome", f"no handoff outcome {name!r}", did_you_mean(name, HANDOFF_OUTCOMES | {"else"})
            )
    targets = reader.outcomes(outcomes, base["next"])
    return st.HandoffStep(
        **base,
        queue=_value(node, "handoff").text(),
        reason=reason.text() if reason else "",
        utter=say.text() if say else "",
        required={name: entry.whole(1, 5) for name, entry in required.items()} if required else {},
        data=data.texts() if data else (),
        outcomes={("" if name == "else" else name): target for name, target in targets.items()},
    )


def _callback(reader: FlowReader, node: Node, base: dict[str, Any]) -> st.Step:
    _only(node, "callback", "reason", "say", "no_number", "number")
    say, reason, number = node.get("say"), node.get("reason"), node.get("number")
    return st.CallbackStep(
        **base,
        within_ms=_value(node, "callback").duration_ms(),
        reason=reason.text() if reason else "",
        utter=say.text() if say else "",
        no_number=reader.target(node.get("no_number"), base["next"]),
        number=number.text() if number else "",
    )


def _call(reader: FlowReader, node: Node, base: dict[str, Any]) -> st.Step:
    _only(node, "call")
    return st.CallStep(**base, flow=reader.flow_name(_value(node, "call")))


def _return(reader: FlowReader, node: Node, base: dict[str, Any]) -> st.Step:
    _only(node, "return")
    return st.GoStep(**base, target=Target(back=True))


def _go(reader: FlowReader, node: Node, base: dict[str, Any]) -> st.Step:
    _only(node, "go")
    return st.GoStep(**base, target=reader.target(_value(node, "go"), base["next"]))


def _set(reader: FlowReader, node: Node, base: dict[str, Any]) -> st.Step:
    _only(node, "set")
    return st.SetStep(**base, values={name: entry.plain() for name, entry in _value(node, "set").items()})


def _language(reader: FlowReader, node: Node, base: dict[str, Any]) -> st.Step:
    _only(node, "language")
    return st.LanguageStep(**base, language=_value(node, "language").text())


def _retry(reader: FlowReader, node: Node, base: dict[str, Any]) -> st.Step:
    _only(node, "retry")
    value = _value(node, "retry")
    value.only(("clear", "go", "max", "else"))
    clear, most = value.get("clear"), value.get("max")
    return st.RetryStep(
        **base,
        clear=clear.texts() if clear else (),
        go=reader.target(value.get("go"), base["next"]),
        max=most.whole(1, 5) if most else 1,
        otherwise=reader.target(value.get("else"), base["next"]),
    )


def _hangup(reader: FlowReader, node: Node, base: dict[str, Any]) -> st.Step:
    _only(node, "hangup", "say")
    say = node.get("say")
    return st.HangupStep(**base, reason=_value(node, "hangup").text(), utter=say.text() if say else "utter_goodbye")


READERS: Mapping[str, Read] = {
    "say": _say,
    "ask": _ask,
    "collect": _collect,
    "choose": _choose,
    "branch": _branch,
    "action": _action,
    "offer": _offer,
    "handoff": _handoff,
    "callback": _callback,
    "call": _call,
    "return": _return,
    "go": _go,
    "set": _set,
    "language": _language,
    "retry": _retry,
    "hangup": _hangup,
}
