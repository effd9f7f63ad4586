"""A PyTorch checkpoint of the old format, written without PyTorch, for tests of what reads one."""

from __future__ import annotations

import pickle
import struct
import sys
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

Arrays = Mapping[str, npt.NDArray[np.float32]]
MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001


class _Storage:
    def __init__(self, key: str, size: int) -> None:
        self.key, self.size = key, size


class _Tensor:
    def __init__(self, key: str, array: npt.NDArray[np.float32]) -> None:
        self.key, self.array = key, array

    def __reduce__(self) -> tuple[Any, ...]:
        strides = tuple(step // 4 for step in self.array.strides)
        storage = _Storage(self.key, self.array.size)
        return sys.modules["torch._utils"]._rebuild_tensor_v2, (
            storage,
            0,
            self.array.shape,
            strides,
            False,
            OrderedDict(),
        )


class _Writer(pickle.Pickler):
    def persistent_id(self, what: Any) -> Any:
        if isinstance(what, _Storage):
            return ("storage", sys.modules["torch"].FloatStorage, what.key, "cpu", what.size, None)
        return None


def write_checkpoint(path: Path, state: Arrays, *, others: Mapping[str, Any] | None = None) -> None:
    """{"model_state": state, **others} as torch.save wrote it before 1.6. Names of torch exist only meanwhile."""
    torch, inner = ModuleType("torch"), ModuleType("torch._utils")
    torch.FloatStorage = type("FloatStorage", (), {"__module__": "torch"})  # type: ignore[attr-defined]

    def rebuild(*_: Any) -> None: ...

    rebuild.__name__ = rebuild.__qualname__ = "_rebuild_tensor_v2"
    rebuild.__module__ = "torch._utils"
    inner._rebuild_tensor_v2 = rebuild  # type: ignore[attr-defined]
    sys.modules["torch"], sys.modules["torch._utils"] = torch, inner
    try:
        tensors = OrderedDict((name, _Tensor(str(at), array)) for at, (name, array) in enumerate(state.items()))
        with path.open("wb") as file:
            for whole in (MAGIC, PROTOCOL, {"little_endian": True}):
                pickle.dump(whole, file, protocol=2)
            _Writer(file, protocol=2).dump({"model_state": tensors, **(others or {})})
            pickle.dump([tensor.key for tensor in tensors.values()], file, protocol=2)
            for tensor in tensors.values():
                file.write(struct.pack("<q", tensor.array.size) + tensor.array.astype("<f4").tobytes())
    finally:
        del sys.modules["torch"], sys.modules["torch._utils"]


def encoder_state(seed: int = 1) -> dict[str, npt.NDArray[np.float32]]:
    """Random weights of the shape of the speaker encoder."""
    random = np.random.default_rng(seed)
    shapes: dict[str, tuple[int, ...]] = {"linear.weight": (256, 256), "linear.bias": (256,)}
    for layer in range(3):
        shapes |= {f"lstm.weight_ih_l{layer}": (1024, 256 if layer else 40), f"lstm.weight_hh_l{layer}": (1024, 256)}
        shapes |= {f"lstm.bias_ih_l{layer}": (1024,), f"lstm.bias_hh_l{layer}": (1024,)}
    return {name: random.normal(0, 0.08, shape).astype(np.float32) for name, shape in shapes.items()}
