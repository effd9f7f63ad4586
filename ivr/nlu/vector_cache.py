"""Vectors of sentences kept on disk, so that an edit of the training data costs only the sentences it changed.

Owns the file: records of a 16-byte digest of the text and its vector, only ever appended to or replaced whole. A file
that is damaged, of another model, or cannot be written costs time, never an answer.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ivr.log import get_log
from ivr.nlu.features import Matrix, Vector
from ivr.nlu.sentence_models import SIZE, SentenceModel

MAX_RECORDS = 50_000  # 77 MB; beyond it only what is asked for is kept

_RECORD = np.dtype([("digest", "S32"), ("vector", "<f4", (SIZE,))])
_log = get_log("nlu.vector_cache")


class VectorCache:
    """The vectors of one model. folder None: nothing is kept."""

    def __init__(self, model: SentenceModel, folder: Path | None) -> None:
        self._model = model
        self._path = folder / f"{model.version}.vectors" if folder is not None else None

    def vectors(self, texts: Sequence[str]) -> Matrix:
        """One row a text. Sentences never seen before are computed and kept."""
        wanted = [_digest(text) for text in texts]
        kept, records = self._read(set(wanted))
        fresh: dict[bytes, Vector] = {}
        for digest, text in zip(wanted, texts, strict=True):
            if digest not in kept:
                kept[digest] = fresh[digest] = self._model.vector(text)
        if fresh and self._path is not None:
            self._write(self._path, fresh if records + len(fresh) <= MAX_RECORDS else kept, replace=records == 0)
        return np.stack([kept[digest] for digest in wanted]).astype(np.float32)

    def _read(self, wanted: set[bytes]) -> tuple[dict[bytes, Vector], int]:
        """(what is there of the wanted, how many records the file has; 0: none, or it must be replaced)."""
        if self._path is None:
            return {}, 0
        try:
            if self._path.stat().st_size % _RECORD.itemsize:
                _log.warning("nlu.vectors_damaged", file=str(self._path))
                return {}, 0
            records = np.fromfile(self._path, dtype=_RECORD)
        except OSError:
            return {}, 0  # the first training
        found = {bytes(r["digest"]): r["vector"] for r in records if bytes(r["digest"]) in wanted}
        sound = {digest: vector for digest, vector in found.items() if abs(float(vector @ vector) - 1) < 1e-2}
        return sound, len(records)

    def _write(self, path: Path, vectors: dict[bytes, Vector], *, replace: bool) -> None:
        records = np.array(list(vectors.items()), dtype=_RECORD)
        replace = replace or len(records) > MAX_RECORDS
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not replace:
                with path.open("ab") as file:
                    file.write(records.tobytes())
                return
            partial = path.with_suffix(f".{os.getpid()}.partial")
            partial.write_bytes(records.tobytes())
            partial.replace(path)
        except OSError as error:
            _log.warning("nlu.vectors_not_kept", file=str(path), error=str(error))


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest().encode()
