"""What `ivr ... --help` says."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator

import pytest

from ivr.cli import command_line, main

SWITCHES: tuple[object, ...] = (None, False, "", argparse.SUPPRESS, [], 0)


def arguments(of: argparse.ArgumentParser, command: str) -> Iterator[tuple[str, argparse.Action]]:
    """Every argument with the command it belongs to."""
    for action in of._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                yield from arguments(inner, f"{command} {name}")
        elif not isinstance(action, argparse._HelpAction | argparse._VersionAction):
            yield command, action


def test_every_argument_says_what_it_is_and_what_it_is_when_left_out() -> None:
    silent, untold = [], []
    for command, action in arguments(command_line(), "ivr"):
        name = f"{command} {'/'.join(action.option_strings) or action.dest}"
        words = re.sub(r"(?<=\d),(?=\d)", "", action.help or "")
        if not words:
            silent.append(name)
        if not action.option_strings or action.default in SWITCHES:
            continue
        default = " ".join(map(str, action.default)) if isinstance(action.default, list) else str(action.default)
        if default.removesuffix(".0") not in words:
            untold.append(name)
    assert (silent, untold) == ([], [])


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("offers simulate --seeds 0", "argument --seeds: 0 is less than 1"),
        ("offers simulate --calls -5", "argument --calls: -5 is less than 260"),
        ("offers simulate --calls many", "argument --calls: invalid whole number value: 'many'"),
        ("offers suspend senior --by=", "argument --by: names the person who answers for it"),
    ],
)
def test_what_cannot_be_is_refused_and_not_made_something_else(
    capsys: pytest.CaptureFixture[str], typed: str, words: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(typed.split())
    assert (ended.value.code, words in capsys.readouterr().err) == (2, True)
