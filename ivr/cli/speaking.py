"""Commands of those who care for prompts: render them ahead, list them, check them."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ivr.cli.arguments import Commands, settings_of, takes_settings

if TYPE_CHECKING:
    from ivr.supervisor.studio import Finding

_BAR = 40


def add(commands: Commands) -> None:
    """prompts render, prompts list, prompts check."""
    prompts = commands.add_parser("prompts", help="what the bot says: render it ahead, list it, check it")
    steps = prompts.add_subparsers(required=True, metavar="what")
    render = steps.add_parser("render", help="render what is missing into the cache")
    listed = steps.add_parser("list", help="every prompt: its file, length, level, voice")
    check = steps.add_parser("check", help="missing, long, loud or quiet, late, unintelligible prompts (status 1)")
    for step, command in ((render, _render), (listed, _list), (check, _check)):
        step.add_argument("folder", type=Path, nargs="?", help="an assistant's folder (default: the configured one)")
        takes_settings(step)
        step.add_argument("--language", action="append", default=[], help="only this one; may be given again")
        step.add_argument("--json", action="store_true", help="print one JSON object")
        step.set_defaults(command=command)
    check.add_argument("--no-listening", action="store_true", help="do not ask the recogniser")


def _render(arguments: argparse.Namespace) -> int:
    return asyncio.run(_with_voices(arguments))


async def _with_voices(arguments: argparse.Namespace) -> int:
    from ivr.dialog.assistant import load_assistant
    from ivr.model.ids import monotonic_ms
    from ivr.supervisor.studio import studio

    settings = settings_of(arguments.config)
    assistant = load_assistant(arguments.folder or settings.server.assistant)
    began_ms = monotonic_ms()
    async with studio(settings, assistant, arguments.language) as room:
        rendered = await room.render(_progress("rendering"))
        missing = [found for found in room.listed() if "missing" in found.problems]
        count = len(room.prompts)
    took_s = round((monotonic_ms() - began_ms) / 1000, 1)
    result = {"prompts": count, "rendered": rendered, "missing": len(missing), "took_s": took_s}
    if arguments.json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        print("\n".join(_line(found) for found in missing) or f"all {count} prompts are there")
        print(f"{rendered} rendered in {took_s} s, {len(missing)} missing")
    return 1 if missing else 0


def _list(arguments: argparse.Namespace) -> int:
    return _show(arguments, listen=False, only_problems=False)


def _check(arguments: argparse.Namespace) -> int:
    return _show(arguments, listen=not arguments.no_listening, only_problems=True)


def _show(arguments: argparse.Namespace, *, listen: bool, only_problems: bool) -> int:
    from ivr.dialog.assistant import load_assistant
    from ivr.supervisor.studio import Studio

    settings = settings_of(arguments.config)
    room = Studio(settings, load_assistant(arguments.folder or settings.server.assistant), arguments.language)
    found = room.checked(_progress("listening")) if listen else room.listed()
    wrong = [each for each in found if each.problems]
    if arguments.json:
        print(json.dumps({"prompts": [asdict(each) for each in found], **_counts(found)}, ensure_ascii=False))
    else:
        for each in wrong if only_problems else found:
            print(_line(each))
        counts = _counts(found)
        told = ", ".join(f"{name} {count}" for name, count in counts["problems"].items())
        print(f"{counts['n']} prompts, {len(wrong)} with problems{': ' if told else ''}{told}")
        for language, figures in counts["languages"].items():
            print(f"{language}: " + ", ".join(f"{name} {value}" for name, value in figures.items()))
    return 1 if only_problems and wrong else 0


def _counts(found: list[Finding]) -> dict[str, Any]:
    problems: dict[str, int] = {}
    for each in found:
        for name in each.problems:
            problems[name] = problems.get(name, 0) + 1
    languages = {}
    for language in dict.fromkeys(each.language for each in found):
        here = [each for each in found if each.language == language]
        levels = [each.lufs for each in here if each.lufs is not None]
        rates = [each.wer for each in here if each.wer is not None]
        languages[language] = {
            "n": len(here),
            **({"lufs_min": min(levels), "lufs_max": max(levels)} if levels else {}),
            **({"wer_mean": round(sum(rates) / len(rates), 3)} if rates else {}),
        }
    return {"n": len(found), "problems": problems, "languages": languages}


def _line(found: Finding) -> str:
    figures = f"{found.ms / 1000:5.1f} s {found.lufs:6.1f} LUFS" if found.lufs is not None else "    -  s      - LUFS"
    heard = f"\n      heard: {found.heard} (WER {found.wer:.0%})" if "unintelligible" in found.problems else ""
    problems = f"  [{', '.join(found.problems)}]" if found.problems else ""
    return f"{found.language} {figures}  {found.voice or 'no voice'}  {found.name}: {found.text}{problems}{heard}"


def _progress(what: str) -> Callable[[int, int], None]:
    """A bar on a terminal; elsewhere the log tells."""

    def show(done: int, of: int) -> None:
        if sys.stderr.isatty():
            full = _BAR * done // max(of, 1)
            bar = f"\r{what} [{'#' * full}{'.' * (_BAR - full)}] {done}/{of}"
            print(bar, end="\n" if done == of else "", file=sys.stderr, flush=True)

    return show
