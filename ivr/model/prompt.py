"""One thing to say: its words, its sound, and what may be known of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One thing to say: rendered text in one language. name: the response it came from ("" for offer scripts).

    sensitive: it reads a sensitive value back; it is masked in the log and silenced in the recording.
    log_text: text with sensitive values masked. audio: a recorded WAV to play instead, relative to the assistant.
    markup: the text with its SSML (ivr.model.markup), "" when it has none. parts: the text cut where a voice may rest,
    so that it can begin before it has all of it; () when it is spoken whole.
    """

    text: str
    language: str
    name: str = ""
    sensitive: bool = False
    log_text: str = ""
    audio: str = ""
    markup: str = ""
    parts: tuple[str, ...] = ()

    @property
    def spoken(self) -> str:
        """What a voice is given."""
        return self.markup or self.text
