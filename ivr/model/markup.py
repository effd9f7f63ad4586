"""What a prompt may say besides words: a subset of SSML 1.1 (W3C), read into pieces.

Owns the grammar: `<break time>`, `<say-as interpret-as>`, `<prosody rate>`, and `<speak>` around everything. Refuses to
know how a number is read or how a voice slows down. Text without tags is one piece.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from types import MappingProxyType

LONGEST_BREAK_MS = 5000
SLOWEST, FASTEST = 0.5, 2.0
INTERPRETATIONS = ("digits", "date", "telephone", "currency", "characters")
RATES: Mapping[str, float] = MappingProxyType({"x-slow": 0.6, "slow": 0.8, "medium": 1.0, "fast": 1.2, "x-fast": 1.4})

_TAG = re.compile(r"<(?P<close>/?)(?P<name>[A-Za-z][\w:-]*)(?P<attributes>[^<>]*?)(?P<empty>/?)>")
_LOOKS_LIKE_TAG = re.compile(r"</?[A-Za-z!?][^<>]*>?")
_ATTRIBUTE = re.compile(r"\s*([\w:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_TIME = re.compile(r"(\d+(?:\.\d+)?)(ms|s)")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)%")
_ATTRIBUTES = {"speak": "", "break": "time", "say-as": "interpret-as", "prosody": "rate"}


class MarkupError(ValueError):
    """SSML that is none of ours. fix: what the designer can write instead."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what)
        self.what, self.fix = what, fix


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Text to speak. pace: 1 = as the voice speaks, 2 = twice as fast. interpret: one of INTERPRETATIONS, or ""."""

    text: str
    pace: float = 1.0
    interpret: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Silence."""

    ms: int


Piece = Words | Pause


def marked(text: str) -> bool:
    """Does the text hold anything that looks like a tag?"""
    return bool(_LOOKS_LIKE_TAG.search(text))


def parse(text: str) -> tuple[Piece, ...]:
    """The pieces of a prompt, in order. Raises MarkupError."""
    found: list[Piece] = []
    opened: list[tuple[str, Words]] = [("", Words(text=""))]
    at = 0
    for match in _TAG.finditer(text):
        _add(found, text[at : match.start()], opened[-1][1])
        at = match.end()
        name = match["name"]
        if name not in _ATTRIBUTES:
            raise MarkupError(f"the tag <{name}> is not known", "Known are break, say-as, prosody and speak.")
        if match["close"]:
            if opened[-1][0] != name:
                raise MarkupError(f"</{name}> closes nothing", f"Write <{name} ...> before it, or take it away.")
            opened.pop()
            continue
        manner = _manner(name, match["attributes"], opened[-1][1])
        if isinstance(manner, Pause):
            found.append(manner)
        if not match["empty"]:
            opened.append((name, manner if isinstance(manner, Words) else opened[-1][1]))
    _add(found, text[at:], opened[-1][1])
    if len(opened) > 1:
        raise MarkupError(f"<{opened[-1][0]}> is not closed", f"Write </{opened[-1][0]}> behind what it is about.")
    return tuple(found)


def plain(text: str) -> str:
    """The words of a prompt alone, whatever is wrong with its tags."""
    return " ".join(unescape(_LOOKS_LIKE_TAG.sub(" ", text)).split()) if marked(text) or "&" in text else text


def pieces(text: str) -> tuple[Piece, ...]:
    """As parse; where the tags are wrong, the words alone: a tag is never spoken."""
    try:
        return parse(text)
    except MarkupError:
        return (Words(text=plain(text)),)


def written(found: tuple[Piece, ...]) -> str:
    """Pieces as markup again: what parse takes."""
    return "".join(_written(piece) for piece in found).strip()


def escaped(value: str) -> str:
    """A value that may hold anything, as text in which no tag begins."""
    return value.replace("&", "&amp;").replace("<", "&lt;") if "<" in value else value


def _written(piece: Piece) -> str:
    if isinstance(piece, Pause):
        return f'<break time="{piece.ms}ms"/>'
    text = escaped(piece.text)
    if piece.interpret:
        text = f'<say-as interpret-as="{piece.interpret}">{text}</say-as>'
    return text if piece.pace == 1.0 else f'<prosody rate="{round(piece.pace * 100)}%">{text}</prosody>'


def _add(found: list[Piece], text: str, manner: Words) -> None:
    stray = _LOOKS_LIKE_TAG.search(text)
    if stray:
        raise MarkupError(f"{stray.group()!r} is no tag", 'Tags look like <break time="300ms"/>; write &lt; for "<".')
    if text.strip():
        found.append(Words(text=unescape(text), pace=manner.pace, interpret=manner.interpret))


def _manner(name: str, raw: str, outside: Words) -> Words | Pause:
    given = {m[1]: m[2] if m[2] is not None else m[3] for m in _ATTRIBUTE.finditer(raw)}
    if _ATTRIBUTE.sub("", raw).strip():
        raise MarkupError(f"the attributes of <{name}> cannot be read: {raw.strip()}", 'Write name="value".')
    wanted = _ATTRIBUTES[name]
    unknown = sorted(given.keys() - {wanted})
    if name == "speak":
        return outside
    if unknown or wanted not in given:
        what = f"<{name}> has no attribute {unknown[0]!r}" if unknown else f"<{name}> needs {wanted}"
        raise MarkupError(what, f'Write <{name} {wanted}="...">.')
    value = given[wanted].strip()
    if name == "break":
        return Pause(ms=_milliseconds(value))
    if name == "prosody":
        return Words(text="", pace=outside.pace * _pace(value), interpret=outside.interpret)
    if value not in INTERPRETATIONS:
        raise MarkupError(f"cannot interpret text as {value!r}", f"Write one of {', '.join(INTERPRETATIONS)}.")
    return Words(text="", pace=outside.pace, interpret=value)


def _milliseconds(value: str) -> int:
    match = _TIME.fullmatch(value)
    ms = round(float(match[1]) * (1000 if match[2] == "s" else 1)) if match else -1
    if not 0 <= ms <= LONGEST_BREAK_MS:
        limit = f"Write a time up to {LONGEST_BREAK_MS // 1000} s: 300ms or 1.5s."
        raise MarkupError(f"a break cannot last {value!r}", limit)
    return ms


def _pace(value: str) -> float:
    match = _PERCENT.fullmatch(value)
    pace = float(match[1]) / 100 if match else RATES.get(value, 0.0)
    if not SLOWEST <= pace <= FASTEST:
        fix = f"Write {', '.join(RATES)}, or a share from {SLOWEST:.0%} to {FASTEST:.0%}."
        raise MarkupError(f"the rate cannot be {value!r}", fix)
    return pace
