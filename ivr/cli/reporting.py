"""The command of those who answer for the whole: what the automation does, directly and indirectly."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from ivr.cli.arguments import Commands, settings_of, show

if TYPE_CHECKING:
    from ivr.offers.effects.figures import Figure


def add(commands: Commands) -> None:
    """effects [report] [--check]."""
    effects = commands.add_parser("effects", help="direct and indirect effect of the automation and of offers")
    effects.add_argument("what", nargs="?", choices=("report",), default="report", help="the report, by default")
    effects.add_argument("--check", action="store_true", help="reckon every figure again from the event log alone")
    effects.add_argument("--days", type=float, default=30.0, help="of calls to report on (30)")
    effects.add_argument("-c", "--config", type=Path, help="settings file (default: ./ivr.toml, or built-in defaults)")
    effects.add_argument("--json", action="store_true", help="print one JSON object")
    effects.set_defaults(command=_effects)


def _effects(arguments: argparse.Namespace) -> int:
    from ivr.supervisor.effects import check, figures

    settings = settings_of(arguments.config)
    if arguments.check:
        wrong = asyncio.run(check(settings, days=arguments.days))
        if arguments.json:
            show({"same": not wrong, "differences": wrong}, as_json=True)
        else:
            print("\n".join(wrong) or "every figure comes out of the event log the same, to the cent")
        return 1 if wrong else 0
    found = asyncio.run(figures(settings, days=arguments.days))
    if arguments.json:
        from dataclasses import asdict

        show({"days": arguments.days, "figures": [asdict(figure) for figure in found]}, as_json=True)
        return 0
    for column in ("direct", "indirect", "offers"):
        print(f"{column}:")
        for figure in found:
            if figure.column == column:
                print(f"  {_line(figure)}")
    return 0


def _line(figure: Figure) -> str:
    digits = ".4f" if figure.unit == "share" else ",.2f"
    value = "-" if figure.value is None else format(figure.value, digits)
    interval = ""
    if figure.low is not None and figure.high is not None:
        interval = f"[{figure.low:{digits}}, {figure.high:{digits}}]"
    how, note = f"{figure.how.value}, n = {figure.rows}", figure.note.get("en", "")
    return f"{figure.name:26} {value:>14} {figure.unit:7} {interval:26} {how:32} {note}".rstrip()
