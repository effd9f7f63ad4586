"""Bringing a model into installed/<id>/: from the parts of packages, from URLs, from a folder or archive of yours.

Owns the way from a source to verified files: everything is written beside its place under .partial, compared with what
the catalogue says, and renamed in one step. Refuses to trust: an archive nobody published a hash for needs one from
you, or your word that the first one seen is the right one. Only the command line calls this; no server downloads.
"""

from __future__ import annotations

import fcntl
import json
import shutil
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ivr.model.errors import SpeechError
from ivr.speech.catalogue import MANIFEST, Catalogue, files_of, package_folder, sha256_of
from ivr.speech.catalogue_entry import Model, Source
from ivr.speech.unpacking import unpack

TIMEOUT_S = 30
LARGEST_BYTES = 4 << 30
_BLOCK = 1 << 20

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How to install. mirrors: base URLs tried before the model's own. sha256: of the archive, as you know it.

    trust_first_use: take an archive of unknown hash, and hold later ones against it. source: a folder or zip of yours.
    """

    mirrors: Sequence[str] = ()
    sha256: str = ""
    trust_first_use: bool = False
    source: Path | None = None


def install(catalogue: Catalogue, model: Model, wish: Wish, progress: Progress) -> Path:
    """The verified folder of the model, brought here when it is not yet. Raises SpeechError, then nothing changed."""
    home = catalogue.home(model)
    with _alone(catalogue.installed):
        if wish.source is None and catalogue.here(model):
            return catalogue.resolve(model)
        partial = home.with_name(f"{home.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            origin = _bring(model, wish, partial, progress)
            _check(model, partial)
            _list(model, partial, origin)
            _put(partial, home)
        except OSError as error:
            raise SpeechError(f"model {model.model_id} cannot be written to {home}: {error}") from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return catalogue.resolve(model)


def installable(model: Model) -> bool:
    """Can the model be had from packages that are here, without a network?"""
    return any(source.parts and _pieces(source) for source in model.sources)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two installations of one folder wait for each other."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    except PermissionError as error:
        raise SpeechError(f"models cannot be installed: {folder} is not writable ({error})") from error


def _bring(model: Model, wish: Wish, partial: Path, progress: Progress) -> str:
    """Fill the partial folder; where it came from."""
    if wish.source is not None:
        return _own(model, wish.source, wish, partial)
    reasons = []
    for source in model.sources:
        if source.parts:
            pieces = _pieces(source)
            if pieces:
                _join(pieces, partial, progress)
                return source.package
            reasons.append(f"pip install {source.package}")
        elif source.url:
            return _download(model, source, wish, partial, progress)
        elif source.base:
            return _collect(model, source, wish, partial, progress)
        else:
            reasons.append(f"pip install {source.package}")
    raise SpeechError(f"model {model.model_id} has no source here: {' or '.join(reasons) or 'use --from'}")


def _pieces(source: Source) -> dict[str, list[Path]]:
    """File -> the files it is joined from; {} when a package is missing."""
    found: dict[str, list[Path]] = {}
    for name, pieces in source.parts.items():
        for piece in pieces:
            module, _, rest = piece.partition("/")
            folder = package_folder(Source(module=module))
            if folder is None or not (folder / rest).is_file():
                return {}
            found.setdefault(name, []).append(folder / rest)
    return found


def _join(files: dict[str, list[Path]], partial: Path, progress: Progress) -> None:
    total = sum(piece.stat().st_size for pieces in files.values() for piece in pieces)
    done = 0
    for name, pieces in files.items():
        with (partial / name).open("wb") as out:
            for piece in pieces:
                with piece.open("rb") as part:
                    while block := part.read(_BLOCK):
                        out.write(block)
                        done += len(block)
                        progress("joining", done, total)


def _own(model: Model, source: Path, wish: Wish, partial: Path) -> str:
    if source.is_dir():
        if any(path.is_symlink() for path in source.rglob("*")):
            raise SpeechError(f"{source} holds symbolic links: give a folder of real files")
        shutil.copytree(source, partial, dirs_exist_ok=True, ignore=shutil.ignore_patterns(MANIFEST))
    else:
        archive = next((s for s in model.sources if s.url), Source())
        _hash(model, archive, wish, source, sure=True)
        unpack(source, partial, root=archive.root)
    return str(source)


def _download(model: Model, source: Source, wish: Wish, partial: Path, progress: Progress) -> str:
    known = source.sha256 or wish.sha256 or _first_seen(partial, model)
    if not known and not wish.trust_first_use:
        raise SpeechError(
            f"nobody published a SHA-256 for {source.url}: give the one you know (--sha256), or take the first archive "
            f"you get as the right one (--trust-first-use)"
        )
    name = source.url.rsplit("/", 1)[-1]
    urls = [f"{mirror.rstrip('/')}/{name}" for mirror in wish.mirrors] + [source.url]
    archive = partial.with_name(f"{model.model_id}.zip.partial")
    reasons = []
    try:
        for url in urls:
            try:
                _fetch(url, archive, source.size, progress, hashed=bool(known))
                digest = _hash(model, source, wish, archive, sure=False)
                unpack(archive, partial, root=source.root)
            except SpeechError as error:
                reasons.append(str(error))
                continue
            _keep_first(partial, model, digest)
            return url
    finally:
        archive.unlink(missing_ok=True)
    raise SpeechError("; ".join(reasons))


def _collect(model: Model, source: Source, wish: Wish, partial: Path, progress: Progress) -> str:
    """Every file of the model by its own URL; the hashes are those of the catalogue, so no mirror need be trusted."""
    reasons = []
    for base in (*wish.mirrors, source.base):
        try:
            for file in model.files:
                to = partial / file.name
                to.parent.mkdir(parents=True, exist_ok=True)
                _fetch(f"{base.rstrip('/')}/{file.name}", to, file.size, progress, hashed=True)
            _check(model, partial)
        except SpeechError as error:
            reasons.append(str(error))
            continue
        return base
    raise SpeechError("; ".join(reasons))


def _fetch(url: str, to: Path, size: int, progress: Progress, *, hashed: bool) -> None:
    parts = urllib.parse.urlsplit(url)
    local = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if parts.scheme not in ("http", "https") or (parts.scheme == "http" and not hashed and not local):
        raise SpeechError(f"{url}: want https, or http with a known SHA-256")
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer, to.open("wb") as file:
            total = int(answer.headers.get("Content-Length") or size)
            limit = size or LARGEST_BYTES
            done = 0
            while block := answer.read(_BLOCK):
                done += len(block)
                if done > limit:
                    raise SpeechError(f"{url}: more than {limit} bytes came; it is not the archive of the catalogue")
                file.write(block)
                progress(url, done, total)
    except (urllib.error.URLError, TimeoutError, ValueError) as error:
        raise SpeechError(f"{url}: {error}; a mirror can be given (--mirror)") from error
    if (size and done != size) or (total and done != total):
        raise SpeechError(f"{url}: {done} bytes came, {size or total} were expected")


def _hash(model: Model, source: Source, wish: Wish, archive: Path, *, sure: bool) -> str:
    """The archive's SHA-256, held against every one that is known. sure: it is the operator's own file."""
    digest = sha256_of(archive)
    known = {source.sha256, wish.sha256} - {""}
    if not sure:
        known |= {_first_seen(archive, model)} - {""}
    if any(each != digest for each in known):
        raise SpeechError(f"{model.model_id}: the archive has SHA-256 {digest}, not {', '.join(sorted(known))}")
    return digest


def _first_seen(beside: Path, model: Model) -> str:
    try:
        return str(json.loads((beside.parent / "first-seen.json").read_text(encoding="utf-8")).get(model.model_id, ""))
    except (OSError, ValueError):
        return ""


def _keep_first(beside: Path, model: Model, digest: str) -> None:
    path = beside.parent / "first-seen.json"
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {}
    path.write_text(json.dumps({**known, model.model_id: digest}, indent=1), encoding="utf-8")


def _check(model: Model, partial: Path) -> None:
    for file in model.files:
        path = partial / file.name
        if not path.is_file() or path.stat().st_size != file.size or sha256_of(path) != file.sha256:
            raise SpeechError(f"model {model.model_id}: {file.name} is not the file of the catalogue")
    if not files_of(partial):
        raise SpeechError(f"model {model.model_id}: the source holds no files")


def _list(model: Model, partial: Path, origin: str) -> None:
    """Write down what was verified: a model without files in the catalogue is held against this list later."""
    names = sorted(files_of(partial) - {MANIFEST})
    files = [{"name": n, "bytes": (partial / n).stat().st_size, "sha256": sha256_of(partial / n)} for n in names]
    text = json.dumps({"id": model.model_id, "origin": origin, "files": files}, indent=1)
    (partial / MANIFEST).write_text(text, encoding="utf-8")


def _put(partial: Path, home: Path) -> None:
    """In one step; the old copy is gone only when the new one stands."""
    old = home.with_name(f"{home.name}.old.partial")
    shutil.rmtree(old, ignore_errors=True)
    if home.exists():
        home.rename(old)
    partial.rename(home)
    shutil.rmtree(old, ignore_errors=True)
