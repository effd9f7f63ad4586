"""What makes two sentences alike. Owns features of text; refuses to know intents.

An engine needs only similarities: of every training sentence with every other, and of a new sentence with each of
them. TF-IDF over words and characters is the kind that needs no model file; sentence embeddings fit the same seam.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ivr.nlu.words import words

Vector = NDArray[np.float32]
Matrix = NDArray[np.float32]

CHARACTER_NGRAMS = (2, 3, 4, 5)
COMMON = 24  # sentences with a feature from which a column of a matrix is cheaper than its pairs


class Features(Protocol):
    """A way to compare sentences. learn once, then similarity from one thread at a time."""

    name: str

    def learn(self, texts: Sequence[str]) -> Matrix:
        """Take texts as the training sentences; their similarities with each other, n x n, diagonal 1."""
        ...

    def similarity(self, text: str) -> Vector:
        """Similarity of a sentence with each training sentence, n values in -1..1."""
        ...


class Tfidf:
    """Words, pairs of words, and characters inside words: survives endings and small recognition mistakes.

    Weights are (1 + ln tf) * idf with smoothed idf; words and characters are normalised apart and count half each.
    """

    name = "tfidf"

    def __init__(self) -> None:
        self._idf: dict[str, float] = {}
        self._postings: dict[str, tuple[NDArray[np.int32], Vector]] = {}
        self._count = 0

    def learn(self, texts: Sequence[str]) -> Matrix:
        counted = [_count(text) for text in texts]
        documents = Counter(feature for groups in counted for group in groups for feature in group)
        self._count = len(texts)
        self._idf = {f: math.log((1 + self._count) / (1 + n)) + 1 for f, n in documents.items()}
        rows: dict[str, list[int]] = {}
        values: dict[str, list[float]] = {}
        weighed = [self._weigh(groups) for groups in counted]
        for row, features in enumerate(weighed):
            for feature, value in features.items():
                rows.setdefault(feature, []).append(row)
                values.setdefault(feature, []).append(value)
        self._postings = {f: (np.array(rows[f], dtype=np.int32), np.array(values[f], dtype=np.float32)) for f in rows}
        return self._gram()

    def similarity(self, text: str) -> Vector:
        return self._compare(self._weigh(_count(text)))

    def _gram(self) -> Matrix:
        """Similarities of the training sentences: common features as one product, rare ones pair by pair."""
        common = [posting for posting in self._postings.values() if len(posting[0]) > COMMON]
        dense = np.zeros((self._count, len(common)), dtype=np.float32)
        for column, (rows, values) in enumerate(common):
            dense[rows, column] = values
        gram: Matrix = dense @ dense.T
        flat = gram.reshape(-1)
        for rows, values in self._postings.values():
            if len(rows) <= COMMON:
                flat[(rows[:, None].astype(np.int64) * self._count + rows).ravel()] += np.outer(values, values).ravel()
        return gram

    def _compare(self, features: dict[str, float]) -> Vector:
        total = np.zeros(self._count, dtype=np.float32)
        for feature, value in features.items():
            rows, values = self._postings[feature]
            total[rows] += value * values
        return total

    def _weigh(self, groups: tuple[Counter[str], ...]) -> dict[str, float]:
        """Known features with weights; the norm counts unknown ones too, so that strange sentences stay strange."""
        weights: dict[str, float] = {}
        unknown = math.log(1 + self._count) + 1
        for group in groups:
            raw = {f: (1 + math.log(n)) * self._idf.get(f, unknown) for f, n in group.items()}
            norm = math.sqrt(sum(v * v for v in raw.values()) * len(groups)) or 1.0
            weights.update((f, v / norm) for f, v in raw.items() if f in self._idf)
        return weights


def _count(text: str) -> tuple[Counter[str], Counter[str]]:
    """How often each word feature and each character feature occurs. Word features begin with "w", others with "c"."""
    said = words(text)
    pairs = [f"{a} {b}" for a, b in itertools.pairwise(said)]
    word_counts = Counter(f"w{w}" for w in said + pairs)
    characters: Counter[str] = Counter()
    for word in said:
        padded = f" {word} "
        for size in CHARACTER_NGRAMS:
            characters.update(f"c{padded[i : i + size]}" for i in range(len(padded) - size + 1))
    return word_counts, characters
