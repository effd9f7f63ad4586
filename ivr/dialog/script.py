"""The files of conversation tests: what callers do, what the outside answers, what must happen. Reading only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ivr.dialog.source import Faults, Node, read
from ivr.model.errors import DesignError
from ivr.model.offers import OfferDecision, OfferScript, StatedQuestion
from ivr.model.routing import TransferResult

ACTIONS = ("user", "dtmf", "silence", "noise", "hearing", "hangup")
EXPECTED = ("bot", "action", "handoff", "consent", "offer", "fulfilled", "survey", "stated", "callback", "ends")
OFFER_WORDS = ("ask", "pitch", "confirm", "accepted", "declined")
COMPLAINTS = ("complaint",)
_ASKED_AFTER = ("survey", "stated", "thanks")
_FOLLOWING = ("fulfil", "otherwise")
_OFFER_FLAGS = ("asks_consent", "holdout")
STATE = ("intent", "step", "level", "outcome", "disposition", "slots", "requests")
CAME_FROM = ("overflow_from", "waited_s", "ways", "expected_wait", "returned", "returned_intent", "returned_status")
SHARED = ("caller", "mock", "offers", "agents", "started_at", "cut_off", "language")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mock:
    """What a service answers when its arguments include these. delay_ms is virtual time."""

    args: Mapping[str, Any]
    outcome: str
    values: Mapping[str, Any]
    delay_ms: int = 0

    def fits(self, args: Mapping[str, Any]) -> bool:
        return all(args.get(name) == value for name, value in self.args.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line: an action of the caller, or something the bot must do. contains: parts of the words said; data: fields
    the happening must have; expect: the state afterwards (see STATE)."""

    number: int
    kind: str
    what: str
    confidence: float = 0.95
    margin: float | None = None
    contains: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    expect: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A test. customer: who the number belongs to, empty = unknown. agents: results of handoffs, in order, then
    "answered". offers: what the offer desk speaks, in order, then nothing. came_from: facts of a call from a full
    queue, or of one that comes back."""

    name: str
    file: str
    number: int
    language: str
    lines: tuple[Line, ...]
    ani: str
    customer: Mapping[str, Any]
    started_at: str
    cut_off: bool
    mocks: Mapping[str, tuple[Mock, ...]]
    offers: tuple[Mapping[str, str], ...]
    agents: tuple[str, ...]
    came_from: Mapping[str, Any] = field(default_factory=dict)


def load(path: Path, folder: Path) -> tuple[Conversation, ...]:
    """The conversations of a file. Raises DesignError with every fault."""
    faults = Faults()
    top = read(path, folder, faults)
    found: list[Conversation] = []
    if top is not None:
        top.only(("version", "tests", *SHARED))
        tests = top.get("tests")
        if tests is None:
            top.fault("missing", "the file has no tests", "Add tests: and a list under it.")
        else:
            found = [read_conversation(node, top) for node in tests.entries() if node.is_map()]
    if faults.found:
        raise DesignError(tuple(sorted(faults.found)))
    return tuple(found)


def read_conversation(node: Node, top: Node) -> Conversation:
    """One test; what it does not say itself is taken from its file."""
    node.only(("name", "turns", *SHARED))

    def shared(key: str) -> Node | None:
        return node.get(key) if node.has(key) else top.get(key)

    name, turns = node.get("name"), node.get("turns")
    caller, started, cut_off, language = (shared(k) for k in ("caller", "started_at", "cut_off", "language"))
    offers, agents = shared("offers"), shared("agents")
    if name is None or turns is None:
        node.fault("missing", "a test needs a name and turns", "Add name: and turns:.")
    if caller:
        caller.only(("ani", "customer", *CAME_FROM))
    ani, customer = (caller.get("ani"), caller.get("customer")) if caller else (None, None)
    return Conversation(
        name=name.text() if name else "",
        file=node.file,
        number=node.line,
        language=language.text() if language else "en",
        lines=tuple(read_line(t) for t in turns.entries() if t.is_map()) if turns else (),
        ani=ani.text() if ani else "",
        came_from={name: value.plain() for name in CAME_FROM if caller and (value := caller.get(name))},
        customer=customer.plain() if customer else {},
        started_at=started.text() if started else "2026-11-20T09:00:00.000Z",
        cut_off=cut_off.flag() if cut_off else False,
        mocks=_mocks(top.get("mock")) | _mocks(node.get("mock")),
        offers=tuple(_offer(o) for o in offers.entries()) if offers else (),
        agents=tuple(a.one_of([r.value for r in TransferResult]) for a in agents.entries()) if agents else (),
    )


def read_line(node: Node) -> Line:
    """One turn."""
    kinds = [k for k in (*ACTIONS, *EXPECTED) if node.has(k)]
    if len(kinds) != 1:
        node.fault("turn", "a turn is exactly one thing", f"One of {', '.join((*ACTIONS, *EXPECTED))}.")
        return Line(number=node.line, kind="bot", what="")
    kind = kinds[0]
    node.only((kind, "confidence", "margin", "text_contains", "with", "expect"))
    value, confidence, margin = node.get(kind), node.get("confidence"), node.get("margin")
    contains, data, expect = node.get("text_contains"), node.get("with"), node.get("expect")
    if expect:
        expect.only(STATE)
    what = value.text() if value is not None and not isinstance(value.value, bool) else ""
    return Line(
        number=node.line,
        kind=kind,
        what=what,
        confidence=confidence.number(0, 1) if confidence else 0.95,
        margin=margin.number(0, 50) if margin else None,
        contains=contains.texts() if contains else (),
        data=data.plain() if data else {},
        expect=expect.plain() if expect else {},
    )


def _mocks(node: Node | None) -> dict[str, tuple[Mock, ...]]:
    found: dict[str, tuple[Mock, ...]] = {}
    for service, answers in node.items() if node else ():
        mocks = []
        for answer in answers.entries():
            answer.only(("with", "outcome", "set", "delay"))
            args, outcome, values, delay = (answer.get(k) for k in ("with", "outcome", "set", "delay"))
            mocks.append(
                Mock(
                    args=args.plain() if args else {},
                    outcome=outcome.text() if outcome else "ok",
                    values=values.plain() if values else {},
                    delay_ms=delay.duration_ms() if delay else 0,
                )
            )
        found[service] = tuple(mocks)
    return found


def _offer(node: Node) -> Mapping[str, str]:
    node.only(("product", *OFFER_WORDS, *_ASKED_AFTER, *_FOLLOWING, *_OFFER_FLAGS))
    told = {k: (e.text() if (e := node.get(k)) else k) for k in ("product", *OFFER_WORDS)}
    asked = {k: (e.text() if (e := node.get(k)) else "") for k in (*_ASKED_AFTER, *_FOLLOWING)}
    return {**told, **asked, **{k: "yes" if (e := node.get(k)) is not None and e.flag() else "" for k in _OFFER_FLAGS}}


def decision_of(told: Mapping[str, str] | None) -> OfferDecision:
    """What the offer desk says with one of Conversation.offers; None: with nothing."""
    if told is None:
        return OfferDecision(opportunity_id="test", arm="none", speak=False, household="test")
    asked = StatedQuestion(ask=told["stated"], thanks=told["thanks"], never_after=COMPLAINTS)
    speak = not told["holdout"]
    return OfferDecision(
        opportunity_id="test",
        arm="treat" if speak else "holdout",
        speak=speak,
        household="test",
        product=told["product"],
        script=OfferScript(**{k: told[k] for k in (*OFFER_WORDS, "otherwise")}) if speak else None,
        survey=told["survey"],
        stated=asked if speak and asked.ask else None,
        fulfil=told["fulfil"],
        title=told["product"],
        asks_consent=bool(told["asks_consent"]),
    )
