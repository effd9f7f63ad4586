"""What a condition can come to when only some of its names are known."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType

_COMPARED: Mapping[type[ast.cmpop], Callable[[int, int], bool]] = MappingProxyType(
    {
        ast.Eq: operator.eq,
        ast.NotEq: operator.ne,
        ast.Lt: operator.lt,
        ast.LtE: operator.le,
        ast.Gt: operator.gt,
        ast.GtE: operator.ge,
    }
)

Found = frozenset[bool | None]
"""True, False, and None: it cannot be computed, which counts as not holding."""

ANYTHING: Found = frozenset({True, False, None})


def decided(expression: str, known: Mapping[str, int]) -> frozenset[bool]:
    """Whether it can hold, whether it can fail to. Evaluated in the order in which conditions are, from left to
    right."""
    tree = _tree(expression)
    found = _value(tree, known) if tree is not None else ANYTHING
    return frozenset({True}) & found | (frozenset({False}) if found - {True} else frozenset())


@cache
def _tree(expression: str) -> ast.expr | None:
    try:
        return ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        return None


def _value(node: ast.expr, known: Mapping[str, int]) -> Found:
    match node:
        case ast.BoolOp(op=op, values=values):
            return _joined([_value(value, known) for value in values], ends=isinstance(op, ast.Or))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return frozenset(None if value is None else not value for value in _value(operand, known))
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARED:
            one, other = _number(left, known), _number(right, known)
            if one is not None and other is not None:
                return frozenset({_COMPARED[type(op)](one, other)})
    return ANYTHING


def _joined(parts: list[Found], *, ends: bool) -> Found:
    """Parts joined by `or` (the first that holds ends it), or by `and` (the first that does not)."""
    found: set[bool | None] = set()
    goes_on = not ends
    for part in parts:
        found |= part - {goes_on}
        if goes_on not in part:
            return frozenset(found)
    return frozenset(found | {goes_on})


def _number(node: ast.expr, known: Mapping[str, int]) -> int | None:
    if isinstance(node, ast.Name):
        return known.get(node.id)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, int) else None
