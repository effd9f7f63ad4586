"""Reads Rasa NLU training data (nlu.yml, version "3.1") into frozen data.

Owns the file format and its line numbers: intents with annotated examples, synonyms, lookup tables, regexes.
Refuses to know how an engine learns from them. Mistakes are collected as Faults, never raised one by one.
Source of the format: Rasa Open Source 3.6 documentation, "NLU Training Data".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from ivr.model.errors import DesignError, Fault

MAX_FILE_BYTES = 2 * 1024 * 1024
FEW_EXAMPLES = 5

_SECTIONS = ("intent", "synonym", "lookup", "regex")
_ANNOTATION = re.compile(r"\[(?P<value>[^\]]+)\](?:\((?P<short>[^)]+)\)|(?P<long>\{[^}]+\}))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """An entity marked in an example: text[start:end] of the plain text. value: its synonym, or its words."""

    entity: str
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One example of an intent, without its annotation marks. line counts from 1."""

    text: str
    intent: str
    line: int
    entities: tuple[Annotation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingData:
    """What a designer wrote for one language. warnings do not forbid training."""

    examples: tuple[Example, ...]
    synonyms: Mapping[str, str] = field(default_factory=dict)
    lookups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    regexes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    warnings: tuple[Fault, ...] = ()

    @property
    def intents(self) -> tuple[str, ...]:
        """Intent names in the order they were first written."""
        return tuple(dict.fromkeys(e.intent for e in self.examples))


def read_training_data(path: Path) -> TrainingData:
    """The training data in path. Raises DesignError with every error found; warnings come with the data."""
    reader = _Reader(str(path))
    document = reader.load(path)
    if document is not None:
        reader.read(document)
        reader.look_over()
    errors = tuple(sorted(f for f in reader.faults if f.severity == "error"))
    if errors:
        raise DesignError(errors)
    return TrainingData(
        examples=tuple(reader.examples),
        synonyms=reader.synonyms,
        lookups={name: tuple(values) for name, values in reader.lookups.items()},
        regexes={name: tuple(values) for name, values in reader.regexes.items()},
        warnings=tuple(sorted(reader.faults)),
    )


class _Reader:
    """Collects what one file says, and everything wrong with it."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[Fault] = []
        self.examples: list[Example] = []
        self.synonyms: dict[str, str] = {}
        self.lookups: dict[str, list[str]] = {}
        self.regexes: dict[str, list[str]] = {}

    def fault(self, line: int, code: str, what: str, fix: str, *, column: int = 1, severity: str = "error") -> None:
        where = Fault(
            file=self.file, line=line, column=column, code=f"nlu.{code}", what=what, fix=fix, severity=severity
        )
        self.faults.append(where)

    def load(self, path: Path) -> Any:
        """The YAML document, or None when there is nothing usable."""
        try:
            raw = path.read_bytes()
        except OSError as error:
            self.fault(0, "unreadable", f"the file cannot be read: {error.strerror}", "Check the path", column=0)
            return None
        if len(raw) > MAX_FILE_BYTES:
            size = f"the file has {len(raw)} bytes, more than {MAX_FILE_BYTES}"
            self.fault(0, "too-big", size, "Keep the examples that differ; drop the rest", column=0)
            return None
        try:
            return YAML(typ="rt").load(raw.decode("utf-8")) or CommentedMap()
        except UnicodeDecodeError as error:
            line = raw[: error.start].count(b"\n") + 1
            self.fault(line, "encoding", "the file is not UTF-8 text", "Save it as UTF-8")
        except MarkedYAMLError as error:
            mark = error.problem_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
            self.fault(line, "yaml", f"not YAML: {error.problem}", "Check indentation and quotes", column=column)
        except (YAMLError, ValueError, AttributeError, RecursionError) as error:  # also a month 13
            self.fault(0, "yaml", f"not YAML: {error}", "Remove unprintable characters", column=0)
        return None

    def read(self, document: Any) -> None:
        """Every section under `nlu:`."""
        if not isinstance(document, CommentedMap) or "nlu" not in document:
            self.fault(1, "no-nlu", "there is no `nlu:` list", 'Begin the file with `version: "3.1"` and `nlu:`')
            return
        if str(document.get("version", "")) != "3.1":
            self.fault(1, "version", 'the version is not "3.1"', 'Write `version: "3.1"`', severity="warning")
        items = document["nlu"]
        if not isinstance(items, CommentedSeq):
            self.fault(_line(document, "nlu"), "no-nlu", "`nlu:` is not a list", "Write `- intent: name` under it")
            return
        for index, item in enumerate(items):
            self._section(items, index, item)

    def _section(self, items: CommentedSeq, index: int, item: Any) -> None:
        line = items.lc.item(index)[0] + 1
        kind = next((s for s in _SECTIONS if isinstance(item, CommentedMap) and s in item), None)
        if kind is None:
            self.fault(line, "section", "this is no section of training data", f"Use one of {', '.join(_SECTIONS)}")
            return
        name = item[kind]
        if not isinstance(name, str) or not name.strip():
            self.fault(line, "name", f"the {kind} has no name", f"Write `- {kind}: some_name`")
            return
        lines = list(self._lines(item, kind, name))
        if kind == "intent":
            self.examples.extend(e for at, text in lines if (e := self._example(at, text, name)))
        elif kind == "synonym":
            self.synonyms.update({text.lower(): name for _, text in lines})
        elif kind == "lookup":
            self.lookups.setdefault(name, []).extend(text for _, text in lines)
        else:
            self.regexes.setdefault(name, []).extend(text for at, text in lines if self._compiles(at, text))

    def _lines(self, item: CommentedMap, kind: str, name: str) -> Iterator[tuple[int, str]]:
        """(line, text) of each example: "- text" lines of a block, or a list of {text: ...}."""
        if "examples" not in item:
            at = _line(item, kind)
            self.fault(at, "no-examples", f"{kind} {name} has no examples", "Write `examples: |` with `- ` lines")
            return
        examples, at = item["examples"], _line(item, "examples")
        if isinstance(examples, str):
            yield from self._block(examples, at)
        elif isinstance(examples, CommentedSeq):
            for index, entry in enumerate(examples):
                text = entry.get("text") if isinstance(entry, CommentedMap) else entry
                entry_line = examples.lc.item(index)[0] + 1
                if isinstance(text, str) and text.strip():
                    yield entry_line, text.strip().removeprefix("- ").strip()
                else:
                    self.fault(entry_line, "example", "the example is not text", "Quote it, or write `text: ...`")
        else:
            self.fault(at, "no-examples", f"the examples of {kind} {name} are no text", "Write `examples: |`")

    def _block(self, block: str, key_line: int) -> Iterator[tuple[int, str]]:
        for offset, raw in enumerate(block.splitlines(), start=1):
            text = raw.strip()
            if not text or text.startswith("#"):
                continue
            if not text.startswith("-"):
                self.fault(key_line + offset, "dash", f"{text!r} does not begin with a dash", "Write `- ` before it")
            elif text[1:].strip():
                yield key_line + offset, text[1:].strip()

    def _example(self, line: int, marked: str, intent: str) -> Example | None:
        plain, entities, last = "", [], 0
        for match in _ANNOTATION.finditer(marked):
            plain += marked[last : match.start()]
            last = match.end()
            start, words = len(plain), match["value"]
            plain += words
            named = self._annotation(line, match.start() + 1, match["short"], match["long"])
            if named:
                entity, value = named
                entities.append(Annotation(entity=entity, value=value or words, start=start, end=start + len(words)))
        plain += marked[last:]
        if not plain.strip():
            return None
        return Example(text=plain, intent=intent, line=line, entities=tuple(entities))

    def _annotation(self, line: int, column: int, short: str | None, long: str | None) -> tuple[str, str] | None:
        """(entity, synonym or "") of `(entity)`, `(entity:value)` or `{"entity": ..., "value": ...}`."""
        if short is not None:
            entity, _, value = short.partition(":")
            return entity.strip(), value.strip()
        try:
            fields = json.loads(long or "")
            return str(fields["entity"]), str(fields.get("value", ""))
        except (ValueError, KeyError, TypeError):
            fix = 'Write [words](entity) or [words]{"entity": "name"}'
            self.fault(line, "annotation", f"the annotation {long} cannot be read", fix, column=column)
            return None

    def _compiles(self, line: int, pattern: str) -> bool:
        try:
            re.compile(pattern)
        except re.error as error:
            self.fault(line, "regex", f"the pattern {pattern!r} does not compile: {error}", "Correct the pattern")
            return False
        return True

    def look_over(self) -> None:
        """What is wrong with the whole: too few intents or examples, one phrase in two intents."""
        by_intent: dict[str, list[Example]] = {}
        owner: dict[str, Example] = {}
        for example in self.examples:
            by_intent.setdefault(example.intent, []).append(example)
            first = owner.setdefault(example.text.lower(), example)
            if first.intent != example.intent:
                what = f"{example.text!r} stands in {example.intent} and, line {first.line}, in {first.intent}"
                self.fault(example.line, "twice", what, "Keep it in one intent", severity="warning")
        for name, examples in by_intent.items():
            if len(examples) < FEW_EXAMPLES:
                what = f"intent {name} has {len(examples)} examples"
                fix = f"Write at least {FEW_EXAMPLES}, as callers say it"
                self.fault(examples[0].line, "few", what, fix, severity="warning")
        if len(by_intent) < 2 and not any(f.severity == "error" for f in self.faults):
            self.fault(0, "intents", "there are fewer than two intents", "Write at least two", column=0)


def _line(node: CommentedMap, key: str) -> int:
    """Line of a key, counted from 1."""
    return int(node.lc.key(key)[0]) + 1
