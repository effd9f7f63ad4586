"""Figures and signs that reach a voice, turned into words of its language first: "24/7", "8:30", "15%", "$20", "1985".

Engines read figures each in their own way, or not at all. Owns fixed texts of designers; values of a dialog come as
words already (ivr.dialog.tongues). A language without rules is spoken as written.
"""

from __future__ import annotations

from ivr.speech.verbalization.english import ENGLISH
from ivr.speech.verbalization.rule import Rule, apply
from ivr.speech.verbalization.russian import RUSSIAN

_RULES: dict[str, tuple[Rule, ...]] = {"en": ENGLISH, "ru": RUSSIAN}


def verbalized(text: str, language: str) -> str:
    """The text in words and punctuation, white space single."""
    return apply(_RULES.get(language, ()), text)
