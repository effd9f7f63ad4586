"""Every conversation test of every shipped assistant, against the real engine and the real understanding."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from ivr.config import NluSettings
from ivr.dialog.assistant import load_assistant
from ivr.dialog.conversation import play
from ivr.dialog.lint import lint
from ivr.dialog.script import Conversation, load
from ivr.model.ports import NluEngine
from ivr.nlu.engines import engine_of

ROOT = Path(__file__).parents[2]
DIALOGS = ROOT / "dialogs"
AS_IN_A_CALL = NluSettings(cache_dir=ROOT / "var" / "nlu")
FOLDERS = sorted(p.parent for p in DIALOGS.glob("*/dialog.yml"))
ASSISTANTS = {folder: load_assistant(folder) for folder in FOLDERS}
SHIPPED = [(folder, c) for folder in FOLDERS for path in sorted(folder.glob("tests/*.yml")) for c in load(path, folder)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engines() -> AsyncIterator[dict[Path, NluEngine]]:
    """The engines `ivr run` would take."""
    trained = {folder: engine_of(AS_IN_A_CALL, ASSISTANTS[folder].nlu_files) for folder in FOLDERS}
    yield trained
    for engine in trained.values():
        await engine.close()


@pytest.mark.parametrize(("folder", "told"), SHIPPED, ids=[f"{f.name}: {c.name}" for f, c in SHIPPED])
@pytest.mark.asyncio(loop_scope="module")
async def test_a_shipped_conversation_goes_as_written(
    folder: Path, told: Conversation, engines: dict[Path, NluEngine]
) -> None:
    report = await play(ASSISTANTS[folder], told, engines[folder].parse)
    assert not report.problems, "\n".join((*report.problems, *report.transcript))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: f.name)
def test_a_shipped_assistant_has_no_error(folder: Path) -> None:
    assert [str(f) for f in lint(folder) if f.severity == "error"] == []
