"""What a designer's folder becomes: everything a reload replaces."""

from __future__ import annotations

import os
from dataclasses import dataclass

from ivr.config import Settings, variables
from ivr.dialog.assistant import Assistant, load_assistant
from ivr.metrics import Metrics
from ivr.model.ports import NluEngine
from ivr.nlu.embedded import EmbeddedEngine
from ivr.nlu.rasa import RasaEngine
from ivr.nlu.sentences import features_of
from ivr.offers.catalogue import load_catalogue
from ivr.offers.desk import OfferDesk
from ivr.routing.plan import RoutingPlan, load_routing


@dataclass(frozen=True, slots=True, kw_only=True)
class Brain:
    """An assistant, read, trained and ready."""

    assistant: Assistant
    nlu: NluEngine
    offers: OfferDesk
    routing: RoutingPlan


def load_brain(settings: Settings, metrics: Metrics) -> Brain:
    """Read and train an assistant. Takes CPU: call it off the loop. Raises DesignError with every fault."""
    assistant = load_assistant(settings.server.assistant)
    return Brain(
        assistant=assistant,
        nlu=_understanding(settings, assistant, metrics),
        offers=OfferDesk(load_catalogue(assistant.offers_file), settings.offers.salt, settings.offers.holdout),
        routing=load_routing(assistant.routing_file, variables(settings)),
    )


def _understanding(settings: Settings, assistant: Assistant, metrics: Metrics) -> NluEngine:
    """The configured engine. Behind Rasa stands the embedded one, trained on the same files."""
    nlu = settings.nlu
    features = features_of("auto" if nlu.engine == "rasa" else nlu.engine, nlu.cache_dir)
    embedded = EmbeddedEngine.train(assistant.nlu_files, features=features)
    if nlu.engine != "rasa":
        return embedded
    return RasaEngine(
        nlu.rasa_servers,
        embedded,
        token=os.environ.get(nlu.rasa_token_env, ""),
        timeout_s=nlu.rasa_timeout_ms / 1000,
        on_spare=lambda reason: metrics.nlu_spared.labels(reason=reason).inc(),
    )
