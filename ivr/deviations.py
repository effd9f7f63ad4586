"""What deviates from the shape of a designer's file, in the designer's words: what was expected, what stands there, and
the word that may have been meant. Owns the wording; the places are the document's matter."""

from __future__ import annotations

import difflib
import re
import types
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

Location = Sequence[str | int]
Told = Mapping[str, Any]
"""One error as pydantic tells it: type, loc, msg, input, ctx."""

LONGEST_SHOWN = 40


def deviation(shape: type[BaseModel], told: Told) -> tuple[str, str, str]:
    """(code, what is wrong, how to mend it) of one error of a file that should have this shape."""
    found = _WORDED.get(told["type"])
    if found is None:
        message = str(told["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
        return "value", message, "Write a value that is allowed here."
    return found(_Deviation(shape, told))


def unreadable(problem: str) -> str:
    """What a YAML reader complains of, in one line: of a word that stands there twice it quotes both values whole."""
    twice = re.match(r'found duplicate key "(.*?)" with value', problem, re.DOTALL)
    return f"the word {twice[1]!r} stands here a second time" if twice else " ".join(problem.split())


class _Deviation:
    """An error with what its place allows. field: None where the shape has no name for the place."""

    def __init__(self, shape: type[BaseModel], told: Told) -> None:
        self.shape, self.told = shape, told
        self.location: Location = told["loc"]
        location = self.location
        self.context: Mapping[str, Any] = told.get("ctx", {})
        self.word = str(location[-1]) if location else ""
        self.got = _shown(told.get("input"))
        self.kept = tuple(_notes(shape, location))

    def _bound(self, name: str) -> Any:
        """This limit on the value, None when there is none."""
        values = (getattr(note, name, None) for note in self.kept)
        limit = next((value for value in values if value is not None), None)
        return int(limit) if isinstance(limit, float) and limit.is_integer() else limit

    @property
    def range(self) -> str:
        """ " from 1 to 5", " above 0 and below 1", "" when any number will do."""
        least, above, most, below = (self._bound(name) for name in ("ge", "gt", "le", "lt"))
        if least is not None and most is not None:
            return f" from {least} to {most}"
        low = f"above {above}" if above is not None else f"of at least {least}" if least is not None else ""
        if below is not None:
            return f" {low} and below {below}" if low else f" below {below}"
        if most is not None:
            return f" {low}, {most} at most" if low else f" of at most {most}"
        return f" {low}" if low else ""

    @property
    def form(self) -> str:
        """What the value is, where the shape says so."""
        return next((note.description for note in self.kept if isinstance(note, FieldInfo) and note.description), "")


def _unknown(d: _Deviation) -> tuple[str, str, str]:
    return "unknown-key", f"there is no word {d.word!r} here", _meant(d.word, words_at(d.shape, d.location))


def _missing(d: _Deviation) -> tuple[str, str, str]:
    return "missing", "it is missing", f"Add {d.word}: with its value."


def _choice(d: _Deviation) -> tuple[str, str, str]:
    expected = str(d.context.get("expected", ""))
    # True and numbers stand there without quotes; '', for what is left out, is nothing one would write.
    allowed = [word for word in re.findall(r"'([^']*)'", expected) if word] or [expected.lower()]
    if len(allowed) == 1:
        return "unknown-value", f"{d.got} is not {allowed[0]}", f"Write {allowed[0]}."
    near = _near(str(d.told.get("input")), allowed)
    mend = f"Did you mean {near!r}?" if near else "Write one of these."
    return "unknown-value", f"{d.got} is none of {', '.join(allowed)}", mend


def _number(kind: str) -> Callable[[_Deviation], tuple[str, str, str]]:
    def worded(d: _Deviation) -> tuple[str, str, str]:
        return "no-number", f"{kind} is expected, and {d.got} stands there", f"Write {kind}{d.range}."

    return worded


def _outside(d: _Deviation) -> tuple[str, str, str]:
    limit = next((d.context[name] for name in ("ge", "gt", "le", "lt") if name in d.context), "")
    limit = int(limit) if isinstance(limit, float) and limit.is_integer() else limit
    more = "more" if d.told["type"].startswith("less") else "less"
    if d.told["type"] in ("greater_than", "less_than"):
        more = f"not {'less' if more == 'more' else 'more'}"
    return "out-of-range", f"{d.got} is {more} than {limit}", f"Write a number{d.range}."


def _decimals(d: _Deviation) -> tuple[str, str, str]:
    most = d.context.get("decimal_places")
    return "out-of-range", f"{d.got} has more than {most} decimals", f"Write a number{d.range}, with {most} at most."


def _flag(d: _Deviation) -> tuple[str, str, str]:
    return "no-flag", f"true or false is expected, and {d.got} stands there", "Write true or false."


def _text(d: _Deviation) -> tuple[str, str, str]:
    return "no-text", f"words are expected, and {d.got} stands there", f'Write {d.form or "words"}, in quotes: "..."'


def _list(d: _Deviation) -> tuple[str, str, str]:
    value = d.told.get("input")
    example = f"[{value}]" if isinstance(value, str | int | float) else "[one, other]"
    return "no-list", f"a list is expected, and {d.got} stands there", f"Write it as {example}."


def _map(d: _Deviation) -> tuple[str, str, str]:
    inside = words_at(d.shape, (*d.location, ""))
    words = f" Known here: {', '.join(sorted(inside))}." if inside else ""
    return "no-mapping", f"words with values are expected, and {d.got} stands there", f"Write {{word: value}}.{words}"


def _form(d: _Deviation) -> tuple[str, str, str]:
    return "wrong-form", f"{d.got} is not allowed here", f"Write {d.form or _of_pattern(d)}."


def _of_pattern(d: _Deviation) -> str:
    return f"what fits {d.context.get('pattern', '')}"


def _length(d: _Deviation) -> tuple[str, str, str]:
    least, most = d.context.get("min_length"), d.context.get("max_length")
    allowed = f"{least} or more" if least is not None else f"at most {most}"
    what = "letters" if str(d.told["type"]).startswith("string") else "entries"
    value = d.told.get("input")  # pydantic counts text and mappings not at all
    there = len(value) if isinstance(value, Sized) else d.context.get("actual_length", "others")
    return "wrong-length", f"{allowed} {what} are expected, and there are {there}", f"Write {allowed}."


_WORDED: Mapping[str, Callable[[_Deviation], tuple[str, str, str]]] = {
    "extra_forbidden": _unknown,
    "missing": _missing,
    "literal_error": _choice,
    "enum": _choice,
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), _number("a whole number")),
    **dict.fromkeys(
        ("float_type", "float_parsing", "finite_number", "decimal_type", "decimal_parsing"), _number("a number")
    ),
    **dict.fromkeys(("greater_than", "greater_than_equal", "less_than", "less_than_equal"), _outside),
    "decimal_max_places": _decimals,
    **dict.fromkeys(("bool_type", "bool_parsing"), _flag),
    "string_type": _text,
    "string_pattern_mismatch": _form,
    **dict.fromkeys(("list_type", "tuple_type", "set_type", "frozen_set_type"), _list),
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type", "mapping_type"), _map),
    **dict.fromkeys(("too_short", "too_long", "string_too_short", "string_too_long"), _length),
}


