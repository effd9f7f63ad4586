"""Prometheus metrics of the control process. Owns names and buckets; whoever measures calls these.

Latencies are seconds, as Prometheus wants them. One Metrics per process, made by the composition root.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_LATENCY_BUCKETS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0, 1.2, 1.5, 2.0, 3.0, 5.0, 10.0)


class Metrics:
    """All metrics, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        r = self.registry
        self.calls = Counter("ivr_calls", "Calls ended, by outcome", ["outcome"], registry=r)
        self.refused = Counter("ivr_calls_refused", "INVITEs answered 503 for want of a slot", registry=r)
        self.live_calls = Gauge("ivr_live_calls", "Calls going on", registry=r)
        self.capacity = Gauge("ivr_call_capacity", "Callers admitted at once", registry=r)
        self.answer = Histogram("ivr_answer_seconds", "INVITE to 200 OK", buckets=_LATENCY_BUCKETS, registry=r)
        self.greeting = Histogram("ivr_greeting_seconds", "200 OK to first audio", buckets=_LATENCY_BUCKETS, registry=r)
        self.turn = Histogram(
            "ivr_turn_seconds", "End of caller speech to first bot audio", buckets=_LATENCY_BUCKETS, registry=r
        )
        self.decode = Histogram("ivr_decode_seconds", "Recognition of a turn", buckets=_LATENCY_BUCKETS, registry=r)
        self.heard = Counter("ivr_turns_heard", "Turns by what came of them", ["result"], registry=r)
        self.nlu_spared = Counter(
            "ivr_nlu_spared", "Sentences the embedded engine understood in Rasa's place", ["reason"], registry=r
        )
        self.stir = Counter(
            "ivr_stir", "Signatures of callers' numbers, by what they came to", ["verification", "why"], registry=r
        )
        self.stir_seconds = Histogram(
            "ivr_stir_seconds", "INVITE to verdict", buckets=(0.005, 0.02, 0.05, 0.1, 0.3, 1.0, 2.0), registry=r
        )
        self.identity_steps = Counter(
            "ivr_identity_steps", "Steps of identification, by what came of them", ["step", "outcome"], registry=r
        )
        self.identity_levels = Counter("ivr_identity_levels", "Levels calls came to", ["level"], registry=r)
        self.identity_risk = Counter("ivr_identity_risk", "Signals of fraud in calls", ["signal"], registry=r)
        self.identity_locks = Counter("ivr_identity_locks", "Accounts closed by failures", registry=r)
        self.barge_ins = Counter("ivr_barge_ins", "Prompts interrupted by voice", registry=r)
        self.services = Histogram(
            "ivr_service_seconds", "Service calls", ["service", "outcome"], buckets=_LATENCY_BUCKETS, registry=r
        )
        self.offers = Counter("ivr_offers", "Offer opportunities by result", ["result"], registry=r)
        self.handoffs = Counter("ivr_handoffs", "Transfers to a human by result", ["result"], registry=r)
        self.turned_away = Counter(
            "ivr_queues_turned_away", "Callers a contact center's queue hung up on at once", ["queue"], registry=r
        )
        self.wrap_ups = Counter(
            "ivr_wrap_ups", "Transfers agents said the end of, by how they ended", ["code"], registry=r
        )
        self.asked_again = Counter("ivr_asked_again", "Transfers in which the caller had to repeat things", registry=r)
        self.worker_restarts = Counter("ivr_worker_restarts", "Workers that died", ["kind"], registry=r)
        self.workers = Gauge("ivr_workers", "Workers ready", ["kind"], registry=r)
        self.frames_dropped = Gauge("ivr_frames_dropped", "Audio frames not delivered", ["worker"], registry=r)
        self.worker_rss = Gauge("ivr_worker_resident_bytes", "Memory of a worker", ["worker"], registry=r)
        self._of_webhooks(r)

    def _of_webhooks(self, r: CollectorRegistry) -> None:
        self.webhook_tries = Counter(
            "ivr_webhooks_tries",
            "Tries to deliver an event, by endpoint and result",
            ["endpoint", "result"],
            registry=r,
        )
        self.webhook_dead = Counter("ivr_webhooks_given_up", "Events no longer tried", ["endpoint"], registry=r)
        self.webhook_events = Gauge(
            "ivr_webhooks_events", "Events in the outbox, waiting or dead", ["endpoint", "state"], registry=r
        )
        self.webhook_seconds = Histogram(
            "ivr_webhooks_seconds", "A try to deliver an event", ["endpoint"], buckets=_LATENCY_BUCKETS, registry=r
        )

    def exposition(self) -> bytes:
        """The text Prometheus scrapes."""
        return generate_latest(self.registry)
