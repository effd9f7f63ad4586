"""What a designer's folder becomes: everything a reload replaces."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.call.guarded_assistant import guarded
from ivr.config import Settings, variables
from ivr.dialog.assistant import Assistant, load_assistant
from ivr.identity.policy import IdentityPolicy
from ivr.identity.policy_file import load_policy
from ivr.metrics import Metrics
from ivr.model.ports import NluEngine
from ivr.nlu.engines import engine_of
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
    identity: IdentityPolicy


def load_brain(settings: Settings, metrics: Metrics) -> Brain:
    """Read and train an assistant. Takes CPU: call it off the loop. Raises DesignError with every fault."""
    policy = load_policy(settings.server.assistant)
    assistant = guarded(load_assistant(settings.server.assistant), policy)
    catalogue = load_catalogue(assistant.offers_file).listening_for(
        negative=assistant.negative_words, vulnerable=assistant.vulnerable_words
    )
    return Brain(
        assistant=assistant,
        nlu=engine_of(settings.nlu, assistant.nlu_files, lambda reason: metrics.nlu_spared.labels(reason=reason).inc()),
        offers=OfferDesk(catalogue, settings.offers.salt, settings.offers.holdout, settings.offers.stated_share),
        routing=load_routing(assistant.routing_file, variables(settings)),
        identity=policy,
    )
