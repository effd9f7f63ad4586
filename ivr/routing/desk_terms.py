"""What an agent's desk offers to choose from, read from `desk:` of routing.yml: how calls ended, why one is not ready,
and how long a page may be silent. Owns the defaults; knows neither pages nor who sits there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Code = Annotated[
    str, Field(pattern=r"^[a-z0-9_]{1,40}$", description="up to 40 small letters, digits and _, as wrong_number")
]
Titles = str | dict[str, str]
ENGLISH = "en"

DISPOSITIONS: Mapping[str, Mapping[str, str]] = {
    "solved": {"en": "Solved", "ru": "Решено"},
    "follow_up": {"en": "Follow-up needed", "ru": "Нужно продолжение"},
    "callback": {"en": "Call back agreed", "ru": "Договорились о звонке"},
    "passed_on": {"en": "Passed on to others", "ru": "Передано другим"},
    "not_solved": {"en": "Could not be solved", "ru": "Решить не удалось"},
    "wrong_queue": {"en": "Came to the wrong place", "ru": "Попал не туда"},
    "cut_off": {"en": "Cut off, nobody there", "ru": "Обрыв, никого нет"},
}
NOT_READY: Mapping[str, Mapping[str, str]] = {
    "break": {"en": "Break", "ru": "Перерыв"},
    "meal": {"en": "Meal", "ru": "Обед"},
    "meeting": {"en": "Meeting", "ru": "Совещание"},
    "training": {"en": "Training", "ru": "Обучение"},
    "paperwork": {"en": "Paperwork", "ru": "Работа с документами"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskTerms:
    """dispositions, not_ready: code -> language -> title, in the order they are shown. page_gone_ms: an agent whose
    page was not heard of for so long gets no calls. disposition_required: a wrap-up ends when the agent has said how
    the call ended, and not before; else also when its time is over."""

    dispositions: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: DISPOSITIONS)
    not_ready: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: NOT_READY)
    page_gone_ms: int = 15_000
    disposition_required: bool = True


class DeskShape(BaseModel):
    """`desk:` of routing.yml. A title is one text for all languages, or one for each."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    page_gone_s: Annotated[int, Field(ge=6, le=300)] = 15
    wrap_up_until: Literal["said", "over"] = "said"
    dispositions: Annotated[dict[Code, Titles], Field(max_length=20)] = {}
    not_ready: Annotated[dict[Code, Titles], Field(max_length=20)] = {}


def desk_terms(shape: DeskShape) -> DeskTerms:
    """The terms; a list that is left out is the default."""
    return DeskTerms(
        dispositions=_titled(shape.dispositions) or DISPOSITIONS,
        not_ready=_titled(shape.not_ready) or NOT_READY,
        page_gone_ms=shape.page_gone_s * 1000,
        disposition_required=shape.wrap_up_until == "said",
    )


def title(titles: Mapping[str, str], language: str) -> str:
    """The title in this language, else in English, else in whichever there is."""
    return titles.get(language) or titles.get(ENGLISH) or next(iter(titles.values()), "")


def _titled(given: Mapping[str, Titles]) -> dict[str, Mapping[str, str]]:
    return {code: {ENGLISH: text} if isinstance(text, str) else text for code, text in given.items()}
