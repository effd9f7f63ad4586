"""Which sentences can be spoken before anybody calls: everything without values, so that a call waits for no voice."""

from __future__ import annotations

from ivr.dialog.assistant import Assistant
from ivr.dialog.texts import PLACEHOLDER


def static_prompts(assistant: Assistant) -> tuple[tuple[str, str], ...]:
    """(language, sentence) of every sentence without placeholders, exactly as prompts carry them, greeting first.

    Recorded prompts need no voice and are left out. Sentences with values (numbers, dates) are spoken whole in the
    call: putting them together from parts would not sound like one sentence.
    """
    found: dict[tuple[str, str], None] = {}
    start = assistant.flows[assistant.start]
    first = [name for step in start.steps.values() for name in getattr(step, "responses", ())]
    for language, texts in assistant.responses.items():
        names = sorted(texts, key=lambda name: (name not in first, name))
        for name in names:
            for said in texts[name].variations:
                if not said.audio:
                    found.update({(language, s): None for s in said.sentences if not PLACEHOLDER.search(s)})
    return tuple(found)
