"""Trunks in ivr.toml: the short form goes on working, mistakes are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.config import load_settings
from ivr.identity.numbers import trunk_of
from ivr.model.errors import ConfigError


def settings_of(tmp_path: Path, text: str):  # type: ignore[no-untyped-def]
    file = tmp_path / "ivr.toml"
    file.write_text(text)
    return load_settings(file)


def test_trusted_peers_are_a_trunk_without_a_section(tmp_path: Path) -> None:
    text = '[sip]\ntrusted_peers = ["10.0.0.5"]\n[[trunks]]\nname = "open"\npeers = ["10.0.0.0/24"]\n'
    trunks = settings_of(tmp_path, text).known_trunks
    assert [trunk_of(f"10.0.0.{at}:5060", trunks).trusted for at in (5, 6)] == [True, False]


def test_files_of_certificates_are_taken_from_the_folder_of_the_settings(tmp_path: Path) -> None:
    assert settings_of(tmp_path, '[stir]\nca_file = "ca.pem"\n').stir.ca_file == str(tmp_path / "ca.pem")


def test_the_example_of_the_guide_can_be_used_as_it_stands(tmp_path: Path, repo_root: Path) -> None:
    guide = (repo_root / "docs" / "operating.md").read_text(encoding="utf-8")
    example = guide.split("```toml\n")[1].split("```")[0]
    trunks = settings_of(tmp_path, example).known_trunks
    assert [trunk.name for trunk in trunks] == ["carrier", "signing", "office", "open"]


@pytest.mark.parametrize(
    ("trunk", "words"),
    [
        ('peers = ["10.0.0.300"]', "10.0.0.300"),
        ("peers = []", "peers"),
        ('peers = ["10.0.0.5"]\nstir = true', "ca_file"),
        ('peers = ["10.0.0.5"]\nreject = "failed"', "stir = true"),
        ('peers = ["10.0.0.5"]\n[[trunks]]\nname = "a"\npeers = ["10.0.0.6"]', "two are named 'a'"),
        ('peers = ["10.0.0.5"]\n[[trunks]]\nname = "b"\npeers = ["10.0.0.5/32"]', "belongs to 'a' and to 'b'"),
        ('peers = ["10.0.0.5"]\ntrust = true', "trust"),
    ],
)
def test_a_mistake_in_a_trunk_is_named(tmp_path: Path, trunk: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words.replace("[", r"\[")):
        settings_of(tmp_path, f'[[trunks]]\nname = "a"\n{trunk}\n')
