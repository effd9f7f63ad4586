"""Reading services.yml: which services there are, and what is wrong with how they are written.

Owns the words of the file and their faults; what a service means once read is the matter of service_specs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from ivr.dialog import conditions
from ivr.dialog.service_specs import (
    OutcomeSpec,
    ServiceRequest,
    ServiceSpec,
    customer_of,
    interpret,
    interpret_result,
    request_of,
    told_ended,
)
from ivr.dialog.source import Node, did_you_mean
from ivr.model.identity import FACT_ARGUMENTS, STEP_TAKES, IdentityStep, Level

__all__ = [
    "READERS",
    "OutcomeSpec",
    "ServiceRequest",
    "ServiceSpec",
    "customer_of",
    "interpret",
    "interpret_result",
    "read_services",
    "request_of",
    "told_ended",
]

_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
_SECRET_NAME = re.compile(r"(?i)passw|secret|token|api_?key|credential")
_SECRET_URL = re.compile(r"://[^/\s:@{}]+:[^/\s@{}]+@|(?i:passw\w*|secret|token|api_?key)=[^&{$]")
_PYTHON_NAME = re.compile(r"(?!\d)\w+(\.(?!\d)\w+)*:(?!\d)\w+|[\w.-]+")
_ACTION_NAME = re.compile(r"\w+")
# What conditions and values of each kind of service see of its answer.
_HTTP_NAMES = frozenset({"status", "body"})
_RASA_NAMES = frozenset({"status", "body", "slots", "responses"})
_PYTHON_NAMES = frozenset({"slots"})
IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE"})
IDENTITY_TIMEOUT_MS = 5_000  # a gateway may take its time to send a code
NEEDED = ("L0", "L1", "L2", "L3", "L4")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def read_services(top: Node) -> dict[str, ServiceSpec]:
    """All services of the file; faults are collected in the node."""
    top.only(("version", "services"))
    node = top.get("services")
    if node is None:
        return {}
    return {name: read_service(name, entry) for name, entry in node.items()}


def read_service(name: str, node: Node) -> ServiceSpec:
    """One service; faults are added to its node."""
    kinds = [kind for kind in ("rasa_action", "python", "identity") if node.has(kind)]
    if len(kinds) + node.has("url") > 1:
        what = f"service {name} is more than one of url, rasa_action, python and identity"
        node.key(kinds[-1]).fault(
            "service-kind", what, "Keep one of them; the URL of a Rasa action is rasa_action.url."
        )
    spec, needs = READERS[kinds[-1] if kinds else "url"](name, node), node.get("needs")
    return replace(spec, needs=Level[needs.one_of(NEEDED)]) if needs else spec


def _read_http(name: str, node: Node) -> ServiceSpec:
    node.only(("method", "url", "query", "body", "auth", "timeout", "retries", "idempotent", "needs", "outcomes"))
    url = node.get("url")
    if url is None:
        node.fault("missing", f"service {name} has no url", "Add url: ${CRM_URL}/...")
    auth, method_node = node.get("auth"), node.get("method")
    _refuse_secrets(node)
    method = method_node.one_of(METHODS) if method_node else "GET"
    return ServiceSpec(
        name=name,
        method=method,
        url=url.text() if url else "",
        timeout_ms=_timeout_ms(node),
        outcomes=_outcomes(name, node, _HTTP_NAMES),
        query=_templates(node.get("query")),
        body=_templates(node.get("body")),
        auth_env=auth.text() if auth else "",
        retries=_retries(node, method),
        idempotent=_idempotent(node),
    )


def _read_rasa(name: str, node: Node) -> ServiceSpec:
    node.only(("rasa_action", "takes", "auth", "timeout", "retries", "idempotent", "needs", "outcomes"))
    server, auth = node.get("rasa_action") or node, node.get("auth")
    if server is not node:
        server.only(("url", "name"))
    url, action = server.get("url"), server.get("name")
    for key, found in (("url", url), ("name", action)):
        if found is None:
            fix = "Write rasa_action: {url: ${ACTIONS_URL}, name: action_...}."
            server.fault("missing", f"the Rasa action of service {name} has no {key}", fix)
    if action and not _ACTION_NAME.fullmatch(action.text()):
        action.fault("action-name", f"{action.value!r} is no name of an action", "Write what the action's name() says.")
    for part in {id(node): node, id(server): server}.values():
        _refuse_secrets(part)
    return ServiceSpec(
        name=name,
        method="POST",
        url=url.text() if url else "",
        timeout_ms=_timeout_ms(node),
        outcomes=_outcomes(name, node, _RASA_NAMES),
        auth_env=auth.text() if auth else "",
        retries=_retries(node, "POST"),
        idempotent=_idempotent(node),
        action=action.text() if action else "",
        takes=_takes(node),
    )


def _read_python(name: str, node: Node) -> ServiceSpec:
    node.only(("python", "takes", "timeout", "needs", "outcomes"))
    function = node.get("python")
    python = function.text() if function else ""
    if not _PYTHON_NAME.fullmatch(python):
        fix = "Write package.module:function, or the name of an entry point of the group ivr.actions."
        (function or node.key("python")).fault("action-name", f"service {name} names no Python function", fix)
    return ServiceSpec(
        name=name,
        method="",
        url="",
        timeout_ms=_timeout_ms(node),
        outcomes=_outcomes(name, node, _PYTHON_NAMES),
        python=python,
        takes=_takes(node),
    )


def _read_identity(name: str, node: Node) -> ServiceSpec:
    """A step of identification: what it takes and what it answers are given."""
    node.only(("identity", "takes", "timeout"))
    word = node.get("identity")
    told = word.one_of(tuple(IdentityStep)) if word else ""
    step = IdentityStep(told) if told in tuple(IdentityStep) else IdentityStep.RECOGNISE
    facts = FACT_ARGUMENTS if step in (IdentityStep.MATCH_FACTS, IdentityStep.SPOKEN_ID) else ()
    takes_node = node.get("takes")
    for entry in takes_node.entries() if takes_node and takes_node.is_list() else ():
        if entry.text() not in facts:
            fix = did_you_mean(entry.text(), facts) if facts else "Remove takes: what this step is given is fixed."
            entry.fault("argument", f"{step.value} takes no {entry.text()!r}", fix)
    return ServiceSpec(
        name=name,
        method="",
        url="",
        timeout_ms=_timeout_ms(node) if node.has("timeout") else IDENTITY_TIMEOUT_MS,
        outcomes=(),
        takes=STEP_TAKES.get(step, ()),
        optional=_takes(node) if facts and takes_node else facts,
        identity=step,
    )


READERS: Mapping[str, Callable[[str, Node], ServiceSpec]] = MappingProxyType(
    {"url": _read_http, "rasa_action": _read_rasa, "python": _read_python, "identity": _read_identity}
)
"""Kinds of services: the word that tells each from the others, and its reader."""


def _timeout_ms(node: Node) -> int:
    timeout = node.get("timeout")
    return timeout.duration_ms() if timeout else 3_000


def _takes(node: Node) -> tuple[str, ...]:
    takes = node.get("takes")
    return takes.texts() if takes else ()


def _retries(node: Node, method: str) -> int:
    retries_node, safe_node = node.get("retries"), node.get("idempotent")
    retries = retries_node.whole(0, 5) if retries_node else 0
    if retries and method not in IDEMPOTENT and not (safe_node and safe_node.flag()):
        (retries_node or node).fault(
            "unsafe-retry", f"{method} is not safe to repeat", "Remove retries or declare idempotent: true."
        )
    return retries


def _idempotent(node: Node) -> bool:
    declared = node.get("idempotent")
    return declared.flag() if declared else False


def _outcomes(name: str, node: Node, names: frozenset[str]) -> tuple[OutcomeSpec, ...]:
    outcomes_node = node.get("outcomes")
    outcomes = tuple(_read_outcome(n, o, names) for n, o in outcomes_node.items()) if outcomes_node else ()
    if not outcomes:
        example = "{ok: {}}" if names == _PYTHON_NAMES else "{ok: {when: status == 200}}"
        node.fault("missing", f"service {name} has no outcomes", f"Add outcomes: {example}.")
    return outcomes


def _refuse_secrets(node: Node) -> None:
    """A password in a file that is copied, shown and versioned is no secret any more."""
    auth, url = node.get("auth"), node.get("url")
    if auth and isinstance(auth.value, str) and not _VARIABLE.fullmatch(auth.value):
        fix = "Write the name of an environment variable, like auth: CRM_TOKEN."
        auth.fault("secret", "auth holds a secret itself, or no name of a variable", fix)
    found = [url] if url and isinstance(url.value, str) and _SECRET_URL.search(url.value) else []
    for part in filter(None, (node.get("query"), node.get("body"))):
        for name, entry in part.items():
            if _SECRET_NAME.search(name) and isinstance(entry.value, str) and "{" not in entry.value:
                found.append(entry)
    for entry in found:
        entry.fault("secret", f"{entry.name} holds a secret", "Take it from the environment: ${NAME}.")


def _templates(node: Node | None) -> dict[str, str]:
    return {key: entry.text() for key, entry in node.items()} if node else {}


def _read_outcome(name: str, node: Node, names: frozenset[str]) -> OutcomeSpec:
    told = names == _PYTHON_NAMES  # the function says which outcome it is
    node.only(("set", "identifies") if told else ("when", "set", "identifies"))
    if name in ("error", "timeout") or (name == "rejected" and names == _RASA_NAMES):
        node.fault("reserved", f"the outcome {name!r} happens by itself", "Give this outcome another name.")
    when, level, slots = None if told else node.get("when"), node.get("identifies"), node.get("set")
    if when is None and not told:
        node.fault("missing", f"outcome {name} has no condition", "Add when: status == 200.")
    expressions = _templates(slots)
    for place, expression in ((when, when.text() if when else ""), *((slots, e) for e in expressions.values())):
        if place and expression:
            try:
                conditions.check(expression, names)
            except conditions.ConditionError as error:
                place.fault("condition", str(error), f"Use only {' and '.join(sorted(names, reverse=True))} here.")
    identifies = Level[level.one_of(("L1", "L2", "L3", "L4"))] if level else None
    if identifies and "customer" not in expressions:
        source = "slots.customer" if told else "body"
        node.fault("missing", f"outcome {name} identifies nobody", f"Add set: {{customer: {source}}}.")
    return OutcomeSpec(name=name, when=when.text() if when else "", slots=expressions, identifies=identifies)
