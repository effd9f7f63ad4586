"""What an utterance means. The shape is Rasa's parse JSON (intent, ranking, entities), as frozen data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A named intent with its confidence, 0..1. The name "" means: none above the out-of-scope threshold."""

    name: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotContext:
    """What the words of a value leave unsaid: the day of the call, the place, what there is to choose from.

    today: ISO 8601 date. order: how figures make a date, "DMY" | "MDY" ("" = not known). past: dates lie in the past
    (birth, accident). region: ISO 3166 country of phone numbers. currency: ISO 4217, of amounts said without one.
    choices: (phrase, value) in the order they were offered. candidates: names one of which is meant.
    """

    today: str = ""
    order: str = ""
    past: bool = False
    region: str = ""
    currency: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    candidates: tuple[str, ...] = ()


NO_CONTEXT = SlotContext()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A typed value found in the text.

    entity: the slot type ("digits", "yes_no", ...) or an annotated entity name of the training data.
    value: the likeliest reading. readings: every reading, likeliest first ("eight hundred five" = 8005 | 805).
    start/end: character offsets in the text. scores: of the readings, 0..1, where they were ranked (names): what counts
    is the distance between the first two, no score tells right from wrong.
    """

    entity: str
    value: str
    readings: tuple[str, ...]
    start: int
    end: int
    confidence: float = 1.0
    scores: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Understanding:
    """One parsed utterance. ranking is sorted by confidence, best first, and includes intent."""

    text: str
    intent: Intent
    ranking: tuple[Intent, ...] = ()
    entities: tuple[Entity, ...] = ()
    engine: str = ""

    def entity(self, name: str) -> Entity | None:
        """The first entity of that name, or None."""
        return next((e for e in self.entities if e.entity == name), None)
