"""Objections by letter: a person's command closes the gate for the whole household, and a person's command alone opens
it again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ivr.__main__ import main
from tests.unit.offers.cases import ROOT


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> Path:
    path = tmp_path / "ivr.toml"
    path.write_text(
        f'[server]\nassistant = "{ROOT}/dialogs/insurance"\n[storage]\nurl = "{database_url}"\n[offers]\nsalt = "s"\n'
    )
    return path


def said(house: Path, who: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["offers", "said", who, "--json", "-c", str(house)]) == 0
    return dict(json.loads(capsys.readouterr().out))


def test_who_objects_by_letter_is_offered_nothing_until_a_person_takes_it_back(
    house: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ["-c", str(house)]
    assert main(["offers", "allow", "C1", "--by", "ann", *at]) == 1, "nobody had objected"
    assert main(["offers", "refuse", "C1", "--by", " ", *at]) == 2, "somebody answers for it"
    for nobody in ("", " ", "+1", "+49 151"):  # as a shell's unset variable leaves it
        for word in ("refuse", "allow"):
            with pytest.raises(SystemExit):
                main(["offers", word, nobody, "--by", "ann", *at])
    agreed = ["offers", "consent", "C1", "--text", "ads-3", "--by", "ann", *at]
    assert main(agreed) == 2, "a consent nobody can look at is none"
    assert main([*agreed, "--source", "contract 4711"]) == 0
    assert main(["offers", "refuse", "C1", "--by", "ann", *at]) == 0
    found = said(house, "C1", capsys)
    assert [(each["what"], each["by"]) for each in found["objections"]] == [("refused", "ann")]
    assert found["consents"][0]["withdrawn_by"] == "ann", "who objects does not consent any more"
    assert main(["offers", "allow", "C1", "--by", "bob", *at]) == 0
    assert [each["what"] for each in said(house, "C1", capsys)["objections"]] == ["refused", "allowed"]
    assert main(["offers", "care", "C1", "--by", "ann", "--why", "pressed", *at]) == 0
    assert main(["offers", "clear-care", "C1", "--by", "boss", *at]) == 0
    [mark] = said(house, "C1", capsys)["care"]
    assert (mark["why"], mark["cleared_by"]) == ("pressed", "boss")
    assert main(["offers", "refuse", "+12025550100", "--by", "ann", *at]) == 0
    assert "tel:+12025550100" in capsys.readouterr().out


def test_who_switches_a_group_off_is_shown(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["offers", "suspend", "senior", "--by", "ann", "-c", str(house)]) == 0
    assert main(["offers", "suspensions", "-c", str(house)]) == 0
    assert "by ann" in capsys.readouterr().out.splitlines()[-1]
