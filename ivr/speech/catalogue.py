"""The models of voice_models/catalogue.toml: where they stand here, and whether they are what they should be.

Owns resolving and verifying. Never downloads, and never hands out a model whose bytes were not verified: an
operator's copy in installed/<id>/ goes before the package, and a wrong one is an error, not a reason to take another.
Entries of an operator's own stand in local.toml beside the catalogue and go before those of the product.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

from ivr.log import get_log
from ivr.model.errors import SpeechError
from ivr.speech.catalogue_entry import Model, ModelFile, Source, entry_of

log = get_log("speech.catalogue")

MANIFEST = "manifest.json"
_BLOCK = 1 << 20


class Catalogue:
    """The catalogue of one models folder. Raises SpeechError, always saying what the operator can do."""

    def __init__(self, models_dir: Path) -> None:
        self._dir = models_dir
        self.installed = models_dir / "installed"
        local = models_dir / "local.toml"
        self.models = (*(_read(local) if local.exists() else ()), *_read(models_dir / "catalogue.toml"))

    def find(self, kind: str, engine: str, language: str) -> Model:
        """The first entry of that kind, engine and language."""
        found = self.all(kind, engine, language)
        if not found:
            raise SpeechError(
                f"the catalogue in {self._dir} has no {engine} model for language {language!r}: add an entry"
            )
        return found[0]

    def all(self, kind: str, engine: str, language: str) -> tuple[Model, ...]:
        """Every entry of that kind, engine and language, in order of preference."""
        return tuple(m for m in self.models if m.kind == kind and m.engine == engine and m.speaks(language))

    def named(self, model_id: str) -> Model:
        """The entry with this id."""
        for model in self.models:
            if model.model_id == model_id:
                return model
        known = ", ".join(model.model_id for model in self.models)
        raise SpeechError(f"the catalogue in {self._dir} has no model {model_id!r}; it has {known}")

    def home(self, model: Model) -> Path:
        """Where the installed copy of a model stands, or would stand."""
        return self.installed / model.model_id

    def here(self, model: Model) -> bool:
        """Are files of the model here, verified or not?"""
        return self.home(model).is_dir() or self.packaged(model) is not None

    def resolve(self, model: Model) -> Path:
        """The verified folder of a model."""
        own = self.home(model)
        folder = own if own.is_dir() else self.packaged(model)
        if folder is None:
            raise SpeechError(f"model {model.model_id} is not here: {self._advice(model)}")
        files = model.files or self._manifest(model, folder)
        for file in files:
            self._verify(model, folder / file.name, file)
        return folder

    def packaged(self, model: Model) -> Path | None:
        """The folder of an installed package that holds the model ready to use."""
        for source in model.sources:
            folder = package_folder(source) if source.package and not source.parts else None
            if folder is not None:
                return folder
        return None

    def _advice(self, model: Model) -> str:
        packages = [s for s in model.sources if s.package]
        if packages and not packages[0].parts:
            return f"pip install {packages[0].package}, or put its files into {self.home(model)}"
        needed = f"pip install {packages[0].package}, then " if packages else ""
        return f"{needed}ivr models install {model.model_id}"

    def _manifest(self, model: Model, folder: Path) -> tuple[ModelFile, ...]:
        """The files of a model whose archive was verified when it was installed; nothing else may lie among them."""
        try:
            listed = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
            files = tuple(ModelFile(name=f["name"], size=f["bytes"], sha256=f["sha256"]) for f in listed)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SpeechError(
                f"model {model.model_id} in {folder} was not verified when it came: "
                f"ivr models install {model.model_id} --from {folder}"
            ) from error
        names = {file.name for file in files}
        strange = sorted(files_of(folder) - names - {MANIFEST})
        if strange or not names:
            raise SpeechError(
                f"model {model.model_id}: {folder / (strange or ['nothing'])[0]} does not belong to it; remove it, or "
                f"install the model again"
            )
        return files

    def _verify(self, model: Model, path: Path, file: ModelFile) -> None:
        again = f"install it again (ivr models install {model.model_id})"
        try:
            state = path.stat()
        except OSError as error:
            raise SpeechError(f"model {model.model_id} lacks {file.name} at {path}: {again}") from error
        key, mark = str(path), f"{state.st_size}:{state.st_mtime_ns}:{file.sha256}"
        if self._verified().get(key) == mark:
            return
        if state.st_size != file.size or sha256_of(path) != file.sha256:
            raise SpeechError(
                f"model {model.model_id}: {path} is not the file of the catalogue (size or SHA-256 differ); "
                f"{again}, or remove {path.parent} if it is your own copy"
            )
        self._remember(key, mark)

    @property
    def _memory(self) -> Path:
        return self.installed / "verified.json"

    def forget_verified(self) -> None:
        """Hash every file again when it is next asked for."""
        self._memory.unlink(missing_ok=True)

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
            self.installed.mkdir(parents=True, exist_ok=True)
            partial.write_text(json.dumps({**self._verified(), key: mark}, indent=1), encoding="utf-8")
            partial.replace(self._memory)
        except OSError as error:
            log.info("speech.verification_not_kept", folder=str(self.installed), error=str(error))


def package_folder(source: Source) -> Path | None:
    """The folder of a source inside its package, None when the package is not installed."""
    spec = importlib.util.find_spec(source.module) if source.module else None
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations))) / source.folder


def files_of(folder: Path) -> set[str]:
    """The names of all files of a folder, with / between folders."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


def sha256_of(path: Path) -> str:
    """SHA-256 of a file in hex. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _read(path: Path) -> tuple[Model, ...]:
    try:
        return tuple(entry_of(entry) for entry in tomllib.loads(path.read_text(encoding="utf-8"))["model"])
    except OSError as error:
        raise SpeechError(f"no model catalogue at {path}: point models_dir at the voice_models folder") from error
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise SpeechError(f"{path} is no catalogue: {error!r}; restore it from the repository") from error
