"""The understanding engine that lives in the control process: no server, trained in a second or two.

Owns training and deciding for every language of one assistant. Refuses to know what makes sentences alike (Features)
and how values are spoken (ivr.nlu.spoken). Parsing runs in one thread of its own, off the loop that moves the calls.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from ivr.log import get_log
from ivr.model.errors import DesignError, Fault
from ivr.model.understanding import NO_CONTEXT, Intent, SlotContext, Understanding
from ivr.nlu import logistic
from ivr.nlu.features import Features, Tfidf, Vector
from ivr.nlu.gazetteer import Gazetteer
from ivr.nlu.sentence_models import give_back_memory
from ivr.nlu.spoken import find
from ivr.nlu.training_data import Example, TrainingData, read_training_data
from ivr.nlu.words import words

MAX_EXAMPLES = 4000
MAX_TEXT = 1000

FALSE_REJECTS = 0.05
SURE = 0.6  # a chance above this is believed even where the training examples lie far apart
EXPECTED_BOOST = 3.0

_log = get_log("nlu.embedded")


class EmbeddedEngine:
    """An NluEngine: similarities, logistic regression, and a threshold below which nothing was understood."""

    def __init__(self, models: Mapping[str, LanguageModel], name: str) -> None:
        self.name = name
        self._models = models
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="nlu")

    @classmethod
    def train(
        cls, files: Mapping[str, Path], *, features: Callable[[str], Features] = lambda language: Tfidf()
    ) -> EmbeddedEngine:
        """An engine trained on language -> nlu.yml, with features for each language. Takes CPU: call it off the loop.

        Raises DesignError with the faults of all files; warnings are logged.
        """
        models: dict[str, LanguageModel] = {}
        faults: list[Fault] = []
        names: list[str] = []
        for language, path in files.items():
            try:
                data = read_training_data(path)
                compared = features(language)
                models[language] = LanguageModel(_within_limit(path, data), compared)
                names.append(compared.name)
            except DesignError as error:
                faults.extend(error.faults)
                continue
            for warning in data.warnings:
                _log.warning("nlu.training_data", language=language, finding=str(warning))
        give_back_memory()
        if faults:
            raise DesignError(tuple(faults))
        return cls(models, "+".join(dict.fromkeys(names)) or Tfidf.name)

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages that can be understood."""
        return tuple(self._models)

    async def parse(
        self,
        text: str,
        *,
        language: str,
        expected: Sequence[str] | None = None,
        slot_types: Sequence[str] = (),
        slot_context: SlotContext = NO_CONTEXT,
    ) -> Understanding:
        """What text means. A language without training data gives typed values only, and no intent."""
        arguments = (text, language, expected, tuple(slot_types), slot_context)
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._parse, *arguments)

    async def close(self) -> None:
        """End the thread; a running parse is finished first."""
        await asyncio.to_thread(self._thread.shutdown)

    def _parse(
        self,
        text: str,
        language: str,
        expected: Sequence[str] | None,
        slot_types: tuple[str, ...],
        slot_context: SlotContext,
    ) -> Understanding:
        text = text[:MAX_TEXT]
        values = tuple(e for slot_type in slot_types if (e := find(slot_type, text, language, slot_context)))
        model = self._models.get(language) or self._models.get(language.partition("-")[0])
        if model is None:
            return Understanding(text=text, intent=Intent(name="", confidence=0.0), entities=values, engine=self.name)
        intent, ranking = model.decide(text, expected)
        entities = values + tuple(e for e in model.gazetteer.find(text) if e.entity not in slot_types)
        return Understanding(text=text, intent=intent, ranking=ranking, entities=entities, engine=self.name)


class LanguageModel:
    """One language: which intent a sentence has, and from which confidence on that is believed.

    threshold: chosen so that about FALSE_REJECTS of the training examples, each judged by a model that did not see it,
    would be rejected although rightly understood, at most SURE.
    """

    def __init__(self, data: TrainingData, features: Features) -> None:
        self.intents = data.intents
        self.gazetteer = Gazetteer(data)
        self._features = features
        self._exact = _unambiguous(data.examples)
        # What an intent is called is one more example of it; what is measured on examples leaves these out.
        labels = np.array([*(self.intents.index(e.intent) for e in data.examples), *range(len(self.intents))], np.int64)
        gram = features.learn([*(e.text for e in data.examples), *map(_in_words, self.intents)])
        self._weights = logistic.fit(gram, labels, len(self.intents))
        unseen = logistic.out_of_fold(gram, labels, len(self.intents))[: len(data.examples)]
        labels = labels[: len(data.examples)]
        self._sharpness = np.float32(logistic.temperature(unseen, labels))
        chances = logistic.softmax(unseen * self._sharpness)
        right = chances.argmax(axis=1) == labels
        self.threshold = min(logistic.quantile(chances.max(axis=1)[right], FALSE_REJECTS), SURE)

    def decide(self, text: str, expected: Collection[str] | None) -> tuple[Intent, tuple[Intent, ...]]:
        """(intent, ranking). Words of a training example are that example's intent whatever is expected.

        Otherwise expected intents count EXPECTED_BOOST times. The threshold looks at the chance without that boost:
        expecting yes or no makes a yes of nothing that does not sound like one.
        """
        exact = self._exact.get(tuple(words(text)))
        if exact is not None:
            certain = Intent(name=exact, confidence=1.0)
            return certain, (certain,)
        scores: Vector = self._features.similarity(text) @ self._weights
        plain = logistic.softmax(scores * self._sharpness)
        wanted = set(expected or ())
        weighed = plain * np.array([EXPECTED_BOOST if name in wanted else 1.0 for name in self.intents])
        weighed = weighed / weighed.sum()
        order = np.argsort(-weighed, kind="stable")
        ranking = tuple(Intent(name=self.intents[i], confidence=round(float(weighed[i]), 4)) for i in order)
        chance = float(plain[order[0]])
        if not words(text) or chance < self.threshold:
            return Intent(name="", confidence=round(chance, 4)), ranking
        return ranking[0], ranking


def _in_words(intent: str) -> str:
    """ "card_arrival" and "cardArrival" as the words they are made of."""
    return " ".join(re.sub(r"(?<=[a-z])(?=[A-Z])|[\W_]+", " ", intent).split()).lower() or intent


def _unambiguous(examples: Iterable[Example]) -> Mapping[tuple[str, ...], str]:
    """Words of an example -> its intent, where no two intents claim the same words."""
    owners: dict[tuple[str, ...], set[str]] = {}
    for example in examples:
        owners.setdefault(tuple(words(example.text)), set()).add(example.intent)
    return {said: next(iter(intents)) for said, intents in owners.items() if said and len(intents) == 1}


def _within_limit(path: Path, data: TrainingData) -> TrainingData:
    if len(data.examples) <= MAX_EXAMPLES:
        return data
    fault = Fault(
        file=str(path),
        line=data.examples[MAX_EXAMPLES].line,
        column=1,
        code="nlu.too-many",
        what=f"there are {len(data.examples)} examples, more than {MAX_EXAMPLES}",
        fix="Keep the examples that differ, or use a Rasa server as the engine",
    )
    raise DesignError((fault,))
