"""Everything that is spoken before anybody calls, so that no caller waits for a voice: the same list when the service
starts and for `ivr prompts`."""

from __future__ import annotations

from collections.abc import Iterable

from ivr.dialog.assistant import Assistant
from ivr.dialog.saying import marked_sentences, prompt
from ivr.dialog.warmup import static_prompts
from ivr.model.dialog import Prompt
from ivr.routing.waiting_terms import WaitingTerms
from ivr.routing.waiting_words import sentences_of

_NO_WORDS = "Sorry, something went wrong. Please call again."


def apology(assistant: Assistant, language: str) -> Prompt:
    """What callers hear when nothing else works any more."""
    name = assistant.texts["trouble"]
    response = assistant.response(name, language)
    text = " ".join(response.sentences) if response is not None else _NO_WORDS
    return prompt(text, language, name)


def spoken_ahead(
    assistant: Assistant, offered: Iterable[tuple[str, str]], waiting: WaitingTerms, language: str
) -> list[Prompt]:
    """Each prompt once, the apology and the greeting first. offered: (language, text) of what an offer may say.
    language: of the apology."""
    found = [apology(assistant, language), *static_prompts(assistant)]
    found += [prompt(said, lang, "offers.yml") for lang, text in offered for said in marked_sentences(text, lang)]
    found += [prompt(said, lang, "routing.yml") for lang in assistant.languages for said in sentences_of(waiting, lang)]
    return list({(each.language, each.spoken, each.audio): each for each in reversed(found)}.values())[::-1]
