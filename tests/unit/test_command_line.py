"""What `ivr ... --help` says."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator

from ivr.cli import command_line

SWITCHES = (None, False, "", argparse.SUPPRESS, [], 0)


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
