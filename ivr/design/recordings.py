"""Recorded prompts as a designer's files: can they be read, do they sound as they should?"""

from __future__ import annotations

from ivr.dialog.assistant import Assistant
from ivr.dialog.source import Faults, Place
from ivr.model.errors import SpeechError
from ivr.speech.recorded import complaint


def check(assistant: Assistant, faults: Faults) -> None:
    """A file that cannot be played is an error, one that sounds badly a warning."""
    for texts in assistant.responses.values():
        for way in (way for first in texts.values() for way in first.variations if way.audio):
            try:
                wrong = complaint(assistant.folder / way.audio)
            except SpeechError as error:
                what = f"the recording {way.audio} of {way.name} cannot be played: {error}"
                faults.add(Place(*way.place), "recording", what, "Without a recording the text is spoken.")
                continue
            if wrong:
                what = f"the recording {way.audio} of {way.name} sounds badly: {wrong}"
                faults.add(Place(*way.place), "recording", what, "Record it again.", "warning")
