"""What a customer's service is called with and what its answers mean: a specification, no I/O.

Owns the filling of templates and the mapping of an answer to an outcome. A service is an HTTP request, an action of a
Rasa action server, a Python function, or a step of identification. The caller that opens sockets, runs functions,
waits and retries lives in the call room.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from ivr.dialog import conditions
from ivr.model.dialog import ServiceEnded
from ivr.model.errors import ServiceError
from ivr.model.identity import STEP_OUTCOMES, Customer, Identity, IdentityStep, Level

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_ENVIRONMENT = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeSpec:
    """When an answer is this outcome. when: condition over status (int) and body (JSON), for a Rasa action also slots
    (name -> value) and responses (list); "" for a Python action, which names its outcome itself. slots: slot ->
    expression over the same. identifies: the level the caller reaches by it (the answer then sets the reserved
    `customer`)."""

    name: str
    when: str
    slots: Mapping[str, str] = field(default_factory=dict)
    identifies: Level | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSpec:
    """One service. url may hold ${ENVIRONMENT} and {argument}; query and body: name -> template.

    auth_env: environment variable with a bearer token, "" = none. timeout_ms: for one try. retries: further tries
    after a failure to connect or a 5xx; 0 unless the method is idempotent or declared so. action: of the Rasa action
    server at url, "" = none. python: "package.module:function" or the name of an entry point, "" = none (url is then
    ""). takes: the arguments an action is given; all of them, None when absent. idempotent: declared so. identity: the
    step of identification done by ourselves, None = a customer's service. optional: arguments it can do without.
    needs: the level below which it is never called, and nothing it brought is told.
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
    action: str = ""
    python: str = ""
    takes: tuple[str, ...] = ()
    idempotent: bool = False
    identity: IdentityStep | None = None
    optional: tuple[str, ...] = ()
    needs: Level = Level.L0

    @property
    def repeatable(self) -> bool:
        """May it be called again with other arguments, as if the first call had not been?"""
        return self.idempotent or self.method == "GET"

    @property
    def outcome_names(self) -> frozenset[str]:
        """Everything ServiceEnded.outcome can be."""
        if self.identity is not None:
            return STEP_OUTCOMES[self.identity]
        by_itself = {"error", "timeout", "rejected"} if self.action else {"error", "timeout"}
        return frozenset({o.name for o in self.outcomes} | by_itself)

    @property
    def arguments(self) -> frozenset[str]:
        """The arguments the templates use, or the action takes."""
        return _placeholders(self.body.values()) | self.url_arguments | frozenset(self.takes)

    @property
    def accepted(self) -> frozenset[str]:
        """All arguments it may be given."""
        return self.arguments | frozenset(self.optional)

    @property
    def url_arguments(self) -> frozenset[str]:
        """The arguments that go into the URL or its query."""
        return _placeholders((self.url, *self.query.values()))


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
    names: dict[str, Any] = {"status": status, "body": body}
    brought: dict[str, Any] = {}
    if spec.action:
        said = body if isinstance(body, Mapping) else {}
        if status == 400 and "action_name" in said:  # the SDK's ActionExecutionRejection
            return "rejected", {}
        if status != 200:  # the action did not run; conditions on what it left unset would hold all the same
            return "error", {}
        events, responses = said.get("events"), said.get("responses")
        brought = _slots_set(events)
        names |= {"slots": brought, "responses": responses if isinstance(responses, list) else []}
    for outcome in spec.outcomes:
        if conditions.holds(outcome.when, names):
            return _with_values(outcome, names, brought)
    return "error", {}


def interpret_result(spec: ServiceSpec, outcome: str, values: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """(outcome, slot values) of what a Python action returned; ("error", {}) when services.yml lists no such outcome
    or its values cannot be read."""
    listed = next((o for o in spec.outcomes if o.name == outcome), None)
    return _with_values(listed, {"slots": values}, values) if listed else ("error", {})


def _with_values(
    outcome: OutcomeSpec, names: Mapping[str, Any], brought: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    try:
        set_ = {slot: conditions.evaluate(e, names) for slot, e in outcome.slots.items()}
    except conditions.ConditionError:
        return "error", {}
    return outcome.name, {**brought, **set_}


def _slots_set(events: Any) -> dict[str, Any]:
    """What the slot events of a Rasa action say; None empties a slot. Other events are no matter of this dialog."""
    listed = [e for e in events if isinstance(e, Mapping)] if isinstance(events, list) else []
    return {str(e["name"]): e.get("value") for e in listed if e.get("event") == "slot" and e.get("name")}


def _placeholders(templates: Iterable[str]) -> frozenset[str]:
    return frozenset(name for t in templates for name in _PLACEHOLDER.findall(_ENVIRONMENT.sub("", t)))


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


def told_ended(spec: ServiceSpec, at_ms: int, outcome: str, values: Mapping[str, Any]) -> ServiceEnded:
    """The answer of a service as a conversation test tells it. An identity service proves {customer: {...}, level: L2}
    of its values, nothing when they name no customer."""
    customer, level = customer_of(values.get("customer")), str(values.get("level") or "L1")
    proven = spec.identity is not None and customer is not None and level in Level.__members__
    identity = Identity(level=Level[level], customer=customer, evidence=("told",)) if proven else None
    return ServiceEnded(at_ms=at_ms, service=spec.name, outcome=outcome, values=values, identity=identity)


def _fill(template: str, args: Mapping[str, Any]) -> Any:
    """A template's value: the argument itself when the template is nothing but one placeholder."""
    whole = _PLACEHOLDER.fullmatch(template)
    if whole:
        return args.get(whole[1])
    return _PLACEHOLDER.sub(lambda m: "" if args.get(m[1]) is None else str(args[m[1]]), template)
