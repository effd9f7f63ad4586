"""What keeps the service from starting is said before anything is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.config import ServerSettings, Settings, StorageSettings
from ivr.model.errors import ConfigError
from ivr.supervisor.service import running


@pytest.mark.parametrize(
    ("server", "told"),
    [
        ({"assistant": Path("/none/at/all")}, r"\[server\] assistant: there is no folder /none/at/all"),
        ({"run_dir": Path("/proc/none")}, r"\[server\] run_dir: cannot make the folder /proc/none: "),
    ],
)
async def test_a_folder_that_cannot_be_had_is_named_with_its_setting(
    tmp_path: Path, server: dict[str, Path], told: str
) -> None:
    database = f"sqlite:///{tmp_path}/ivr.sqlite3"
    settings = Settings(server=ServerSettings(**server), storage=StorageSettings(url=database))  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=told):
        async with running(settings):
            pass
    assert not (tmp_path / "ivr.sqlite3").exists()
