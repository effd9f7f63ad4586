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


def lookup(path: str, names: Mapping[str, Any]) -> Any:
    """The value of a dotted path ("claim.amount"), None when any part is missing."""
    value: Any = names
    for part in path.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return value
