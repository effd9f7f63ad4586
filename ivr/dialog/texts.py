"""What the assistant says: Rasa response files, cut into sentences, and their rendering with values.

A sentence without placeholders is always the same text, so its audio is cached; only a sentence with values has to be
synthesised in the call. Owns placeholders: `{slot}`, `{slot.field}`, `{slot|digits}`,
`{amount|money:currency}`, `{days|count:day/days}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from zlib import crc32

from ivr.dialog import saying
from ivr.dialog.conditions import lookup
from ivr.dialog.policies import read_barge_in
from ivr.dialog.source import Node, did_you_mean
from ivr.dialog.tongues import FORMATTERS, TONGUES
from ivr.log import MASK
from ivr.model.dialog import BargeIn, Prompt
from ivr.model.markup import escaped, plain

PLACEHOLDER = re.compile(r"\{([a-z_][\w.]*)(?:\|(\w+))?(?::([^{}|]+))?\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One `utter_*` in one language. audio: a recorded WAV instead of synthesis. discloses: "bot" when it tells the
    caller that a machine is speaking. barge_in: may it be interrupted, None = as the step says. others: further
    ways to say it; a call hears one of them."""

    name: str
    language: str
    sentences: tuple[str, ...]
    audio: str = ""
    discloses: str = ""
    barge_in: BargeIn | None = None
    others: tuple[Response, ...] = ()
    place: tuple[str, int, int] = ("", 0, 0)

    @property
    def variations(self) -> tuple[Response, ...]:
        """All ways to say it."""
        return (self, *self.others)

    def variation(self, call: str) -> Response:
        """The way this call hears it: by chance over calls, always the same within one."""
        return self.variations[crc32(f"{call}|{self.name}".encode()) % (len(self.others) + 1)]

    @property
    def placeholders(self) -> tuple[tuple[str, str, str], ...]:
        """(path, formatter, extra) of every placeholder."""
        return tuple((m[1], m[2] or "", m[3] or "") for s in self.sentences for m in PLACEHOLDER.finditer(s))


Responses = Mapping[str, Mapping[str, Response]]
"""language -> name -> Response."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """What placeholders can see. sensitive: names of sensitive slots. today: ISO 8601 date of the call. wordings:
    slot -> value -> how it is said, of values that are names for something ("station", true)."""

    names: Mapping[str, Any]
    sensitive: frozenset[str] = frozenset()
    today: str = ""
    currency: str = "EUR"
    wordings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def render(response: Response, values: Values) -> tuple[tuple[Prompt, ...], tuple[str, ...]]:
    """(prompts, one per sentence; placeholders that had no value). A sentence with a missing value is left out."""
    if response.audio:
        said = saying.prompt(" ".join(response.sentences), response.language, response.name)
        return (replace(said, audio=response.audio),), ()
    prompts, missing = [], []
    for sentence in response.sentences:
        prompt, absent = _render_sentence(response, sentence, values)
        missing.extend(absent)
        if prompt:
            prompts.append(prompt)
    return tuple(prompts), tuple(missing)


def _render_sentence(response: Response, sentence: str, values: Values) -> tuple[Prompt | None, list[str]]:
    missing: list[str] = []
    secret = False

    def spoken(match: re.Match[str], *, logged: bool) -> str:
        nonlocal secret
        if match[1].split(".")[0] in values.sensitive:
            secret = True
            if logged:
                return MASK
        try:
            return escaped(format_value(match[1], match[2] or "", match[3] or "", response.language, values))
        except ValueError:
            missing.append(match[1])
            return ""

    def filled(template: str, *, logged: bool = False) -> str:
        text = PLACEHOLDER.sub(lambda m: spoken(m, logged=logged), template)
        return saying.resolved(text, response.language, values.today, values.currency)

    text = filled(sentence)
    if missing:
        return None, missing
    said = replace(saying.prompt(text, response.language, response.name), sensitive=secret)
    log_text = plain(filled(sentence, logged=True)) if secret else said.text
    return replace(said, log_text=log_text, parts=tuple(map(filled, saying.parts(sentence)))), []


def format_value(path: str, formatter: str, extra: str, language: str, values: Values) -> str:
    """A value in words. Raises ValueError when it is missing or of the wrong kind."""
    value = lookup(path, values.names)
    if value is None or value == "":
        raise ValueError(f"no value for {path}")
    if not formatter:
        text = str(value)
        return values.wordings.get(path, {}).get(text, text)
    tongue = TONGUES.get(language)
    if tongue is None or formatter not in tongue.formatters:
        raise ValueError(f"no formatter {formatter} in {language}")
    context = values.today
    if formatter == "money":
        context = str(lookup(extra, values.names) or values.currency) if extra else values.currency
    elif formatter == "count":
        context = extra
    return tongue.formatters[formatter](value, context)


def read_responses(top: Node, language: str) -> dict[str, Response]:
    """A Rasa responses file. Variations for a channel are left out."""
    top.only(("version", "responses"))
    node = top.get("responses")
    if node is None:
        top.fault("missing", "the file has no responses", "Add responses: {utter_...: [{text: ...}]}.")
        return {}
    found = {}
    for name, entry in node.items():
        if not name.startswith("utter_"):
            entry.fault("response-name", f"the response {name!r} does not begin with utter_", f"Call it utter_{name}.")
        variations = [v for v in entry.entries() if not v.has("channel")]
        if variations:
            first, *others = [_read_variation(name, variation, language) for variation in variations]
            found[name] = replace(first, others=tuple(others))
        elif entry.is_list():
            entry.fault("missing", f"the response {name} has no text", "Add - text: ...")
    return found


def _read_variation(name: str, node: Node, language: str) -> Response:
    # Rasa's own keys; a designer's key of another meaning belongs under metadata, or Rasa refuses the file.
    node.only(("text", "metadata", "condition", "buttons", "image", "custom", "id"))
    text, metadata = node.get("text"), node.get("metadata")
    parts = saying.marked_sentences(text.text(), language) if text else ()
    if text:
        saying.check(text.text(), language, text)
    if not parts:
        node.fault("missing", f"the response {name} has no text", "Add text: ...")
    for sentence in parts:
        for match in PLACEHOLDER.finditer(sentence):
            if match[2] and match[2] not in FORMATTERS:
                (text or node).fault("formatter", f"unknown formatter {match[2]!r}", did_you_mean(match[2], FORMATTERS))
            tongue = TONGUES.get(language)
            if match[2] == "count" and tongue and len((match[3] or "").split("/")) != tongue.plural_forms:
                what = f"a counted noun has {tongue.plural_forms} forms in {language}, not {match[3] or ''!r}"
                (text or node).fault("count-forms", what, "Write {n|count:day/days}, {n|count:день/дня/дней}.")
        if "{" in PLACEHOLDER.sub("", sentence) or "}" in PLACEHOLDER.sub("", sentence):
            (text or node).fault("placeholder", f"broken placeholder in {sentence!r}", "Write {slot} or {slot|digits}.")
    audio = metadata.get("audio") if metadata else None
    discloses = metadata.get("discloses") if metadata else None
    barge_in = metadata.get("barge_in") if metadata else None
    return Response(
        name=name,
        language=language,
        sentences=parts,
        audio=audio.text() if audio else "",
        discloses=discloses.one_of(("bot",)) if discloses else "",
        barge_in=read_barge_in(barge_in, BargeIn()) if barge_in else None,
        place=(node.file, node.line, node.column),
    )
