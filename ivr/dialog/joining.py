"""The joining of steps: gives each an id, finds where each leads, inherits policies. Knows no single step's words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ivr.dialog import steps as st
from ivr.dialog.policies import KEYS as POLICY_KEYS
from ivr.dialog.policies import read_policy
from ivr.dialog.source import Node, did_you_mean
from ivr.dialog.steps import NEXT, Option, Policy, Target, Where

QUESTION_KEYS = (*POLICY_KEYS, "escape", "options", "help", "globals")


_DETAILS = {"say": {"handoff", "callback", "hangup"}, "ask": {"collect"}}
"""Step words that are also details of other steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a flow is read among: names of all flows, inherited policy, the language of bare phrase lists."""

    flows: frozenset[str]
    policy: Policy
    language: str


def named(node: Node) -> set[str]:
    """The ids designers gave (collects are named after their slot), at any depth."""
    found: set[str] = set()
    if node.is_list():
        for entry in node.entries():
            found |= named(entry)
    elif node.is_map():
        given = node.get("id") or node.get("collect")
        if given and isinstance(given.value, str):
            found.add(given.value)
        for _, entry in node.items():
            if entry.is_list() or entry.is_map():
                found |= named(entry)
    return found


def _where(node: Node) -> Where:
    return (node.file, node.line, node.column)


def _places(node: Node) -> Iterator[tuple[str, Where]]:
    """(name, where it stands) of every word in a step, outer and earlier ones first."""
    if isinstance(node.value, str):
        yield node.value, _where(node)
    elif node.is_list():
        for entry in node.entries():
            yield from _places(entry)
    elif node.is_map():
        for name, entry in node.items():
            yield name, _where(node.key(name))
            yield from _places(entry)


Read = Callable[["FlowReader", Node, dict[str, Any]], st.Step]


@dataclass
class FlowReader:
    """Reads the steps of one flow; kinds: the reader of each step word."""

    flow: str
    kinds: Mapping[str, Read]
    around: Surroundings
    policy: Policy
    steps: dict[str, st.Step] = field(default_factory=dict)
    ids: set[str] = field(default_factory=set)
    count: int = 0

    # ---- joining ----
    def read_steps(self, node: Node, after: str) -> str:
        """Read a list of steps; the last leads to `after`. Returns the id of the first."""
        entries = [e for e in node.entries() if self._is_step(e)]
        names = [self._id(e) for e in entries]
        for index, entry in enumerate(entries):
            following = names[index + 1] if index + 1 < len(names) else after
            base: dict[str, Any] = {"id": names[index], "next": following, "where": _where(entry)}
            base["places"] = dict(reversed(list(_places(entry))))
            if names[index] in self.steps:
                entry.fault("duplicate-id", f"there are two steps {names[index]!r} in {self.flow}", "Rename one (id:).")
            kind = self._kinds_of(entry)[0]
            self.steps[names[index]] = self.kinds[kind](self, entry, base)
        return names[0] if names else after

    def _kinds_of(self, node: Node) -> list[str]:
        """The step words of a map; say and ask are only details next to those that take them."""
        kinds = [k for k in self.kinds if node.has(k)]
        return [k for k in kinds if not (k in _DETAILS and _DETAILS[k] & set(kinds))]

    def _is_step(self, node: Node) -> bool:
        if not node.is_map():
            node.fault("type", "a step must be a map", "Write - say: utter_..., - collect: slot, and so on.")
            return False
        kinds = self._kinds_of(node)
        if len(kinds) == 1:
            return True
        if kinds:
            node.fault("step", f"one step is both {' and '.join(kinds)}", "Make two steps of it.")
        else:
            words = [str(k) for k in node.value if k != "id"]
            node.key(words[0] if words else "").fault(
                "unknown-step", f"no such step: {', '.join(words)}", did_you_mean(words[0] if words else "", self.kinds)
            )
        return False

    def _id(self, node: Node) -> str:
        given = node.get("id") or node.get("collect")
        if given:
            return given.text()
        self.count += 1
        kind = self._kinds_of(node)[0]
        return f"{kind}_{self.count}"

    def target(self, node: Node | None, after: str) -> Target:
        """`next`, `return`, a step, a flow, or a list of steps to do here and then go on after."""
        if node is None:
            return NEXT
        if node.is_list():
            first = self.read_steps(node, after)
            return Target(step=first) if first else Target(step="")
        name = node.text()
        if name in ("next", "return"):
            return NEXT if name == "next" else Target(back=True)
        if name in self.ids:
            return Target(step=name)
        if name in self.around.flows:
            return Target(flow=name)
        if name:
            node.fault("unknown-target", f"no step or flow {name!r}", did_you_mean(name, self.ids | self.around.flows))
        return NEXT

    def flow_name(self, node: Node) -> str:
        name = node.text()
        if name and name not in self.around.flows:
            node.fault("unknown-flow", f"no flow {name!r}", did_you_mean(name, self.around.flows))
        return name

    # ---- shared parts ----
    def question(self, node: Node, base: dict[str, Any], utter: str) -> dict[str, Any]:
        escape, options, help_text, alive = (node.get(k) for k in ("escape", "options", "help", "globals"))
        return base | {
            "utter": utter,
            "policy": read_policy(node, self.policy),
            "escape": self.target(escape, "") if escape else None,
            "options": tuple(self._option(o, base["next"]) for o in options.entries()) if options else (),
            "help": help_text.text() if help_text else "",
            "globals": alive.flag() if alive else True,
        }

    def _option(self, node: Node, after: str) -> Option:
        node.only(("intent", "dtmf", "phrases", "go", "call"))
        intent, dtmf, phrases, go, call = (node.get(k) for k in ("intent", "dtmf", "phrases", "go", "call"))
        if intent is None:
            node.fault("missing", "the option has no intent", "Add intent: <name>.")
        if (go is None) == (call is None):
            node.fault("missing", "the option leads nowhere, or to two places", "Add either go: or call:.")
        spoken: dict[str, tuple[str, ...]] = {}
        if phrases and phrases.is_map():
            spoken = {language: entry.texts() for language, entry in phrases.items()}
        elif phrases:
            spoken = {self.around.language: phrases.texts()}
        return Option(
            intent=intent.text() if intent else "",
            dtmf=dtmf.dtmf() if dtmf else ("" if not node.has("dtmf") else node.key("dtmf").dtmf()),
            phrases=spoken,
            go=self.target(go, after),
            call=self.flow_name(call) if call else "",
            where=_where(node),
        )

    def outcomes(self, node: Node | None, after: str) -> dict[str, Target]:
        return {name: self.target(entry, after) for name, entry in node.items()} if node else {}
