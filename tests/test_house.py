"""The rules of the house, as tests: sizes, names, who may import what, and papers in step with the code."""

from __future__ import annotations

import ast
import hashlib
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr.config import Settings, load_settings

ROOT = Path(__file__).resolve().parent.parent
LONGEST_FILE, LONGEST_FUNCTION = 300, 50

# Who may import a foreign library: a file, or a whole room. What is not named here any file may import.
HOMES = {
    "pjsua2": ("ivr/media/endpoint.py",),
    "faster_whisper": ("ivr/speech/",),
    "ctranslate2": ("ivr/speech/",),
    "tokenizers": ("ivr/speech/",),
    "onnxruntime": ("ivr/speech/",),
    "piper": ("ivr/speech/",),
    "pyttsx3": ("ivr/speech/",),
    "espeakng_loader": ("ivr/speech/",),
    "num2words": ("ivr/speech/", "ivr/dialog/", "ivr/nlu/"),
    "sqlalchemy": ("ivr/storage/",),
    "aiosqlite": ("ivr/storage/",),
    "alembic": ("ivr/storage/",),
    "sklearn": ("ivr/nlu/",),
    "rapidfuzz": ("ivr/nlu/",),
    "aiohttp.web": ("ivr/web/", "ivr/demo/crm.py"),
    "aiohttp_jinja2": ("ivr/web/",),
    "simpleeval": ("ivr/dialog/",),
    "prometheus_client": ("ivr/metrics.py",),
    "msgspec": ("ivr/wire.py",),
    "pydantic": (
        "ivr/config.py",
        "ivr/dialog/",
        "ivr/offers/",
        "ivr/routing/",
        "ivr/nlu/",
        "ivr/web/",
        "ivr/demo/crm.py",
    ),
}
# Engines that bring a model or a licence of their own: one file each, wherever in the room it is.
ONE_FILE = (
    "pjsua2",
    "faster_whisper",
    "ctranslate2",
    "onnxruntime",
    "piper",
    "pyttsx3",
    "espeakng_loader",
    "simpleeval",
)
MEDIA_IS_LIGHT = ("numpy", "scipy", "sklearn", "pydantic", "sqlalchemy", "aiohttp", "onnxruntime", "structlog")

THINKING = ("dialog", "offers", "routing")
DOING = {
    "asyncio",
    "socket",
    "selectors",
    "ssl",
    "subprocess",
    "threading",
    "multiprocessing",
    "urllib",
    "http",
    "time",
}
DOING |= {"sqlite3", "aiohttp", "aiosqlite", "sqlalchemy"}
CLOCKS = {"now", "utcnow", "today"}

LEFT_OPEN = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK")) + r")\b")
OF_A_MACHINE = re.compile(
    r"(?<![\w.])/(work|root|Users|home/\w+|tmp/\w+)/|pypi\.(org|python)|pythonhosted|registry\.npmjs|deb\.debian\.org|localhost\.localdomain"
)
NO_NOUN = re.compile(r"(^|_)(utils?|helpers?|managers?|misc|common)(_|$)")


def python_files(room: str = "ivr") -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> set[str]:
    """Dotted names a file imports: `from aiohttp import web` counts as aiohttp and as aiohttp.web."""
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def importers(library: str) -> list[str]:
    return [
        name(path)
        for path in python_files()
        if any(found == library or found.startswith(library + ".") for found in imports(path))
    ]


