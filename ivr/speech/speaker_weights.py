"""Weights of a speaker encoder, read from a PyTorch checkpoint without PyTorch and without trusting it.

Owns the old (not zipped) checkpoint format: pickles that name storages, then the storages themselves. A pickle is a
program; this reader knows the three names tensors need and refuses every other.
"""

from __future__ import annotations

import pickle
import struct
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from ivr.model.errors import SpeechError

Weights = Mapping[str, npt.NDArray[np.float32]]
_MAGIC = 0x1950A86A20F9469CFC6C
_LARGEST = 64 * 1024 * 1024  # numbers in one storage


@dataclass(frozen=True, slots=True)
class _Tensor:
    """A view of a storage that is read later."""

    storage: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _FloatStorage:
    """Stands for torch.FloatStorage, which is only named."""


def _rebuild(storage: str, offset: int, shape: Any, strides: Any, *_: object) -> _Tensor:
    return _Tensor(storage, int(offset), tuple(map(int, shape)), tuple(map(int, strides)))


class _Names(pickle.Unpickler):
    """An unpickler of tensors and of nothing else."""

    _KNOWN: ClassVar[Mapping[tuple[str, str], Any]] = {
        ("collections", "OrderedDict"): OrderedDict,
        ("torch", "FloatStorage"): _FloatStorage,
        ("torch._utils", "_rebuild_tensor_v2"): _rebuild,
    }

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self._KNOWN[module, name]
        except KeyError as error:
            raise pickle.UnpicklingError(f"{module}.{name} is not what weights are made of") from error

    def persistent_load(self, pid: Any) -> str:
        kind, storage, key, *_ = pid
        if kind != "storage" or storage is not _FloatStorage:
            raise pickle.UnpicklingError("not a storage of floats")
        return str(key)


def read_weights(path: Path, part: str) -> Weights:
    """name -> array of the state dictionary `part` in a checkpoint. Raises SpeechError."""
    try:
        with path.open("rb") as file:
            if pickle_of(file) != _MAGIC:
                raise SpeechError(f"{path} is no PyTorch checkpoint of the old format")
            for _ in ("protocol version", "machine"):
                pickle_of(file)
            tensors = pickle_of(file)[part]
            storages = {str(key): _storage(file) for key in pickle_of(file)}
        return {name: _view(storages, tensor) for name, tensor in tensors.items() if isinstance(tensor, _Tensor)}
    except (OSError, EOFError, ValueError, TypeError, KeyError, IndexError, AttributeError, struct.error) as error:
        raise SpeechError(f"{path} cannot be read: {error}") from error
    except pickle.UnpicklingError as error:
        raise SpeechError(f"{path} is refused: {error}") from error


def pickle_of(file: BufferedReader) -> Any:
    """The next pickle of a file. Raises UnpicklingError for one that names anything but tensors."""
    return _Names(file).load()


def _storage(file: BufferedReader) -> npt.NDArray[np.float32]:
    (count,) = struct.unpack("<q", file.read(8))
    if not 0 <= count <= _LARGEST:
        raise ValueError(f"a storage of {count} numbers")
    raw = file.read(4 * count)
    if len(raw) != 4 * count:
        raise ValueError("cut off")
    return np.frombuffer(raw, dtype="<f4")


def _view(storages: Mapping[str, npt.NDArray[np.float32]], tensor: _Tensor) -> npt.NDArray[np.float32]:
    flat = storages[tensor.storage]
    last = tensor.offset + sum((size - 1) * step for size, step in zip(tensor.shape, tensor.strides, strict=True))
    if tensor.offset < 0 or any(step < 0 for step in tensor.strides) or not 0 <= last < flat.size:
        raise ValueError("a tensor outside its storage")
    strides = tuple(4 * step for step in tensor.strides)
    return np.array(np.lib.stride_tricks.as_strided(flat[tensor.offset :], tensor.shape, strides))
