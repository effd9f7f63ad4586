"""Every conversation test of every shipped assistant, against the real engine and the real understanding."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
import pytest_asyncio

from ivr.config import NluSettings
from ivr.dialog.assistant import Assistant, load_assistant
from ivr.dialog.conversation import play
from ivr.dialog.lint import lint
from ivr.dialog.script import Conversation, load
from ivr.model.ports import NluEngine
from ivr.nlu.engines import engine_of

ROOT = Path(__file__).parents[2]
DIALOGS = ROOT / "dialogs"
AS_IN_A_CALL = NluSettings(cache_dir=ROOT / "var" / "nlu")
FOLDERS = sorted(p.parent for p in DIALOGS.glob("*/dialog.yml"))
# Only the names: a process that collects these tests may never come to run one, and reading them all takes seconds.
NAMES = {
    path: re.findall(r"^- name: (.+)$", path.read_text("utf-8"), re.MULTILINE)
    for folder in FOLDERS
    for path in sorted(folder.glob("tests/*.yml"))
}
SHIPPED = [(path, number, name) for path, names in NAMES.items() for number, name in enumerate(names)]


@pytest.fixture(scope="module")
def conversations() -> dict[Path, tuple[Conversation, ...]]:
    return {path: load(path, path.parents[1]) for path in NAMES}


@pytest.fixture(scope="module")
def assistants() -> dict[Path, Assistant]:
    return {folder: load_assistant(folder) for folder in FOLDERS}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engines(assistants: Mapping[Path, Assistant]) -> AsyncIterator[dict[Path, NluEngine]]:
    """The engines `ivr run` would take."""
    trained = {folder: engine_of(AS_IN_A_CALL, assistants[folder].nlu_files) for folder in FOLDERS}
    yield trained
    for engine in trained.values():
        await engine.close()


def test_every_shipped_conversation_is_one_of_these(conversations: Mapping[Path, tuple[Conversation, ...]]) -> None:
    assert {path: [told.name for told in found] for path, found in conversations.items()} == NAMES


@pytest.mark.parametrize(
    ("path", "number"), [at[:2] for at in SHIPPED], ids=[f"{path.parents[1].name}: {name}" for path, _, name in SHIPPED]
)
@pytest.mark.asyncio(loop_scope="module")
async def test_a_shipped_conversation_goes_as_written(
    path: Path,
    number: int,
    conversations: Mapping[Path, tuple[Conversation, ...]],
    assistants: Mapping[Path, Assistant],
    engines: Mapping[Path, NluEngine],
) -> None:
    folder = path.parents[1]
    report = await play(assistants[folder], conversations[path][number], engines[folder].parse)
    assert not report.problems, "\n".join((*report.problems, *report.transcript))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: f.name)
def test_a_shipped_assistant_has_no_error(folder: Path) -> None:
    assert [str(f) for f in lint(folder) if f.severity == "error"] == []
