"""One entry of the model catalogue: what a model is, which files it has, and where it can come from.

Owns the nouns and their reading from TOML. Knows nothing of this machine: see catalogue.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

_ID = re.compile(r"^[a-z0-9][a-z0-9._-]*$")
_SHA256 = re.compile(r"^[0-9a-f]{64}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """One file of a model: name (folders with /), size in bytes, SHA-256 in hex."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a model comes from: a package of the environment, an archive at a URL, or single files under a URL.

    package: name==version, for pip; module, folder: where its files are. parts: files that must be joined, each from
    "module/path" pieces; the model is then installed, not used in place. url: a zip archive; size and sha256: of the
    archive, 0 and "" when nobody published them; root: the folder inside it that is the model. base: the URL under
    which each file of the model lies by its name.
    """

    package: str = ""
    module: str = ""
    folder: str = ""
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    url: str = ""
    size: int = 0
    sha256: str = ""
    root: str = ""
    base: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One entry. kind: "asr" | "tts" | "vad" | "spk"; languages may be ("*",); ram_mb: what it adds to a process.

    files: () when only the archive is known; they are then listed and hashed as it is unpacked.
    """

    model_id: str
    kind: str
    engine: str
    languages: tuple[str, ...]
    licence: str
    sources: tuple[Source, ...]
    files: tuple[ModelFile, ...] = ()
    ram_mb: int = 0
    note: str = ""

    def speaks(self, language: str) -> bool:
        """Is the model for this language?"""
        return language in self.languages or "*" in self.languages

    @property
    def size(self) -> int:
        """Bytes of its files, or of its archive; 0 when unknown."""
        return sum(file.size for file in self.files) or max((s.size for s in self.sources), default=0)


def entry_of(entry: Mapping[str, Any]) -> Model:
    """A [[model]] table. Raises KeyError, TypeError or ValueError when it is none."""
    model_id = entry["id"]
    if not _ID.match(model_id):
        raise ValueError(f"id {model_id!r}: want lower-case letters, digits, . _ -")
    listed = entry.get("sources", [])
    if "package" in entry:  # the short form: one package that holds the files ready to use
        listed = [{key: entry[key] for key in ("package", "module", "folder") if key in entry}, *listed]
    if any("base" in source for source in listed) and not entry.get("files"):
        raise ValueError(f"model {model_id}: a source with base needs files, each with its SHA-256")
    return Model(
        model_id=model_id,
        kind=entry["kind"],
        engine=entry["engine"],
        languages=tuple(entry["languages"]),
        licence=entry["licence"],
        sources=tuple(_source(source) for source in listed),
        files=tuple(_file(file) for file in entry.get("files", [])),
        ram_mb=int(entry.get("ram_mb", 0)),
        note=entry.get("note", ""),
    )


def _source(source: Mapping[str, Any]) -> Source:
    if source.get("sha256") and not _SHA256.match(source["sha256"]):
        raise ValueError(f"sha256 {source['sha256']!r}: want 64 hex digits")
    return Source(
        package=source.get("package", ""),
        module=source.get("module", ""),
        folder=source.get("folder", ""),
        parts={name: tuple(pieces) for name, pieces in source.get("parts", {}).items()},
        url=source.get("url", ""),
        size=int(source.get("bytes", 0)),
        sha256=source.get("sha256", ""),
        root=source.get("root", ""),
        base=source.get("base", ""),
    )


def _file(file: Mapping[str, Any]) -> ModelFile:
    if not inside(file["name"]) or not _SHA256.match(file["sha256"]):
        raise ValueError(f"file {file['name']!r}: want a relative name and a SHA-256")
    return ModelFile(name=file["name"], size=int(file["bytes"]), sha256=file["sha256"])


def inside(name: str) -> bool:
    """Does a file name with / stay in the folder it is put into?"""
    path = PurePosixPath(name)
    bad = not name or "\\" in name or "\0" in name or ":" in path.parts[0]
    return not bad and not path.is_absolute() and ".." not in path.parts
