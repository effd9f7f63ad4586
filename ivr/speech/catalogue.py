"""The models of voice_models/catalogue.toml: where they stand here, and whether they are what they should be.

Owns resolving and verifying. Never downloads, and never hands out a model whose bytes were not verified: an
operator's copy in installed/<id>/ goes before the package, and a wrong one is an error, not a reason to take another.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ivr.log import get_log
from ivr.model.errors import SpeechError

log = get_log("speech.catalogue")

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """One file of a model: name, size in bytes, SHA-256 in hex."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One entry. kind: "asr" | "tts" | "vad"; languages may be ("*",); module, folder: where its package is."""

    model_id: str
    kind: str
    engine: str
    languages: tuple[str, ...]
    licence: str
    package: str
    module: str
    folder: str
    files: tuple[ModelFile, ...]

    def speaks(self, language: str) -> bool:
        """Is the model for this language?"""
        return language in self.languages or "*" in self.languages


class Catalogue:
    """The catalogue of one models folder. Raises SpeechError, always saying what the operator can do."""

    def __init__(self, models_dir: Path) -> None:
        self._dir = models_dir
        self._installed = models_dir / "installed"
        path = models_dir / "catalogue.toml"
        try:
            entries = tomllib.loads(path.read_text(encoding="utf-8"))["model"]
            self.models = tuple(_model(entry) for entry in entries)
        except OSError as error:
            raise SpeechError(f"no model catalogue at {path}: point models_dir at the voice_models folder") from error
        except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
            raise SpeechError(f"{path} is no catalogue: {error!r}; restore it from the repository") from error

    def find(self, kind: str, engine: str, language: str) -> Model:
        """The first entry of that kind, engine and language."""
        for model in self.models:
            if model.kind == kind and model.engine == engine and model.speaks(language):
                return model
        raise SpeechError(f"the catalogue in {self._dir} has no {engine} model for language {language!r}: add an entry")

    def resolve(self, model: Model) -> Path:
        """The verified folder of a model."""
        own = self._installed / model.model_id
        folder = own if own.is_dir() else self._packaged(model)
        for file in model.files:
            self._verify(model, folder / file.name, file)
        return folder

    def _packaged(self, model: Model) -> Path:
        spec = importlib.util.find_spec(model.module) if model.module else None
        if spec is None or not spec.submodule_search_locations:
            raise SpeechError(
                f"model {model.model_id} is not here: pip install {model.package}, or put its files into "
                f"{self._installed / model.model_id}"
            )
        return Path(next(iter(spec.submodule_search_locations))) / model.folder

    def _verify(self, model: Model, path: Path, file: ModelFile) -> None:
        try:
            state = path.stat()
        except OSError as error:
            raise SpeechError(
                f"model {model.model_id} lacks {file.name} at {path}: reinstall {model.package} or copy the file again"
            ) from error
        key, mark = str(path), f"{state.st_size}:{state.st_mtime_ns}:{file.sha256}"
        if self._verified().get(key) == mark:
            return
        if state.st_size != file.size or _sha256(path) != file.sha256:
            raise SpeechError(
                f"model {model.model_id}: {path} is not the file of the catalogue (size or SHA-256 differ); "
                f"reinstall {model.package}, or remove {path.parent} if it is your own copy"
            )
        self._remember(key, mark)

    @property
    def _memory(self) -> Path:
        return self._installed / "verified.json"

    def _verified(self) -> Mapping[str, str]:
        """Files hashed before, by path, with size and time of change then."""
        try:
            known = json.loads(self._memory.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}

    def _remember(self, key: str, mark: str) -> None:
        partial = self._memory.with_suffix(f".{os.getpid()}.partial")
        try:
            self._installed.mkdir(parents=True, exist_ok=True)
            partial.write_text(json.dumps({**self._verified(), key: mark}, indent=1), encoding="utf-8")
            partial.replace(self._memory)
        except OSError as error:
            log.info("speech.verification_not_kept", folder=str(self._installed), error=str(error))


def _model(entry: Mapping[str, Any]) -> Model:
    return Model(
        model_id=entry["id"],
        kind=entry["kind"],
        engine=entry["engine"],
        languages=tuple(entry["languages"]),
        licence=entry["licence"],
        package=entry["package"],
        module=entry.get("module", ""),
        folder=entry.get("folder", ""),
        files=tuple(ModelFile(name=f["name"], size=f["bytes"], sha256=f["sha256"]) for f in entry["files"]),
    )


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