def tracked() -> Iterator[tuple[str, str]]:
    """Name and text of every text file under version control."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for entry in filter(None, listed.split("\0")):
        path = ROOT / entry
        try:
            yield entry, path.read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue


def pins(file: str) -> dict[str, str]:
    text = (ROOT / "requirements" / file).read_text()
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.MULTILINE))


def asked_for(file: str) -> list[str]:
    """Names of the packages a .in file asks for, as pip normalises them."""
    lines = (ROOT / "requirements" / file).read_text().splitlines()
    return [re.sub(r"[-_.]+", "-", re.split(r"[\[=<>~]", line)[0]) for line in lines if line and line[0] not in "-#"]


# ---- sizes and names ----------------------------------------------------------------------------------------------


def test_no_file_is_longer_than_its_noun() -> None:
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in python_files()}
    assert {file: n for file, n in lengths.items() if n > LONGEST_FILE} == {}


def test_no_function_is_longer_than_its_thought() -> None:
    long = {}
    for path in python_files():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
                length = node.end_lineno - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    long[f"{name(path)}:{node.lineno} {node.name}"] = length
    assert long == {}


def test_every_file_is_named_by_a_noun_of_the_field() -> None:
    assert [name(path) for path in python_files() if NO_NOUN.search(path.stem)] == []


def test_every_module_says_what_it_owns() -> None:
    empty = [
        path
        for path in python_files()
        if path.read_text(encoding="utf-8").strip() and not ast.get_docstring(tree(path))
    ]
    assert [name(path) for path in empty] == []


def test_messages_are_frozen_slotted_and_named() -> None:
    loose = []
    for path in python_files("ivr/model"):
        for node in ast.walk(tree(path)):
            for mark in node.decorator_list if isinstance(node, ast.ClassDef) else ():
                said = ast.unparse(mark)
                if "dataclass" in said and not all(f"{k}=True" in said for k in ("frozen", "slots", "kw_only")):
                    loose.append(f"{name(path)}:{node.lineno}")
    assert loose == []


# ---- what must not stand in files ---------------------------------------------------------------------------------


def test_nothing_is_left_open() -> None:
    assert [file for file, text in tracked() if LEFT_OPEN.search(text)] == []


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    found = []
    for file, text in tracked():
        if file != name(Path(__file__)):
            found += [f"{file}: {line.strip()[:100]}" for line in text.splitlines() if OF_A_MACHINE.search(line)]
    assert found == []


def test_tests_never_mock_the_product() -> None:
    mock = re.compile(r"(patch(\.object)?|MagicMock|AsyncMock|monkeypatch\.setattr)\(\s*['\"]?ivr\b|unittest\.mock")
    files = [path for path in python_files("tests") if path != Path(__file__).resolve()]
    assert [name(path) for path in files if mock.search(path.read_text(encoding="utf-8"))] == []


def test_only_the_shared_fixtures_may_skip() -> None:
    skip = re.compile(r"pytest\.(skip|importorskip|xfail|mark\.(skip|skipif|xfail))\b")
    files = [path for path in python_files("tests") if path.name != "conftest.py" and path != Path(__file__).resolve()]
    assert [name(path) for path in files if skip.search(path.read_text(encoding="utf-8"))] == []


# ---- who may import what ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("library", HOMES)
def test_a_foreign_library_stays_in_its_home(library: str) -> None:
    assert [file for file in importers(library) if not file.startswith(HOMES[library])] == []


@pytest.mark.parametrize("library", ONE_FILE)
def test_an_engine_is_known_to_one_file_only(library: str) -> None:
    assert len(importers(library)) <= 1, importers(library)


@pytest.mark.parametrize("library", MEDIA_IS_LIGHT)
def test_the_media_process_stays_light(library: str) -> None:
    assert [file for file in importers(library) if file.startswith("ivr/media/")] == []


@pytest.mark.parametrize("room", THINKING)
def test_thinking_does_no_io_and_reads_no_clock(room: str) -> None:
    doing = []
    for path in python_files(f"ivr/{room}"):
        doing += [f"{name(path)} imports {found}" for found in imports(path) if found.split(".")[0] in DOING]
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS:
                doing.append(f"{name(path)}:{node.lineno} reads the clock")
    assert doing == []


# ---- papers in step -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["build", "run", "dev"])
def test_requirements_are_compiled_pinned_and_hashed(kind: str) -> None:
    folder = ROOT / "requirements"
    sources = [folder / "run.in", folder / "dev.in"] if kind == "dev" else [folder / f"{kind}.in"]
    text = (folder / f"{kind}.txt").read_text()
    fingerprint = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    assert text.splitlines()[0] == f"# {fingerprint}", f"{kind}.in changed: make requirements"
    assert set(asked_for(f"{kind}.in")) <= set(pins(f"{kind}.txt"))
    assert all(re.match(r"#|    --hash=sha256:|[a-z0-9-]+==\S+( ;.*)? \\$", line) for line in text.splitlines() if line)
    assert "://" not in text and "--index" not in text


def test_tests_run_against_the_packages_that_are_shipped() -> None:
    assert pins("run.txt").items() <= pins("dev.txt").items()


def test_the_build_backend_is_pinned_to_what_is_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["build-system"]["requires"] == (ROOT / "requirements" / "build.in").read_text().split()


def test_every_dependency_has_its_line_of_reason() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    reasons = re.findall(r"^\| `([a-z0-9.-]+)(?:\[[a-z]+\])?` \| \S", text, re.MULTILINE)
    assert sorted(re.sub(r"[.]", "-", reason) for reason in reasons) == sorted(
        asked_for("run.in") + asked_for("dev.in")
    )


def test_every_command_named_in_the_papers_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make demo" in readme and "make test" in readme
    papers = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    named = {word for paper in papers for word in re.findall(r"(?:`|^)make ([a-z-]+)", paper.read_text(), re.MULTILINE)}
    assert named - targets == set()


def test_every_link_between_papers_leads_somewhere() -> None:
    dead = []
    for paper in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", paper.read_text(encoding="utf-8")):
            if not (paper.parent / link).exists():
                dead.append(f"{name(paper)} -> {link}")
    assert dead == []


def test_every_file_the_image_copies_exists() -> None:
    lines = (ROOT / "deploy" / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    sources = [words[1:-1] for line in lines if (words := line.split()) and words[0] == "COPY"]
    from_here = [
        [word for word in words if not word.startswith("--")] for words in sources if "--from" not in str(words)
    ]
    assert from_here and [source for words in from_here for source in words if not (ROOT / source).exists()] == []


def test_the_example_configuration_is_complete_and_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVR_WEB_TOKEN", "only-for-this-test")
    example = ROOT / "deploy" / "ivr.toml"
    load_settings(example)
    said = tomllib.loads(example.read_text(encoding="utf-8"))
    for section, field in Settings.model_fields.items():
        keys = getattr(field.annotation, "model_fields", {})
        assert set(keys) == set(said[section]) if keys else section in said, section
