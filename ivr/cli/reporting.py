"""The commands of those who answer for the whole: what the automation does, directly and indirectly."""

from __future__ import annotations

import argparse
import asyncio
import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ivr.cli.arguments import Commands, settings_of, show, takes_settings

if TYPE_CHECKING:
    from ivr.offers.effects.figures import Figure

WIDE, LONGEST_DAYS = 118, 36_500


def add(commands: Commands) -> None:
    """effects [report | simulate] [--check]."""
    effects = commands.add_parser("effects", help="direct and indirect effect of the automation and of offers")
    effects.add_argument("what", nargs="?", choices=("report", "simulate"), default="report", help="report, by default")
    effects.add_argument("--check", action="store_true", help="reckon every figure again from the event log alone")
    effects.add_argument("--days", type=_days, default=30.0, help="of calls to report on (30)")
    effects.add_argument("--language", choices=("en", "ru"), default="en", help="of the report (en)")
    effects.add_argument("--seeds", type=int, default=200, help="simulate: so many months of known truth (200)")
    takes_settings(effects)
    effects.add_argument("--json", action="store_true", help="print one JSON object")
    effects.set_defaults(command=_effects)


def _days(said: str) -> float:
    """More than none, at most a century."""
    days = float(said)
    if not 0.0 < days <= LONGEST_DAYS:
        raise argparse.ArgumentTypeError(f"{said} is no number of days above 0, {LONGEST_DAYS} at most")
    return days


_days.__name__ = "number of days"  # what argparse calls it where it is none


def _effects(arguments: argparse.Namespace) -> int:
    from ivr.supervisor.effects import check, figures
    from ivr.supervisor.offer_report import catalogue_of

    if arguments.what == "simulate":
        return _simulate(arguments)
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
    print("\n".join(_told(found, arguments.language, catalogue_of(settings).currency)))
    return 0


def _simulate(arguments: argparse.Namespace) -> int:
    """Status 1 when an interval covers the truth of fewer than 93 months of a hundred."""
    from ivr.demo.effects_coverage import coverage

    found = coverage(seeds=max(1, arguments.seeds))
    show(found, as_json=arguments.json)
    return 1 if found["below"] else 0


def _told(found: Sequence[Figure], language: str, currency: str) -> Iterator[str]:
    """Column by column: what is known first, then what is not yet, by what it takes."""
    from ivr.web.effects_words import FIGURES, HOW, WORDS

    words, named, how = WORDS[language], FIGURES[language], HOW[language]
    for column in ("direct", "indirect", "offers"):
        yield f"{words[column]}:"
        missing: dict[str, list[str]] = {}
        for figure in (f for f in found if f.column == column):
            note = figure.note.get(language, "")
            if figure.value is None:
                missing.setdefault(note, []).append(named[figure.name])
                continue
            ends = ""
            if figure.low is not None and figure.high is not None:
                ends = f"[{_amount(figure, figure.low, '')}, {_amount(figure, figure.high, '')}]"
            value, rests = _amount(figure, figure.value, currency), f", n = {figure.rows:,}" if figure.rows else ""
            yield f"  {named[figure.name]:40} {value:>16}  {ends:26} {how[figure.how.value]}{rests}".rstrip()
            yield from _folded(note, 6)
        for why, names in missing.items():
            yield from _folded(f"{how['not measurable yet']}: {', '.join(names)} ({why})", 2)
        yield ""


def _folded(text: str, indent: int) -> list[str]:
    return textwrap.wrap(text, WIDE, initial_indent=" " * indent, subsequent_indent=" " * (indent + 2))


def _amount(figure: Figure, value: float, currency: str) -> str:
    match figure.unit:
        case "share":
            return f"{value:.1%}"
        case "calls":
            return f"{value:,.0f}"
        case "money":
            return f"{value:,.2f} {currency}".strip()
        case "s":
            return f"{value:,.0f} s" if abs(value) >= 100 else f"{value:.2f} s"
        case _:
            return f"{value:,.2f}"
