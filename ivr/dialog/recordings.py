"""Recordings that stand where they are looked for: prompts/<language>/<response>.wav is that response, spoken.

Owns the names: a second way to say it is <response>.2.wav, and so on. A response with values is never a recording.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ivr.dialog.source import Faults, Place
from ivr.dialog.texts import Response

FOLDER = "prompts"


def recorded(folder: Path, responses: Mapping[str, Response], language: str, faults: Faults) -> dict[str, Response]:
    """The responses with the recordings there are in folder. Recordings of no response, or of one with values, are
    warnings."""
    home = folder / FOLDER / language
    left = {path.stem: path for path in sorted(home.glob("*.wav"))}
    found = {}
    for name, first in responses.items():
        ways = [
            _with(way, left.pop(name if at == 1 else f"{name}.{at}", None), folder, faults)
            for at, way in enumerate(first.variations, start=1)
        ]
        found[name] = replace(ways[0], others=tuple(ways[1:]))
    for stem, path in left.items():
        fix = "Name it after a response; the second way to say one is <response>.2.wav."
        faults.add(Place(str(path.relative_to(folder))), "recording-unused", f"no response {stem!r}", fix, "warning")
    return found


def _with(way: Response, path: Path | None, folder: Path, faults: Faults) -> Response:
    way = replace(way, others=())
    if path is None or way.audio:
        return way
    relative = str(path.relative_to(folder))
    if way.placeholders:
        what = f"{way.name} says values, a recording cannot"
        faults.add(Place(relative), "recording-unused", what, "Take the values out, or remove the file.", "warning")
        return way
    return replace(way, audio=relative)
