"""A zip archive unpacked so that it cannot write anywhere but where it should.

Owns the refusal: names that leave the folder, links, encrypted or overlapping members, and archives that swell.
"""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

from ivr.model.errors import SpeechError
from ivr.speech.catalogue_entry import inside

MOST_FILES = 10_000
LARGEST_BYTES = 8 << 30
MOST_SWELLING = 200  # times the archive: a model's weights hardly compress, a bomb does
_BLOCK = 1 << 20


def unpack(archive: Path, folder: Path, *, root: str = "") -> None:
    """Unpack into an empty folder, only what lies under root, without that prefix. Raises SpeechError."""
    try:
        with zipfile.ZipFile(archive) as packed:
            members = [member for member in packed.infolist() if not member.is_dir()]
            _refuse(archive, members)
            prefix = f"{root}/" if root else ""
            wanted = [member for member in members if member.filename.startswith(prefix)]
            if not wanted:
                raise SpeechError(f"{archive.name} holds no folder {root}")
            for member in wanted:
                _write(packed, member, folder / member.filename[len(prefix) :])
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise SpeechError(f"{archive.name} is no sound zip archive: {error}") from error


def _refuse(archive: Path, members: list[zipfile.ZipInfo]) -> None:
    names = [member.filename for member in members]
    for member in members:
        kind = stat.S_IFMT(member.external_attr >> 16)
        if not inside(member.filename):
            raise SpeechError(f"{archive.name} would write outside its folder: {member.filename!r}")
        if kind not in (0, stat.S_IFREG):
            raise SpeechError(f"{archive.name} holds a link or device: {member.filename!r}")
        if member.flag_bits & 1:
            raise SpeechError(f"{archive.name} is encrypted")
    if len(set(names)) != len(names) or len(names) > MOST_FILES:
        raise SpeechError(f"{archive.name} holds a name twice, or more than {MOST_FILES} files")
    size = sum(member.file_size for member in members)
    if size > min(LARGEST_BYTES, MOST_SWELLING * max(1, archive.stat().st_size)):
        raise SpeechError(f"{archive.name} would unpack to {size} bytes")


def _write(packed: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    left = member.file_size
    with packed.open(member) as source, path.open("xb") as out:
        while block := source.read(_BLOCK):
            left -= len(block)
            if left < 0:
                raise SpeechError(f"{member.filename!r} is longer than the archive says")
            out.write(block)
