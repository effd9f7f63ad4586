"""What is wrong with the examples of callers' words, seen with the flows they are for.

Owns the checks that need both; the file's own mistakes (few examples, one sentence twice) are found where it is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from ivr.dialog import steps as st
from ivr.dialog.assistant import Assistant
from ivr.dialog.source import Faults, Place, did_you_mean, harmless
from ivr.model.errors import DesignError
from ivr.nlu import logistic
from ivr.nlu.features import Tfidf
from ivr.nlu.training_data import Example, TrainingData, read_training_data

# Two intents are told apart badly when this many examples, and this share of either's, are taken for the other.
LEAST_CONFUSED = 3
CONFUSED_SHARE = 0.15
SURE = 0.25  # by how much a wrong intent is likelier than by mere guessing; below, nothing is believed anyway
MOST_JUDGED = 2000  # examples; more take longer than a designer waits

# What every question understands without examples.
_BUILT_IN = frozenset({"affirm", "deny"})


def read(folder: Path, language: str, faults: Faults) -> TrainingData | None:
    """The examples of a language, None and faults when they cannot be used."""
    path = folder / f"nlu.{language}.yml"
    if not harmless(path, folder, faults):
        return None
    try:
        data = read_training_data(path)
    except DesignError as error:
        faults.found += [replace(fault, file=path.name) for fault in error.faults]
        return None
    faults.found += [replace(fault, file=path.name) for fault in data.warnings]
    return data


def check(assistant: Assistant, known: Mapping[str, TrainingData | None], faults: Faults) -> None:
    """Add every finding about the examples of all languages to faults."""
    for language, data in known.items():
        if data is None:
            continue
        file = f"nlu.{language}.yml"
        _unknown(assistant, file, data.examples, faults)
        _unheard(assistant, language, data, faults)
        _collisions(assistant, language, data.examples, faults)
        _confused(file, data.examples, faults)


def _unknown(assistant: Assistant, file: str, examples: Iterable[Example], faults: Faults) -> None:
    first = {e.intent: e.line for e in reversed(tuple(examples))}
    for intent, line in first.items():
        if intent not in assistant.intents:
            what = f"intent {intent!r} does not stand in domain.yml"
            faults.add(Place(file, line, 1), "unknown-intent", what, did_you_mean(intent, assistant.intents), "warning")


def _unheard(assistant: Assistant, language: str, data: TrainingData, faults: Faults) -> None:
    """An intent a step waits for that nobody can say in this language."""
    intents, missing = set(data.intents) | _BUILT_IN, set()
    for step in _questions(assistant):
        for option in step.options:
            if option.intent not in intents and not option.phrases.get(language) and option.intent not in missing:
                missing.add(option.intent)
                what = f"{option.intent!r} has neither examples nor phrases in {language}"
                fix = f"Add at least five examples to nlu.{language}.yml."
                faults.add(Place(*option.where), "unheard", what, fix, "warning")
    for choice in assistant.globals:
        if choice.intent and choice.intent not in intents:
            what = f"{choice.intent!r} has no examples in {language}"
            fix = f"Add at least five examples to nlu.{language}.yml."
            faults.add(Place(*choice.where), "unheard", what, fix, "warning")


def _collisions(assistant: Assistant, language: str, examples: Iterable[Example], faults: Faults) -> None:
    """An option's phrase that is an example of a global: the option would swallow it."""
    always = {g.intent for g in assistant.globals}
    said = {e.text.strip().lower(): e.intent for e in examples if e.intent in always}
    for step in _questions(assistant):
        for option in step.options if step.globals else ():
            for phrase in option.phrases.get(language, ()):
                owner = said.get(phrase.lower())
                if owner and owner != option.intent:
                    what = f"the phrase {phrase!r} is an example of the global {owner!r}"
                    faults.add(Place(*option.where), "phrase-global", what, "Choose other words for the option.")


def _questions(assistant: Assistant) -> Iterable[st.QuestionStep]:
    return [s for flow in assistant.flows.values() for s in flow.steps.values() if isinstance(s, st.QuestionStep)]


def _confused(file: str, examples: tuple[Example, ...], faults: Faults) -> None:
    """Pairs of intents whose examples a model that did not see them takes for each other."""
    intents = tuple(dict.fromkeys(e.intent for e in examples))
    if len(intents) < 2 or len(examples) > MOST_JUDGED:
        return
    labels = np.array([intents.index(e.intent) for e in examples], dtype=np.int64)
    gram = Tfidf().learn([e.text for e in examples])
    unseen = logistic.out_of_fold(gram, labels, len(intents), folds=10)
    chances = logistic.softmax(unseen * np.float32(logistic.temperature(unseen, labels)))
    judged = chances.argmax(axis=1)
    sure = chances.max(axis=1) >= SURE + 1 / len(intents)
    pairs: Counter[tuple[int, int]] = Counter()
    sample: dict[tuple[int, int], Example] = {}
    for example, right, taken, certain in zip(examples, labels.tolist(), judged.tolist(), sure.tolist(), strict=True):
        if right != taken and certain:
            pair = (min(right, taken), max(right, taken))
            pairs[pair] += 1
            sample.setdefault(pair, example)
    sizes = Counter(labels.tolist())
    for pair, count in pairs.items():
        if {intents[pair[0]], intents[pair[1]]} == _BUILT_IN:
            continue  # yes and no are told apart by their words, not by examples
        if count >= LEAST_CONFUSED and count / min(sizes[pair[0]], sizes[pair[1]]) >= CONFUSED_SHARE:
            one, other = intents[pair[0]], intents[pair[1]]
            what = f"{one} and {other} are taken for each other {count} times, as in {sample[pair].text!r}"
            fix = "Add examples that differ, or make one intent of the two."
            faults.add(Place(file, sample[pair].line, 1), "confused", what, fix, "warning")
