"""Which sentences can be spoken before anybody calls: everything without values, so that a call waits for no voice."""

from __future__ import annotations

from ivr.dialog.assistant import Assistant
from ivr.dialog.saying import fixed_parts, resolved
from ivr.dialog.texts import PLACEHOLDER, Values, render
from ivr.model.dialog import Prompt


def static_prompts(assistant: Assistant) -> tuple[tuple[str, str], ...]:
    """(language, sentence as the voice is given it) of every sentence without placeholders, greeting first, and of the
    parts of the other sentences that are the same in every call.

    Recorded prompts need no voice and are left out.
    """
    found: dict[tuple[str, str], None] = {}
    start = assistant.flows[assistant.start]
    first = [name for step in start.steps.values() for name in getattr(step, "responses", ())]
    for language, texts in assistant.responses.items():
        names = sorted(texts, key=lambda name: (name not in first, name))
        for name in names:
            for said in texts[name].variations:
                if not said.audio:
                    found.update({(language, text): None for s in said.sentences for text in _fixed(s, language)})
    return tuple(found)


def recorded_prompts(assistant: Assistant) -> tuple[Prompt, ...]:
    """Every prompt that is a recording."""
    ways = (way for texts in assistant.responses.values() for first in texts.values() for way in first.variations)
    return tuple(prompt for way in ways if way.audio for prompt in render(way, Values(names={}))[0])


def _fixed(sentence: str, language: str) -> tuple[str, ...]:
    return fixed_parts(sentence) if PLACEHOLDER.search(sentence) else (resolved(sentence, language),)
