"""The effect report of the running assistant: its experiment's terms, the stored rows, what is complete by now."""

from __future__ import annotations

import time

from ivr.config import Settings
from ivr.dialog.assistant import load_assistant
from ivr.model.errors import ConfigError
from ivr.offers.catalogue import load_catalogue
from ivr.offers.effects.report import EffectReport, effect_report
from ivr.offers.effects.rows import population
from ivr.storage.store import Store

MATURE_DAYS = 14  # a complaint within a fortnight counts: younger opportunities are not complete yet


async def report_of(settings: Settings) -> EffectReport:
    """Raises ConfigError when the assistant pre-registers no experiment, DesignError, StorageError."""
    assistant = load_assistant(settings.server.assistant)
    terms = load_catalogue(assistant.offers_file).experiment
    if terms is None:
        raise ConfigError(f"{assistant.offers_file}: there is no `experiment:` to report on")
    store = await Store.open(settings.storage.url)
    try:
        complete_ms = round((time.time() - MATURE_DAYS * 86_400) * 1000)
        return effect_report(population(await store.experiment_rows(), before_ms=complete_ms), terms.plan)
    finally:
        await store.close()
