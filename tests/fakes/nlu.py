"""A scripted NluEngine: exactly these sentences have exactly these intents; typed values are really parsed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ivr.model.understanding import NO_CONTEXT, Intent, SlotContext, Understanding
from ivr.nlu.spoken import find


class ScriptedNlu:
    """Answers from a script of sentence -> intent, in each of its languages; the rest is not understood."""

    name = "scripted"

    def __init__(self, script: Mapping[str, str], languages: Sequence[str] = ("en",)) -> None:
        self._script = dict(script)
        self._languages = tuple(languages)

    async def parse(
        self,
        text: str,
        *,
        language: str,
        expected: Sequence[str] | None = None,
        slot_types: Sequence[str] = (),
        slot_context: SlotContext = NO_CONTEXT,
    ) -> Understanding:
        entities = tuple(e for slot_type in slot_types if (e := find(slot_type, text, language, slot_context)))
        name = self._script.get(text.strip().lower(), "") if language in self._languages else ""
        intent = Intent(name=name, confidence=1.0 if name else 0.0)
        ranking = (intent,) if name else ()
        return Understanding(text=text, intent=intent, ranking=ranking, entities=entities, engine=self.name)

    async def close(self) -> None:
        """Nothing to end."""
