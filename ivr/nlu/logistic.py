"""Multinomial logistic regression on similarities (kernel form). Owns the mathematics; refuses to know text.

The same model as scikit-learn's LogisticRegression(C) on the features behind the similarities (without intercept),
in numpy alone: importing scikit-learn costs 95 MB in the process that holds every call.
Method: Böhning's fixed bound on the curvature (Annals of the Institute of Statistical Mathematics 44, 1992) with
Nesterov acceleration, restarted when a step stops pointing downhill (O'Donoghue and Candès, 2015).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ivr.nlu.features import Matrix, Vector

Labels = NDArray[np.int64]

C = 60.0
"""How much the examples weigh against smoothness, chosen by draws from one half of a training split."""
MANY = 1500
"""Rows from which on fewer folds and steps tell enough about rows not seen."""


def fit(gram: Matrix, labels: Labels, classes: int, *, c: float = C, steps: int = 60) -> Matrix:
    """Dual weights, n x classes: the scores of a sentence are its similarities times these.

    gram: n x n similarities. labels: class of each row. c: how much the examples weigh against smoothness, > 0.
    """
    n = len(labels)
    target = np.zeros((n, classes), dtype=np.float32)
    target[np.arange(n), labels] = 1.0
    inverse: Matrix = np.linalg.inv(np.eye(n, dtype=np.float32) + np.float32(c / 2) * gram).astype(np.float32)
    weights: Matrix = np.zeros_like(target)
    ahead: Matrix = weights
    momentum = 1.0
    for _ in range(steps):
        gradient = ahead + np.float32(c) * (softmax(gram @ ahead) - target)
        step = inverse @ gradient
        following = ahead - step
        if float(np.vdot(step, following - weights)) > 0:
            momentum = 1.0
        grown = (1 + (1 + 4 * momentum * momentum) ** 0.5) / 2
        ahead = following + np.float32((momentum - 1) / grown) * (following - weights)
        weights, momentum = following, grown
        if float(np.abs(step).max()) < 1e-3:
            break
    return weights


def out_of_fold(gram: Matrix, labels: Labels, classes: int, *, c: float = C, folds: int = 5) -> Matrix:
    """Scores of each row by a model that did not see it, n x classes. Rows of a class are dealt to folds in turn."""
    steps = 60
    if len(labels) > MANY:  # what time grows with the cube of, and what so many rows do not need
        folds, steps = 3, 30
    fold = np.zeros(len(labels), dtype=np.int64)
    for label in range(classes):
        own = np.flatnonzero(labels == label)
        fold[own] = (np.arange(len(own)) + label) % folds
    scores = np.zeros((len(labels), classes), dtype=np.float32)
    for number in range(folds):
        kept, held = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        if len(kept) and len(held):
            weights = fit(gram[np.ix_(kept, kept)], labels[kept], classes, c=c, steps=steps)
            scores[held] = gram[np.ix_(held, kept)] @ weights
    return scores


def softmax(scores: Matrix) -> Matrix:
    """Probabilities over the last axis."""
    shifted = np.exp(scores - scores.max(axis=-1, keepdims=True))
    result: Matrix = shifted / shifted.sum(axis=-1, keepdims=True)
    return result


def temperature(
    scores: Matrix, labels: Labels, choices: Sequence[float] = (0.5, 0.7, 1, 1.4, 2, 2.8, 4, 5.6, 8)
) -> float:
    """The factor on out-of-fold scores that makes their probabilities honest (least negative log likelihood)."""
    rows = np.arange(len(labels))

    def loss(factor: float) -> float:
        return float(-np.log(softmax(scores * np.float32(factor))[rows, labels] + 1e-9).mean())

    return min(choices, key=loss)


def quantile(values: Vector, share: float) -> float:
    """The value below which this share of values lies; 0 when there are none."""
    return float(np.quantile(values, share)) if len(values) else 0.0