def _meant(word: str, known: Iterable[str]) -> str:
    names = sorted(known)
    near = _near(word, names)
    if near:
        return f"Did you mean {near!r}?"
    return f"Known here: {', '.join(names)}." if names else "Remove it."


def _near(word: str, names: Sequence[str]) -> str:
    """The name that may have been meant, "" when none is like it."""
    near = difflib.get_close_matches(word.lower(), names, n=1) or difflib.get_close_matches(word.upper(), names, n=1)
    return near[0] if near else ""


def _shown(value: Any) -> str:
    """What stands in the file, as a designer calls it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    text = repr(str(value)) if isinstance(value, str) else str(value)
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 4] + "...'"


# ---- what the shape allows at a place ------------------------------------------------------------------------------


def words_at(shape: type[BaseModel], location: Location) -> tuple[str, ...]:
    """The words that may stand beside the last one of a location, () where any may."""
    found: tuple[str, ...] = ()
    for within in _types_at(shape, location[:-1]):
        if isinstance(within, type) and issubclass(within, BaseModel):
            found += tuple(field.alias or name for name, field in within.model_fields.items())
    return found


def _notes(shape: type[BaseModel], location: Location) -> Iterable[Any]:
    """What is annotated at a place: limits, and fields with their descriptions."""
    for within in _types_at(shape, location[:-1]):
        if isinstance(within, type) and issubclass(within, BaseModel):
            field = _field(within, str(location[-1])) if location else None
            if field is not None:
                yield field
                yield from field.metadata
                yield from _annotations(field.annotation)
        else:
            for inner in _inner(within):
                yield from _annotations(inner)


def _annotations(kind: Any) -> Iterable[Any]:
    if get_origin(kind) in (Union, types.UnionType):
        for each in get_args(kind):
            yield from _annotations(each)
    elif get_origin(kind) is Annotated:
        for note in get_args(kind)[1:]:
            yield note
            yield from note.metadata if isinstance(note, FieldInfo) else ()


def _types_at(shape: Any, location: Location) -> tuple[Any, ...]:
    """The types a value at a location may have; unions give several."""
    found: tuple[Any, ...] = (shape,)
    for part in location:
        found = tuple(inner for kind in found for inner in _step(kind, part))
    return found


def _step(kind: Any, part: str | int) -> Iterable[Any]:
    for plain in _plain(kind):
        if isinstance(plain, type) and issubclass(plain, BaseModel):
            field = _field(plain, str(part))
            yield from _plain(field.annotation) if field is not None else ()
        elif get_origin(plain) is not None:
            for inner in _inner(plain):
                yield from _plain(inner)


def _inner(kind: Any) -> tuple[Any, ...]:
    """The types of the entries of a list, or of the values of a mapping."""
    arguments = tuple(each for each in get_args(kind) if each is not Ellipsis)
    return arguments[-1:] if get_origin(kind) is not Literal else ()


def _plain(kind: Any) -> Iterable[Any]:
    """A type without its annotations, each of a union."""
    if get_origin(kind) is Annotated:
        yield from _plain(get_args(kind)[0])
    elif get_origin(kind) in (Union, types.UnionType):
        for each in get_args(kind):
            yield from _plain(each)
    else:
        yield kind


def _field(shape: type[BaseModel], word: str) -> FieldInfo | None:
    return next((f for name, f in shape.model_fields.items() if word in (name, f.alias)), None)
