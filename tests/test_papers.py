"""Papers, requirements and deployment stay in step with the code."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from ivr.config import Settings, load_settings
from ivr.dialog.assistant import TEXTS
from ivr.dialog.joining import QUESTION_KEYS
from ivr.dialog.policies import KEYS as POLICY_KEYS
from ivr.dialog.reading import READERS
from ivr.dialog.slots import TYPES as SLOT_TYPES
from ivr.dialog.tongues import FORMATTERS
from ivr.metrics import Metrics

ROOT = Path(__file__).resolve().parent.parent


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def pins(file: str) -> dict[str, str]:
    text = (ROOT / "requirements" / file).read_text()
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.MULTILINE))


def asked_for(file: str) -> list[str]:
    """Names of the packages a .in file asks for, as pip normalises them."""
    lines = (ROOT / "requirements" / file).read_text().splitlines()
    return [re.sub(r"[-_.]+", "-", re.split(r"[\[=<>~]", line)[0]) for line in lines if line and line[0] not in "-#"]


@pytest.mark.parametrize("kind", ["build", "run", "dev", "rasa"])
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
    named = {
        word
        for paper in papers
        for word in re.findall(r"(?:`|^)make (?:-C \S+ )?([a-z][a-z-]*)", paper.read_text(), re.MULTILINE)
    }
    assert named - targets == set()


def test_every_link_between_papers_leads_somewhere() -> None:
    dead = []
    for paper in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", paper.read_text(encoding="utf-8")):
            if not (paper.parent / link).exists():
                dead.append(f"{name(paper)} -> {link}")
    assert dead == []


def test_the_wheel_holds_every_file_of_the_product(tmp_path: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "ivr"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    for file in [*listed, "pyproject.toml", "README.md", "LICENSE", "requirements/run.in"]:
        if (ROOT / file).exists():
            (tmp_path / "src" / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, tmp_path / "src" / file)
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-qq",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "-w",
        tmp_path,
    ]
    subprocess.run([*build, tmp_path / "src"], check=True)
    with zipfile.ZipFile(next(tmp_path.glob("ivr-*.whl"))) as wheel:
        assert [file for file in listed if (ROOT / file).exists() and file not in wheel.namelist()] == []


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


def test_every_word_of_the_dialog_language_is_explained() -> None:
    guide = (ROOT / "docs" / "designing.md").read_text(encoding="utf-8")
    for role, response in TEXTS.items():
        assert f"| `{role}` | `{response}` |" in guide, role
    for step in READERS:
        assert f"\n| `{step}` |" in guide, step
    words = {*SLOT_TYPES, *FORMATTERS, *POLICY_KEYS, *QUESTION_KEYS}
    assert {word for word in words if f"`{word}" not in guide and f"  {word}:" not in guide} == set()


def test_every_metric_is_explained() -> None:
    guide = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    names = re.findall(r"^# TYPE (\w+)", Metrics().exposition().decode(), re.MULTILINE)
    assert [name for name in names if not name.endswith("_created") and f"`{name}`" not in guide] == []
