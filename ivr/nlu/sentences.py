"""Likeness of meaning and of words together. Owns how sentence vectors and TF-IDF are blended, and which goes where.

Likeness = 0.7 * exp(2 * (c - 1)) + 0.3 * t. c: cosine of sentence vectors less the mean of the training sentences,
without which vectors of one field all look alike. t: TF-IDF. Chosen by cross-validation on a training split.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ivr.log import get_log
from ivr.model.errors import ConfigError
from ivr.nlu.features import Features, Matrix, Tfidf, Vector
from ivr.nlu.sentence_models import SentenceModel, is_installed, load
from ivr.nlu.vector_cache import VectorCache
from ivr.nlu.words import words

MEANING = 0.7
SHARPNESS = 2.0
AUTOMATIC = "auto"

_log = get_log("nlu.sentences")


class Sentences:
    """Features of a sentence model and TF-IDF. cache_dir: where vectors of training sentences are kept, or None."""

    def __init__(self, model: SentenceModel, cache_dir: Path | None = None) -> None:
        self.name = model.name
        self._model = model
        self._kept = VectorCache(model, cache_dir)
        self._words = Tfidf()
        self._mean: Vector = np.zeros(0, dtype=np.float32)
        self._rows: Matrix = np.zeros((0, 0), dtype=np.float32)

    def learn(self, texts: Sequence[str]) -> Matrix:
        vectors = self._kept.vectors([_spoken(text) for text in texts])
        self._mean = vectors.mean(axis=0)
        self._rows = _unit_rows(vectors - self._mean)
        blend: Matrix = _meaning(self._rows @ self._rows.T) + np.float32(1 - MEANING) * self._words.learn(texts)
        return blend

    def similarity(self, text: str) -> Vector:
        vector = self._model.vector(_spoken(text)) - self._mean
        cosines = self._rows @ (vector / max(float(np.linalg.norm(vector)), 1e-6))
        blend: Vector = _meaning(cosines) + np.float32(1 - MEANING) * self._words.similarity(text)
        return blend


def features_of(engine: str, cache_dir: Path | None = None) -> Callable[[str], Features]:
    """Language -> new features of that engine, "auto" | "tfidf" | "minilm" | "e5".

    auto: MiniLM for English, e5 for the rest, TF-IDF where the model is not installed or not usable. Raises
    ConfigError when a model is asked for by name and is not usable.
    """

    def make(language: str) -> Features:
        if engine == "tfidf":
            return Tfidf()
        if engine != AUTOMATIC:
            return Sentences(load(engine), cache_dir)
        name = "minilm" if language.partition("-")[0] == "en" else "e5"
        if not is_installed(name):
            _log.info("nlu.model_not_installed", model=name, language=language, instead="tfidf")
            return Tfidf()
        try:
            return Sentences(load(name), cache_dir)
        except (ConfigError, OSError) as error:
            _log.error("nlu.model_not_usable", model=name, language=language, instead="tfidf", error=str(error))
            return Tfidf()

    return make


def _spoken(text: str) -> str:
    """What the model is given: the words without hesitations, as a recogniser writes them."""
    return " ".join(words(text))


def _meaning(cosines: Matrix) -> Matrix:
    likeness: Matrix = np.float32(MEANING) * np.exp(np.float32(SHARPNESS) * (cosines - 1))
    return likeness


def _unit_rows(rows: Matrix) -> Matrix:
    lengths = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
    result: Matrix = (rows / lengths).astype(np.float32)
    return result
