"""What keeps the service from starting is said before anything is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.config import Settings
from ivr.model.errors import ConfigError
from ivr.supervisor.service import running


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"server": {"assistant": "/none/at/all"}}, r"\[server\] assistant: there is no folder /none/at/all"),
        ({"server": {"run_dir": "/proc/none"}}, r"\[server\] run_dir: cannot make the folder /proc/none: "),
        ({"speech": {"models_dir": "/none/at/all"}}, r"\[speech\] no model catalogue at /none/at/all/catalogue.toml: "),
        ({"speech": {"voices": ["nobody"]}}, r"\[speech\] there is no voice 'nobody': write one of piper, "),
    ],
)
async def test_what_cannot_be_had_is_named_with_its_setting(
    tmp_path: Path, wrong: dict[str, dict[str, object]], told: str
) -> None:
    usual = {
        "server": {"run_dir": f"{tmp_path}/run"},
        "speech": {"cache_dir": f"{tmp_path}/prompts"},
        "recording": {"dir": f"{tmp_path}/recordings"},
        "storage": {"url": f"sqlite:///{tmp_path}/ivr.sqlite3"},
    }
    settings = Settings.model_validate({name: usual.get(name, {}) | wrong.get(name, {}) for name in usual})
    with pytest.raises(ConfigError, match=told):
        async with running(settings):
            pass
    assert not (tmp_path / "ivr.sqlite3").exists()
