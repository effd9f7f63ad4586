"""What a customer's HTTP service is called with and what its answers mean: a specification, no I/O.

Owns the reading of services.yml, the filling of templates and the mapping of an answer to an outcome. The caller that
opens sockets, waits and retries lives in the call room.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from ivr.dialog import conditions
from ivr.dialog.source import Node
from ivr.model.errors import ServiceError
from ivr.model.identity import Customer, Level

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_ENVIRONMENT = re.compile(r"\$\{(\w+)\}")
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
_SECRET_NAME = re.compile(r"(?i)passw|secret|token|api_?key|credential")
_SECRET_URL = re.compile(r"://[^/\s:@{}]+:[^/\s@{}]+@|(?i:passw\w*|secret|token|api_?key)=[^&{$]")
_ANSWER_NAMES = frozenset({"status", "body"})
IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE"})
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeSpec:
    """When an answer is this outcome. when: condition over status (int) and body (JSON). slots: slot -> expression
    over the same. identifies: the level the caller reaches by it (the answer then sets the reserved `customer`)."""

    name: str
    when: str
    slots: Mapping[str, str] = field(default_factory=dict)
    identifies: Level | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSpec:
    """One service. url may hold ${ENVIRONMENT} and {argument}; query and body: name -> template.

    auth_env: environment variable with a bearer token, "" = none. timeout_ms: for one try. retries: further tries
    after a failure to connect or a 5xx; 0 unless the method is idempotent or declared so.
    """

    name: str
    method: str
    url: str
    timeout_ms: int
    outcomes: tuple[OutcomeSpec, ...]
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, str] = field(default_factory=dict)
    auth_env: str = ""
    retries: int = 0

    @property
    def outcome_names(self) -> frozenset[str]:
        """Everything ServiceEnded.outcome can be."""
        return frozenset({o.name for o in self.outcomes} | {"error", "timeout"})

    @property
    def arguments(self) -> frozenset[str]:
        """The arguments the templates use."""
        templates = (self.url, *self.query.values(), *self.body.values())
        return frozenset(name for t in templates for name in _PLACEHOLDER.findall(_ENVIRONMENT.sub("", t)))

    @property
    def url_arguments(self) -> frozenset[str]:
        """The arguments that go into the URL or its query."""
        templates = (self.url, *self.query.values())
        return frozenset(name for t in templates for name in _PLACEHOLDER.findall(_ENVIRONMENT.sub("", t)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRequest:
    """A request ready to send. json is None for methods without a body."""

    method: str
    url: str
    json: Mapping[str, Any] | None
    headers: Mapping[str, str]


def request_of(spec: ServiceSpec, args: Mapping[str, Any], environment: Mapping[str, str]) -> ServiceRequest:
    """Fill the templates. Arguments are percent-encoded in the URL; absent ones (None) leave their query or body field
    out. Raises ServiceError when an environment variable or an argument of the path is missing."""

    def variable(match: re.Match[str]) -> str:
        if match[1] not in environment:
            raise ServiceError(f"service {spec.name}: the environment variable {match[1]} is not set")
        return environment[match[1]]

    def path_part(match: re.Match[str]) -> str:
        if args.get(match[1]) is None:
            raise ServiceError(f"service {spec.name}: no value for {{{match[1]}}} in the URL")
        return quote(str(args[match[1]]), safe="")

    # Environment first: its values may hold a scheme and slashes and must not be percent-encoded.
    pieces = re.split(r"(\$\{\w+\})", spec.url)
    url = "".join(
        _ENVIRONMENT.sub(variable, p) if p.startswith("${") else _PLACEHOLDER.sub(path_part, p) for p in pieces
    )
    query = {k: v for k, v in ((k, _fill(t, args)) for k, t in spec.query.items()) if v is not None}
    if query:
        url += ("&" if "?" in url else "?") + urlencode(query)
    body = {k: v for k, v in ((k, _fill(t, args)) for k, t in spec.body.items()) if v is not None}
    headers = {}
    if spec.auth_env:
        if spec.auth_env not in environment:
            raise ServiceError(f"service {spec.name}: the environment variable {spec.auth_env} is not set")
        headers["Authorization"] = f"Bearer {environment[spec.auth_env]}"
    return ServiceRequest(method=spec.method, url=url, json=body if spec.body else None, headers=headers)


def interpret(spec: ServiceSpec, status: int, body: Any) -> tuple[str, dict[str, Any]]:
    """(outcome, slot values) of an HTTP answer; ("error", {}) when no outcome fits or its values cannot be read."""
    names = {"status": status, "body": body}
    for outcome in spec.outcomes:
        if conditions.holds(outcome.when, names):
            try:
                return outcome.name, {slot: conditions.evaluate(e, names) for slot, e in outcome.slots.items()}
            except conditions.ConditionError:
                return "error", {}
    return "error", {}


def customer_of(body: Any) -> Customer | None:
    """The customer in a CRM answer {customer_id, household, name, lines, owns, flags, language, profile}, or None."""
    if not isinstance(body, Mapping) or not body.get("customer_id"):
        return None

    def words(key: str) -> tuple[str, ...]:
        value = body.get(key)
        return tuple(str(v) for v in value) if isinstance(value, list | tuple) else ()

    profile = body.get("profile")
    return Customer(
        customer_id=str(body["customer_id"]),
        household=str(body.get("household") or body["customer_id"]),
        name=str(body.get("name") or ""),
        language=str(body.get("language") or ""),
        lines=words("lines"),
        owns=words("owns"),
        flags=words("flags"),
        profile=dict(profile) if isinstance(profile, Mapping) else {},
    )


def _fill(template: str, args: Mapping[str, Any]) -> Any:
    """A template's value: the argument itself when the template is nothing but one placeholder."""
    whole = _PLACEHOLDER.fullmatch(template)
    if whole:
        return args.get(whole[1])
    return _PLACEHOLDER.sub(lambda m: "" if args.get(m[1]) is None else str(args[m[1]]), template)


