"""What an assistant can say before anybody calls: recordings, sentences without values, what is always the same of the
others."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.dialog.assistant import Assistant
from ivr.dialog.saying import fixed_parts, prompt
from ivr.dialog.texts import PLACEHOLDER, Response, Values, render
from ivr.model.dialog import Prompt


def static_prompts(assistant: Assistant) -> Iterator[Prompt]:
    """Every prompt that is the same in every call, the greeting first; some more than once."""
    start = assistant.flows[assistant.start]
    first = [name for step in start.steps.values() for name in getattr(step, "responses", ())]
    for language, texts in assistant.responses.items():
        for name in sorted(texts, key=lambda name: (name not in first, name)):
            for said in texts[name].variations:
                yield from _fixed(said, language)


def _fixed(said: Response, language: str) -> Iterator[Prompt]:
    if said.audio:
        yield from render(said, Values(names={}))[0]
        return
    for sentence in said.sentences:
        texts = fixed_parts(sentence) if PLACEHOLDER.search(sentence) else (sentence,)
        yield from (prompt(text, language, said.name) for text in texts)
