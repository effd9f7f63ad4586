"""The engine the settings ask for. Owns the choice: a call, a test and the shell of a designer understand alike."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from ivr.config import NluSettings
from ivr.model.ports import NluEngine
from ivr.nlu.embedded import EmbeddedEngine
from ivr.nlu.features import Features
from ivr.nlu.rasa import RasaEngine
from ivr.nlu.sentences import AUTOMATIC, features_of


def engine_of(
    settings: NluSettings, files: Mapping[str, Path], on_spare: Callable[[str], None] = lambda reason: None
) -> NluEngine:
    """The configured engine, trained on language -> nlu.yml; behind Rasa stands the embedded one, on the same files.

    on_spare: told why, when Rasa did not answer and the embedded engine did. Takes CPU: call it off the loop. Raises
    DesignError, and ConfigError when a model asked for by name is not usable.
    """
    embedded = EmbeddedEngine.train(files, features=compared_by(settings))
    if settings.engine != "rasa":
        return embedded
    return RasaEngine(
        settings.rasa_servers,
        embedded,
        token=os.environ.get(settings.rasa_token_env, ""),
        timeout_s=settings.rasa_timeout_ms / 1000,
        on_spare=on_spare,
    )


def compared_by(settings: NluSettings) -> Callable[[str], Features]:
    """Language -> how the embedded engine compares sentences under these settings."""
    return features_of(AUTOMATIC if settings.engine == "rasa" else settings.engine, settings.cache_dir)
