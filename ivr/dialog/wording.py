"""What must be right about the words: length on a telephone, the same values in every language, number agreement.

Owns estimates and comparisons of texts. Whether a response exists at all is the lint's business.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ivr.dialog import steps as st
from ivr.dialog.source import Faults, Place
from ivr.dialog.texts import Response
from ivr.model.markup import plain

if TYPE_CHECKING:
    from ivr.dialog.assistant import Assistant

LONGEST_S = 12.0

# Characters a voice speaks in a second, placeholders counted as written. Estimates for the shipped voices at their own
# pace; languages without an entry are taken as the slowest.
CHARACTERS_PER_S = {"en": 15.0, "de": 14.0, "fr": 15.0, "es": 16.0, "ru": 13.0}
_SLOWEST = min(CHARACTERS_PER_S.values())

# A placeholder that reads a bare number, then a word: "{n|number} claims" is wrong for one claim.
_COUNTED = re.compile(r"\{(?P<path>[a-z_][\w.]*)\|number\}\s+(?P<noun>[^\W\d_]{3,})")


def seconds(response: Response) -> float:
    """About how long a response takes to say."""
    text = plain(" ".join(response.sentences))
    return len(text) / CHARACTERS_PER_S.get(response.language, _SLOWEST)


def check(assistant: Assistant, faults: Faults) -> None:
    """Add every finding about the assistant's words to faults; all are warnings."""
    for texts in assistant.responses.values():
        for response in (variation for first in texts.values() for variation in first.variations):
            _long(response, faults)
            _agreement(response, faults)
    _same_values(assistant, faults)
    _phrases(assistant, faults)


def _long(response: Response, faults: Faults) -> None:
    if seconds(response) > LONGEST_S and not response.audio:
        what = f"{response.name} takes about {seconds(response):.0f} s, more than {LONGEST_S:g}"
        fix = "Say it in two steps, or drop words: callers forget the beginning."
        faults.add(Place(*response.place), "long-prompt", what, fix, "warning")


def _agreement(response: Response, faults: Faults) -> None:
    for match in filter(None, map(_COUNTED.search, response.sentences)):
        what = f"{match['noun']!r} after the number {match['path']!r} is wrong for some numbers"
        fix = "Branch on the number, write {n|count:day/days}, or turn it round: 'Open claims: {n|number}.'"
        faults.add(Place(*response.place), "agreement", what, fix, "warning")


def _same_values(assistant: Assistant, faults: Faults) -> None:
    """A response of the first language says the same values in every other."""
    first, *others = assistant.languages or ("",)
    for language in others:
        texts = assistant.responses.get(language, {})
        for name, response in assistant.responses.get(first, {}).items():
            other = texts.get(name)
            if other is None:
                continue
            missing = {p for p, _, _ in response.placeholders} ^ {p for p, _, _ in other.placeholders}
            if missing:
                what = f"{name} does not say the same values in {first} and {language}: {', '.join(sorted(missing))}"
                faults.add(Place(*other.place), "values-differ", what, "Say the same in both languages.", "warning")
    for language in others:
        for name in assistant.responses.get(language, {}).keys() - assistant.responses.get(first, {}).keys():
            place = Place(*assistant.responses[language][name].place)
            what = f"{name} exists in {language} and not in {first}"
            faults.add(place, "missing-text", what, f"Add it to responses.{first}.yml.", "warning")


def _phrases(assistant: Assistant, faults: Faults) -> None:
    """Within one question a phrase means one option only."""
    for flow in assistant.flows.values():
        for step in flow.steps.values():
            owner: dict[tuple[str, str], str] = {}
            for option in step.options if isinstance(step, st.QuestionStep) else ():
                said = [(language, p.lower()) for language, ps in option.phrases.items() for p in ps]
                for key in dict.fromkeys(said):
                    if owner.setdefault(key, option.intent) != option.intent:
                        what = f"the phrase {key[1]!r} means {owner[key]} already"
                        faults.add(Place(*option.where), "phrase-twice", what, "Keep it at one option.")
