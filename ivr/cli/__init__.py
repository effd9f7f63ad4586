"""The command line. Owns arguments, exit statuses and what is printed; the rooms do the work.

Exit status: 0 done, 1 it was tried and failed, 2 the call or the configuration is wrong. There is one module
for each group of people: operators (`serving`, `accounts`, `keeping`), designers (`designing`), those who tune
understanding (`understanding`), who care for prompts (`speaking`), for offers (`offering`), for customers
(`identifying`, `numbers`, `voices`), for other systems (`telling`) and who measure (`measuring`). A module offers
add(commands); it imports a room only for the command asked for.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from ivr import __version__
from ivr.cli import (
    accounts,
    designing,
    hearing,
    identifying,
    keeping,
    measuring,
    numbers,
    offering,
    promises,
    reporting,
    serving,
    speaking,
    telling,
    understanding,
    voices,
)
from ivr.model.errors import ConfigError, IvrError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    arguments = command_line().parse_args(argv)
    try:
        return int(arguments.command(arguments))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    except IvrError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `ivr validate | head`: the reader has seen enough; the shell shows no traceback for it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def command_line() -> argparse.ArgumentParser:
    """Every command with its arguments."""
    parser = argparse.ArgumentParser(prog="ivr", description="A self-hosted telephone voice bot.")
    parser.add_argument("--version", action="version", version=f"ivr {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")
    for group in (
        serving,
        keeping,
        accounts,
        designing,
        understanding,
        hearing,
        speaking,
        offering,
        promises,
        reporting,
        identifying,
        numbers,
        voices,
        telling,
        measuring,
    ):
        group.add(commands)
    return parser
