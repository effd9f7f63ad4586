"""What is wrong with ivr.toml is said in a sentence with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.config import load_settings
from ivr.model.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[sip]\nprot = 5060\n", ":2: [sip.prot] there is no word 'prot' here. Did you mean 'port'?"),
        ("[spi]\nport = 5060\n", ":1: [spi] there is no word 'spi' here. Did you mean 'sip'?"),
        ("[sip]\nworkers = 99\n", ":2: [sip.workers] 99 is more than 64. Write a number from 1 to 64."),
        ("[sip]\nworkers = 3\nport = 65535\n", "[sip] 3 workers need SIP ports to 65537"),
        ("[sip\n", "not valid TOML"),
        ('[[trunks]]\nname = "a"\npeers = ["300.1.1.1"]\n', ":3: [trunks.0.peers.0] '300.1.1.1' does not appear"),
    ],
)
def test_a_mistake_is_one_line_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "ivr.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load_settings(file)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_in_another_encoding_is_refused_by_its_first_foreign_byte(tmp_path: Path) -> None:
    file = tmp_path / "ivr.toml"
    file.write_bytes("# Büro\n[sip]\nport = 5060\n".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"byte 4 is not UTF-8; save the file as UTF-8"):
        load_settings(file)
