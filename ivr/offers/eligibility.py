"""The `eligible:` expression of a product: a condition over the customer and this call, checked when it is loaded.

Only the names listed here exist; evaluation is simpleeval's, never Python's. Anything unknown about a caller
(no age in the profile) makes the caller ineligible: an offer is never made on a guess.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from simpleeval import EvalWithCompoundTypes, InvalidExpression  # type: ignore[import-untyped]

from ivr.model.identity import Customer


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerView:
    """What `customer.` may name. age in whole years, tenure_years since the first policy; None when unknown."""

    lines: tuple[str, ...]
    owns: tuple[str, ...]
    flags: tuple[str, ...]
    language: str
    segment: str
    age: int | None
    tenure_years: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallView:
    """What `call.` may name."""

    intent: str
    language: str


_VIEWS: dict[str, frozenset[str]] = {
    "customer": frozenset(f.name for f in fields(CustomerView)),
    "call": frozenset(f.name for f in fields(CallView)),
}
_ASKED = {"owns": "owns", "has_line": "lines"}
"""Function -> what of the customer it asks."""
_KINDS: dict[str, str] = {
    f.name: "list" if "tuple" in str(f.type) else "text" if "str" in str(f.type) else "number"
    for view in (CustomerView, CallView)
    for f in fields(view)
}
_GRAMMAR = (
    ast.Expression,
    ast.BoolOp,
    ast.boolop,
    ast.UnaryOp,
    ast.Not,
    ast.Compare,
    ast.cmpop,
    ast.Constant,
    ast.Name,
    ast.Load,
    ast.Attribute,
    ast.Call,
    ast.Tuple,
    ast.List,
)


def view_of(customer: Customer, now: datetime) -> CustomerView:
    """The customer as expressions see it. age comes from the profile's `age`, else from its `birth_date`."""
    return CustomerView(
        lines=customer.lines,
        owns=customer.owns,
        flags=customer.flags,
        language=customer.language,
        segment=str(customer.profile.get("segment", "")),
        age=age_of(customer, now),
        tenure_years=_number(customer.profile.get("tenure_years")),
    )


def age_of(customer: Customer, now: datetime) -> int | None:
    """Whole years, or None when the profile says neither `age` nor a readable ISO `birth_date`."""
    age = _number(customer.profile.get("age"))
    if age is not None:
        return int(age)
    try:
        born = date.fromisoformat(str(customer.profile.get("birth_date", ""))[:10])
    except ValueError:
        return None
    today = now.date()
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


class Eligibility:
    """A compiled expression. Raises ValueError, saying what is unknown, when the text is not one."""

    def __init__(self, text: str) -> None:
        self.text = text
        problems = tuple(_problems(text))
        if problems:
            raise ValueError("; ".join(problems))
        self._parsed: Any = EvalWithCompoundTypes.parse(text.strip())
        self._evaluator = EvalWithCompoundTypes()  # making one costs ten times what an evaluation does
        nodes = list(ast.walk(ast.parse(text.strip(), mode="eval")))
        self._asks = any(isinstance(node, ast.Call) for node in nodes)
        self.of_customer = tuple(dict.fromkeys(n.attr for n in nodes if isinstance(n, ast.Attribute) and _of(n)))
        """The names after `customer.` the expression asks for, each once."""

    def missing(self, customer: CustomerView, call: CallView) -> str:
        """Why the expression does not hold; "" when it does."""
        self._evaluator.names = {"customer": customer, "call": call}
        if self._asks:
            self._evaluator.functions = {"owns": customer.owns.__contains__, "has_line": customer.lines.__contains__}
        try:
            holds = self._evaluator.eval(self.text, previously_parsed=self._parsed)
        except (InvalidExpression, TypeError, ValueError, ArithmeticError) as error:
            unknown = [f"customer.{name}" for name in self.of_customer if getattr(customer, name) is None]
            return f"not known: {', '.join(unknown)}" if unknown else f"cannot be decided: {error}"
        return "" if holds else f"not true: {self.text}"


def named(text: str, kind: str) -> frozenset[str]:
    """The words an expression holds against customer.lines, customer.owns, call.intent and so on. kind: the last part
    of that name; text must be valid."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text.strip(), mode="eval")):
        match node:
            case ast.Call(func=ast.Name(id=asked), args=[ast.Constant(value=str(word))]) if _ASKED.get(asked) == kind:
                found.add(word)
            case ast.Compare(left=left, comparators=comparators):
                operands = [left, *comparators]
                if any(isinstance(operand, ast.Attribute) and operand.attr == kind for operand in operands):
                    constants = (value for operand in operands for value in _constants(operand))
                    found.update(value for value in constants if isinstance(value, str))
    return frozenset(found)


def _of(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "customer"


def _problems(text: str) -> Iterator[str]:
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError as error:
        yield f"not an expression: {error.msg}"
        return
    accounted: set[ast.AST] = set()
    for node in ast.walk(tree):
        if not isinstance(node, _GRAMMAR):
            yield f"{type(node).__name__} is not allowed; use and, or, not, comparisons, in"
        match node:
            case ast.Attribute(value=ast.Name(id=name) as base, attr=attr) if name in _VIEWS:
                accounted.add(base)
                if attr not in _VIEWS[name]:
                    yield f"unknown name {name}.{attr}; known: {', '.join(sorted(_VIEWS[name]))}"
            case ast.Call(func=ast.Name(id=name) as base, args=[ast.Constant()], keywords=[]) if name in _ASKED:
                accounted.add(base)
            case ast.Attribute() | ast.Call():
                yield f"{ast.unparse(node)} is not allowed; use customer.x, call.x, owns('x'), has_line('x')"
            case ast.Name(id=name) if node not in accounted:
                yield f"unknown name {name}" + (f"; write {name.title()}" if name in ("true", "false") else "")
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                for one, how, other in zip([left, *comparators], ops, comparators, strict=False):
                    yield from _incomparable(one, how, other)


def _incomparable(left: ast.expr, how: ast.cmpop, right: ast.expr) -> Iterator[str]:
    """Comparisons that can never hold, or never be decided: an age with a word, a list with a number."""
    for side, other in ((left, right), (right, left)):
        if not isinstance(side, ast.Attribute) or side.attr not in _KINDS:
            continue
        name, kind = ast.unparse(side), _KINDS[side.attr]
        contains = isinstance(how, ast.In | ast.NotIn)
        if kind == "list" and not (contains and side is right):
            yield f"{name} is a list; write 'word' in {name}"
        elif contains and side is right and kind == "number":
            yield f"{name} is a number, in which there is nothing to look for"
        else:
            wanted, called = ((int, float), "number") if kind == "number" else ((str,), "word")
            for value in _constants(other):
                if value is not None and (isinstance(value, bool) or not isinstance(value, wanted)):
                    held = "holds words" if kind == "list" else f"is a {called}"
                    yield f"{name} {held}, and {value!r} is no {called}"


def _constants(node: ast.expr) -> Iterator[object]:
    """The value of a constant, or of each in a list."""
    for each in node.elts if isinstance(node, ast.Tuple | ast.List) else (node,):
        if isinstance(each, ast.Constant):
            yield each.value


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
