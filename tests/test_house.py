"""The rules of the house, as tests: sizes, names, what must not stand in files, who may import what."""

from __future__ import annotations

import ast
import functools
import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LONGEST_FILE, LONGEST_FUNCTION = 300, 50

# Who may import a foreign library: a file, or a whole room. What is not named here any file may import.
HOMES = {
    "pjsua2": ("ivr/media/endpoint.py",),
    "faster_whisper": ("ivr/speech/",),
    "ctranslate2": ("ivr/speech/",),
    "tokenizers": ("ivr/speech/", "ivr/nlu/"),
    "onnxruntime": ("ivr/speech/",),
    "piper": ("ivr/speech/",),
    "pyttsx3": ("ivr/speech/",),
    "espeakng_loader": ("ivr/speech/",),
    "vosk": ("ivr/speech/",),
    "num2words": ("ivr/speech/", "ivr/dialog/", "ivr/nlu/", "ivr/offers/", "ivr/demo/spoken_facts.py"),
    "sqlalchemy": ("ivr/storage/",),
    "aiosqlite": ("ivr/storage/",),
    "alembic": ("ivr/storage/",),
    "sklearn": ("ivr/nlu/",),
    "rapidfuzz": ("ivr/nlu/", "ivr/dialog/", "ivr/speech/", "ivr/identity/"),
    "aiohttp.web": ("ivr/web/", "ivr/demo/crm.py", "ivr/demo/crm_directory.py", "ivr/demo/acd.py"),
    "aiohttp_jinja2": ("ivr/web/",),
    "jwt": ("ivr/identity/",),
    "cryptography": ("ivr/identity/",),
    "simpleeval": ("ivr/dialog/", "ivr/offers/"),
    "prometheus_client": ("ivr/metrics.py",),
    "argon2": ("ivr/identity/secrets.py",),
    "msgspec": ("ivr/wire.py",),
    "pydantic": (
        "ivr/config.py",
        "ivr/sections.py",
        "ivr/document.py",
        "ivr/deviations.py",
        "ivr/dialog/",
        "ivr/identity/",
        "ivr/offers/",
        "ivr/routing/",
        "ivr/nlu/",
        "ivr/web/",
        "ivr/demo/crm.py",
    ),
}
# One file of a room knows each of these, wherever in the room it is; rooms beside each other cannot share one.
ONE_FILE = ("pjsua2", "faster_whisper", "ctranslate2", "piper", "pyttsx3", "espeakng_loader", "vosk", "simpleeval")
MEDIA_IS_LIGHT = ("numpy", "scipy", "sklearn", "pydantic", "sqlalchemy", "aiohttp", "onnxruntime", "structlog")

THINKING = ("dialog", "identity", "offers", "routing")
DOING = (
    *("asyncio", "socket", "selectors", "ssl", "subprocess", "threading", "multiprocessing", "time", "sqlite3"),
    *("urllib.request", "http.client", "aiohttp", "aiosqlite", "sqlalchemy"),
)
CLOCKS = {"now", "utcnow", "today"}

LEFT_OPEN = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK")) + r")\b")
OF_A_MACHINE = re.compile(
    r"(?<![\w.])/(work|root|Users|home/\w+)/|/tmp/\w+|pypi\.(org|python)|pythonhosted|registry\.npmjs|deb\.debian"
)
NO_NOUN = re.compile(r"(^|_)(utils?|helpers?|managers?|misc|common)(_|$)")


def python_files(room: str = "ivr") -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def assert_none(found: Iterable[str]) -> None:
    listed = list(found)
    assert not listed, "\n" + "\n".join(listed)


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@functools.cache
def imports(path: Path) -> set[str]:
    """Dotted names a file imports: `from aiohttp import web` counts as aiohttp and as aiohttp.web."""
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def within(found: str, libraries: Iterable[str]) -> bool:
    return any(found == library or found.startswith(library + ".") for library in libraries)


def importers(library: str) -> list[str]:
    return [name(path) for path in python_files() if any(within(found, [library]) for found in imports(path))]


