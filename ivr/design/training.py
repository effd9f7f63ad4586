"""What is wrong with the examples of callers' words, seen with the flows they are for.

Owns the checks that need both; the file's own mistakes (few examples, one sentence twice) are found where it is read.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from ivr.dialog import steps as st
from ivr.dialog.assistant import Assistant
from ivr.dialog.source import Faults, Place, did_you_mean, harmless
from ivr.model.errors import DesignError
from ivr.nlu import logistic
from ivr.nlu.embedded import FALSE_REJECTS, SURE
from ivr.nlu.features import Features
from ivr.nlu.training_data import Example, TrainingData, read_training_data

# Two intents are worth a designer's time when surely more than this share of their examples is taken for the other.
WORTH_MENDING = 0.10
CERTAINTY_Z = 2.326  # 99 %, one-sided
FOLDS = 10
MOST_NAMED = 4  # examples in one finding
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


def check(
    assistant: Assistant,
    known: Mapping[str, TrainingData | None],
    compared: Callable[[str], Features],
    faults: Faults,
) -> None:
    """Add every finding about the examples of all languages to faults. compared: language -> how a call compares
    sentences."""
    for language, data in known.items():
        if data is None:
            continue
        file = f"nlu.{language}.yml"
        _unknown(assistant, file, data.examples, faults)
        _unheard(assistant, language, data, faults)
        _collisions(assistant, language, data.examples, faults)
        _confused(file, data.examples, compared(language), faults)


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


def _confused(file: str, examples: tuple[Example, ...], compared: Features, faults: Faults) -> None:
    """Pairs of intents whose examples a model that did not see them surely takes for each other."""
    intents = tuple(dict.fromkeys(e.intent for e in examples))
    if len(intents) < 2 or len(examples) > MOST_JUDGED:
        return
    mistaken: dict[tuple[str, str], list[tuple[Example, str]]] = {}
    for example, taken in _mistaken(examples, intents, compared):
        one, other = sorted((example.intent, taken))
        mistaken.setdefault((one, other), []).append((example, taken))
    sizes = Counter(e.intent for e in examples)
    for pair, found in mistaken.items():
        both = sizes[pair[0]] + sizes[pair[1]]
        if frozenset(pair) == _BUILT_IN or surely(len(found), both) < WORTH_MENDING:
            continue  # yes and no are told apart by their words, not by examples
        named = ", ".join(f"{e.text!r} ({file}:{e.line}) for {taken}" for e, taken in found[:MOST_NAMED])
        share = f"{len(found)} of {both} examples ({len(found) / both:.0%})"
        what = f"{pair[0]} and {pair[1]} are taken for each other, {share} when not trained on: {named}"
        fix = (
            "Move examples that stand in the wrong one, add some that differ, or make one intent and ask what is meant."
        )
        faults.add(Place(file, found[0][0].line, 1), "confused", what, fix, "warning")


def _mistaken(
    examples: tuple[Example, ...], intents: tuple[str, ...], compared: Features
) -> Iterator[tuple[Example, str]]:
    """(example, the other intent it is taken for) where a call would believe it: as sure as the engine asks for."""
    labels = np.array([intents.index(e.intent) for e in examples], dtype=np.int64)
    gram = compared.learn([e.text for e in examples])
    unseen = logistic.out_of_fold(gram, labels, len(intents), folds=FOLDS)
    chances = logistic.softmax(unseen * np.float32(logistic.temperature(unseen, labels)))
    judged, highest = chances.argmax(axis=1), chances.max(axis=1)
    least = min(logistic.quantile(highest[judged == labels], FALSE_REJECTS), SURE)
    for example, taken, chance in zip(examples, judged.tolist(), highest.tolist(), strict=True):
        if intents[taken] != example.intent and chance >= least:
            yield example, intents[taken]


def surely(count: int, of: int) -> float:
    """The rate that is exceeded with 99 % certainty when count of so many were seen; 0 to 1.

    The lower bound of Wilson's interval (Journal of the American Statistical Association 22, 1927). Strict, because
    every pair of intents is asked: of a hundred pairs, one would stand out by chance at 95 % and a few examples.
    """
    rate, z2 = count / of, CERTAINTY_Z**2
    middle = rate + z2 / (2 * of)
    spread = CERTAINTY_Z * math.sqrt((rate * (1 - rate) + z2 / (4 * of)) / of)
    return max(0.0, (middle - spread) / (1 + z2 / of))
