"""Finds a designer's own entities: values listed in lookups, marked in examples, or matching regexes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ivr.model.understanding import Entity
from ivr.nlu.training_data import TrainingData


class Gazetteer:
    """Entities of one language's training data. The longest match wins where two overlap."""

    def __init__(self, data: TrainingData) -> None:
        self._synonyms = dict(data.synonyms)
        values: dict[str, set[str]] = {name: set(listed) for name, listed in data.lookups.items()}
        for example in data.examples:
            for mark in example.entities:
                said = example.text[mark.start : mark.end]
                values.setdefault(mark.entity, set()).add(said)
                if mark.value != said:
                    self._synonyms[said.lower()] = mark.value
        for known in values.values():
            known.update(said for said, value in data.synonyms.items() if value in known)
        self._patterns = [
            *((name, _any_of(known)) for name, known in values.items() if known),
            *((name, re.compile(p, re.IGNORECASE)) for name, listed in data.regexes.items() for p in listed),
        ]

    def find(self, text: str) -> tuple[Entity, ...]:
        """Entities in text from left to right; values are canonical (synonyms applied)."""
        taken: list[Entity] = []
        for entity in sorted(self._matches(text), key=lambda e: (e.start - e.end, e.start)):
            if all(entity.end <= other.start or entity.start >= other.end for other in taken):
                taken.append(entity)
        return tuple(sorted(taken, key=lambda e: e.start))

    def _matches(self, text: str) -> Iterator[Entity]:
        for name, pattern in self._patterns:
            for match in pattern.finditer(text):
                value = self._synonyms.get(match[0].lower(), match[0])
                if match[0]:
                    yield Entity(entity=name, value=value, readings=(value,), start=match.start(), end=match.end())


def _any_of(values: set[str]) -> re.Pattern[str]:
    longest_first = sorted(values, key=lambda value: (-len(value), value))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)", re.IGNORECASE)
