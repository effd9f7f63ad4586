"""What commands have in common: the settings file, and how a result is printed."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from ivr.config import Settings, anchored, check, load_settings

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

DEFAULT_FILE = Path("ivr.toml")


def takes_settings(parser: argparse.ArgumentParser) -> None:
    """Let a command be told its settings file: arguments.config, for settings_of."""
    parser.add_argument("-c", "--config", type=Path, help="settings file (default: ./ivr.toml, or built-in defaults)")


def at_least(least: int) -> Callable[[str], int]:
    """A whole number from this one on, as an argument's type."""

    def whole(said: str) -> int:
        number = int(said)
        if number < least:
            raise argparse.ArgumentTypeError(f"{number} is less than {least}")
        return number

    whole.__name__ = "whole number"  # what argparse calls it where it is none
    return whole


def somebody(said: str) -> str:
    """A person's name, as an argument's type: an empty word, as a shell's unset variable leaves it, is nobody."""
    if not said.strip():
        raise argparse.ArgumentTypeError("names the person who answers for it")
    return said.strip()


def settings_of(path: Path | None = None) -> Settings:
    """Of this file, else of ./ivr.toml, else the built-in defaults. Raises ConfigError."""
    if path is not None or DEFAULT_FILE.is_file():
        return load_settings(path or DEFAULT_FILE)
    return check(anchored(Settings(), Path.cwd()))


def show(result: Mapping[str, Any], *, as_json: bool) -> None:
    """For a program one line, for a reader one value a line."""
    print(json.dumps(result, ensure_ascii=False, indent=None if as_json else 2))
