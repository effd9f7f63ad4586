"""Conditions of designers (`claim.status == "paid"`): expressions over a fixed list of names, no side effects.

Owns which names and functions exist; refuses everything else when the file is loaded, so nothing is refused in a call.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from simpleeval import EvalWithCompoundTypes, InvalidExpression  # type: ignore[import-untyped]

MAX_LENGTH = 300

_FUNCTIONS = {"len": len, "lower": lambda text: str(text).lower()}
_NEVER_FAIL = (
    *(ast.Name, ast.Constant, ast.Load, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not),
    *(ast.Compare, ast.Eq, ast.NotEq, ast.Is, ast.IsNot),
)
_CONSTANTS = {"true": True, "false": False, "none": None}


class ConditionError(Exception):
    """An expression cannot be used; the message says why. unknown: the name that does not exist, if that is it."""

    def __init__(self, message: str, unknown: str = "") -> None:
        super().__init__(message)
        self.unknown = unknown


def check(expression: str, names: frozenset[str]) -> None:
    """Raise ConditionError unless the expression is well-formed and uses only these names."""
    if len(expression) > MAX_LENGTH:
        raise ConditionError(f"longer than {MAX_LENGTH} characters")
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except (SyntaxError, ValueError) as error:
        raise ConditionError(f"not an expression ({error})") from error
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id not in names | _FUNCTIONS.keys() | _CONSTANTS.keys():
            raise ConditionError(f"unknown name {node.id!r}", node.id)
        if isinstance(node, ast.Attribute) and node.attr.startswith("_"):
            raise ConditionError(f"the name {node.attr!r} may not begin with _")
        if isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp | ast.NamedExpr):
            raise ConditionError("only comparisons, and, or, not, in, arithmetic, len() and lower()")


def evaluate(expression: str, names: Mapping[str, Any]) -> Any:
    """The value of the expression. Raises ConditionError when it cannot be computed from these values."""
    evaluator = EvalWithCompoundTypes(names={**names, **_CONSTANTS}, functions=_FUNCTIONS)
    try:
        return evaluator.eval(expression.strip())
    except (InvalidExpression, TypeError, ValueError, KeyError, AttributeError, ArithmeticError, SyntaxError) as error:
        raise ConditionError(f"{expression}: {error}") from error


def holds(expression: str, names: Mapping[str, Any]) -> bool:
    """Is it true? What cannot be computed (a missing field of a service's answer) is not."""
    try:
        return bool(evaluate(expression, names))
    except ConditionError:
        return False


def proves(expression: str) -> frozenset[str]:
    """Names that surely have a value when the expression holds."""
    return _known(_tree(expression), holds=True)


def disproves(expression: str) -> frozenset[str]:
    """Names that surely have a value when the expression does not hold: "not x" fails only for an x. What may fail for
    want of a value ("not claim.open") tells nothing."""
    tree = _tree(expression)
    safe = all(isinstance(node, _NEVER_FAIL) for node in ast.walk(tree))
    return _known(tree, holds=False) if safe else frozenset()


def _tree(expression: str) -> ast.expr:
    try:
        return ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        return ast.Constant(value=None)


def _known(node: ast.expr, *, holds: bool) -> frozenset[str]:
    """Names with a value when this part holds, or does not. What cannot be computed does not hold, so a part that is
    always computed and needs a value ("claim.amount > 1") proves it."""
    match node:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _known(operand, holds=not holds) | (_needed(operand) if holds else frozenset())
        case ast.BoolOp(op=op, values=values):
            each = [_known(value, holds=holds) for value in values]
            together = isinstance(op, ast.And) == holds
            joined = frozenset[str]().union(*each) if together else each[0].intersection(*each[1:])
            return joined | (_needed(values[0]) if holds else frozenset())
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            absent = [isinstance(side, ast.Name | ast.Constant) and _is_none(side) for side in (left, right)]
            there = isinstance(op, ast.NotEq | ast.IsNot) == holds if any(absent) else _rules_none_out(op) and holds
            return (_names(left) | _names(right) if there else frozenset()) | (_needed(node) if holds else frozenset())
        case ast.Name(id=name) if holds and name not in _CONSTANTS:
            return frozenset({name})
    return _needed(node) if holds else frozenset()


def _rules_none_out(op: ast.cmpop) -> bool:
    return not isinstance(op, ast.NotEq | ast.NotIn | ast.IsNot)


def _is_none(node: ast.Name | ast.Constant) -> bool:
    return node.id == "none" if isinstance(node, ast.Name) else node.value is None


def _names(node: ast.expr) -> frozenset[str]:
    """The name a plain operand is about."""
    return frozenset({node.id} - _CONSTANTS.keys()) if isinstance(node, ast.Name) else frozenset()


def _needed(node: ast.expr) -> frozenset[str]:
    """Names whose parts are looked at, whatever the rest comes to: without a value nothing could be computed. Of "and"
    and "or" only the first part is computed for sure."""
    if isinstance(node, ast.BoolOp):
        return _needed(node.values[0])
    parts = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
    found = frozenset[str]().union(*map(_needed, parts)) if parts else frozenset[str]()
    if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.value, ast.Name):
        return found | {node.value.id}
    return found


def lookup(path: str, names: Mapping[str, Any]) -> Any:
    """The value of a dotted path ("claim.amount"), None when any part is missing."""
    value: Any = names
    for part in path.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return value