# ---- reading services.yml -----------------------------------------------------------------------------------------


def read_services(top: Node) -> dict[str, ServiceSpec]:
    """All services of the file; faults are collected in the node."""
    top.only(("version", "services"))
    node = top.get("services")
    if node is None:
        return {}
    return {name: _read_service(name, entry) for name, entry in node.items()}


def _read_service(name: str, node: Node) -> ServiceSpec:
    node.only(("method", "url", "query", "body", "auth", "timeout", "retries", "idempotent", "outcomes"))
    url = node.get("url")
    if url is None:
        node.fault("missing", f"service {name} has no url", "Add url: ${CRM_URL}/...")
    method_node, timeout, auth = node.get("method"), node.get("timeout"), node.get("auth")
    _refuse_secrets(node)
    method = method_node.one_of(METHODS) if method_node else "GET"
    retries_node, safe_node = node.get("retries"), node.get("idempotent")
    retries = retries_node.whole(0, 5) if retries_node else 0
    if retries and method not in IDEMPOTENT and not (safe_node and safe_node.flag()):
        (retries_node or node).fault(
            "unsafe-retry", f"{method} is not safe to repeat", "Remove retries or declare idempotent: true."
        )
    outcomes_node = node.get("outcomes")
    outcomes = tuple(_read_outcome(n, o) for n, o in outcomes_node.items()) if outcomes_node else ()
    if not outcomes:
        node.fault("missing", f"service {name} has no outcomes", "Add outcomes: {ok: {when: status == 200}}.")
    return ServiceSpec(
        name=name,
        method=method,
        url=url.text() if url else "",
        timeout_ms=timeout.duration_ms() if timeout else 3_000,
        outcomes=outcomes,
        query=_templates(node.get("query")),
        body=_templates(node.get("body")),
        auth_env=auth.text() if auth else "",
        retries=retries,
    )


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


def _read_outcome(name: str, node: Node) -> OutcomeSpec:
    node.only(("when", "set", "identifies"))
    if name in ("error", "timeout"):
        node.fault("reserved", f"the outcome {name!r} happens by itself", "Give this outcome another name.")
    when, level, slots = node.get("when"), node.get("identifies"), node.get("set")
    if when is None:
        node.fault("missing", f"outcome {name} has no condition", "Add when: status == 200.")
    expressions = _templates(slots)
    for place, expression in ((when, when.text() if when else ""), *((slots, e) for e in expressions.values())):
        if place and expression:
            try:
                conditions.check(expression, _ANSWER_NAMES)
            except conditions.ConditionError as error:
                place.fault("condition", str(error), "Use only status and body here.")
    identifies = Level[level.one_of(("L1", "L2", "L3", "L4"))] if level else None
    if identifies and "customer" not in expressions:
        node.fault("missing", f"outcome {name} identifies nobody", "Add set: {customer: body}.")
    return OutcomeSpec(name=name, when=when.text() if when else "", slots=expressions, identifies=identifies)