def tracked() -> Iterator[tuple[str, str]]:
    """Name and text of every text file under version control."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for entry in filter(None, listed.split("\0")):
        path = ROOT / entry
        try:
            yield entry, path.read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue


# ---- sizes and names ----------------------------------------------------------------------------------------------


def test_no_file_is_longer_than_its_noun() -> None:
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in python_files()}
    assert_none(f"{file} has {n} lines" for file, n in lengths.items() if n > LONGEST_FILE)


def test_no_function_is_longer_than_its_thought() -> None:
    long = []
    for path in python_files():
        if "versions" in path.parts:  # a migration is a list of statements that never changes again
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
                length = node.end_lineno - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    long.append(f"{name(path)}:{node.lineno} {node.name} has {length} lines")
    assert_none(long)


def test_every_file_is_named_by_a_noun_of_the_field() -> None:
    assert_none([name(path) for path in python_files() if NO_NOUN.search(path.stem)])


def test_every_module_says_what_it_owns() -> None:
    empty = [
        path
        for path in python_files()
        if path.read_text(encoding="utf-8").strip() and not ast.get_docstring(tree(path))
    ]
    assert_none([name(path) for path in empty])


def test_messages_are_frozen_slotted_and_named() -> None:
    loose = []
    for path in python_files("ivr/model"):
        for node in ast.walk(tree(path)):
            for mark in node.decorator_list if isinstance(node, ast.ClassDef) else ():
                said = ast.unparse(mark)
                if "dataclass" in said and not all(f"{k}=True" in said for k in ("frozen", "slots", "kw_only")):
                    loose.append(f"{name(path)}:{node.lineno}")
    assert_none(loose)


# ---- what must not stand in files ---------------------------------------------------------------------------------


def test_nothing_is_left_open() -> None:
    assert_none([file for file, text in tracked() if LEFT_OPEN.search(text)])


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    found = []
    for file, text in tracked():
        if file != name(Path(__file__)):
            found += [f"{file}: {line.strip()[:100]}" for line in text.splitlines() if OF_A_MACHINE.search(line)]
    assert_none(found)


def test_tests_never_mock_the_product() -> None:
    mock = re.compile(r"(patch(\.object)?|MagicMock|AsyncMock|monkeypatch\.setattr)\(\s*['\"]?ivr\b|unittest\.mock")
    files = [path for path in python_files("tests") if path != Path(__file__).resolve()]
    assert_none([name(path) for path in files if mock.search(path.read_text(encoding="utf-8"))])


def test_only_the_shared_fixtures_may_skip() -> None:
    skip = re.compile(r"pytest\.(skip|importorskip|xfail|mark\.(skip|skipif|xfail))\b")
    files = [path for path in python_files("tests") if path.name != "conftest.py" and path != Path(__file__).resolve()]
    assert_none([name(path) for path in files if skip.search(path.read_text(encoding="utf-8"))])


# ---- who may import what ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("library", HOMES)
def test_a_foreign_library_stays_in_its_home(library: str) -> None:
    assert_none([file for file in importers(library) if not file.startswith(HOMES[library])])


@pytest.mark.parametrize("library", ONE_FILE)
def test_one_file_of_a_room_knows_a_library(library: str) -> None:
    rooms = [file.split("/")[1] for file in importers(library)]
    assert len(rooms) == len(set(rooms)), importers(library)


@pytest.mark.parametrize("library", MEDIA_IS_LIGHT)
def test_the_media_process_stays_light(library: str) -> None:
    assert_none([file for file in importers(library) if file.startswith("ivr/media/")])


@pytest.mark.parametrize("room", THINKING)
def test_thinking_does_no_io_and_reads_no_clock(room: str) -> None:
    doing = []
    for path in python_files(f"ivr/{room}"):
        doing += [f"{name(path)} imports {found}" for found in imports(path) if within(found, DOING)]
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS:
                doing.append(f"{name(path)}:{node.lineno} reads the clock")
    assert_none(doing)
