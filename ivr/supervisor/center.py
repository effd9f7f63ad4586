"""The composition root of the control process: rooms are put together here and nowhere else.

Owns which calls are alive. A reload changes what new calls get; calls under way keep what they began with.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from ivr.call.ani import Signatures
from ivr.call.coming_back import KeyedCodes
from ivr.call.controller import CallController, MediaLost, ServiceStopping
from ivr.call.dispatch import Dispatcher
from ivr.call.handoff_terms import NO_PAGE, Packet
from ivr.call.services import ServiceCaller
from ivr.call.surroundings import Surroundings
from ivr.config import Settings, variables
from ivr.log import get_log
from ivr.metrics import Metrics
from ivr.model.ids import monotonic_ms
from ivr.model.media import CallArrived, CallRefused, Drain, RejectCall, SendAudioTo
from ivr.routing.agents import AgentDirectory
from ivr.routing.expected_wait import ToldWaits
from ivr.storage.store import Store
from ivr.supervisor.agents_desk import AgentsDesk
from ivr.supervisor.brain import Brain
from ivr.supervisor.broken_calls import BrokenCalls
from ivr.supervisor.chores import Chore, for_ever
from ivr.supervisor.comfort import write_comfort
from ivr.supervisor.front_desk import desk_of
from ivr.supervisor.housekeeping import keep_house
from ivr.supervisor.identity_keeping import open_identity
from ivr.supervisor.media_pool import MediaPool
from ivr.supervisor.offer_keeping import OfferKeeping
from ivr.supervisor.speech_pool import SpeechPool
from ivr.supervisor.spoken_ahead import apology, spoken_ahead
from ivr.supervisor.webhook_delivery import WebhookDelivery
from ivr.web.desk import Desk
from ivr.web.live import LiveHub

READY_S = 60.0
WARM_UP_S = 240.0
GOODBYE_S = 8.0
SETTLE_S = 6.0

_log = get_log("supervisor")


class Center:
    """A running contact center bot: workers, calls and what they share."""

    def __init__(self, settings: Settings, brain: Brain, store: Store, metrics: Metrics) -> None:
        self.settings, self.brain, self.store, self.metrics = settings, brain, store, metrics
        self._retired: list[Brain] = []
        self.hub = LiveHub()
        self.agents = AgentsDesk(AgentDirectory(brain.routing), self.hub)
        self.dispatcher = Dispatcher(self.agents.directory)
        languages = brain.assistant.languages
        self.speech = SpeechPool(settings, self.metrics, self._post, self._move_audio, languages)
        self.media = MediaPool(
            settings,
            self.metrics,
            arrived=self._arrived,
            refused=self._refused,
            post=self._post,
            lost=lambda call_id: self._post(call_id, MediaLost()),
        )
        self._services = ServiceCaller(variables(settings), self.metrics)
        self._signatures = Signatures(settings.stir, self.metrics)
        self._codes = KeyedCodes(store)
        self.identity = open_identity(settings, store, self.metrics)
        self.offers = OfferKeeping(settings, store, self.hub, lambda: self.brain)
        self.webhooks = WebhookDelivery(settings.webhooks, store, self.metrics)
        self.waits = ToldWaits(lambda: self.brain.routing.overflow)
        self._calls: dict[str, CallController] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self._chores: list[asyncio.Task[None]] = []
        self._comfort = write_comfort(settings.server.run_dir / "comfort.wav")
        self.capacity = settings.sip.workers * settings.sip.max_callers_per_worker
        self.metrics.capacity.set(self.capacity)
        self.draining = False
        self._idle = asyncio.Event()
        self._idle.set()

    # ---- life -----------------------------------------------------------------------------------------------------

    async def start(self, tasks: asyncio.TaskGroup) -> None:
        """Start the workers and have the prompts ready; when this returns, the SIP ports are open."""
        self._tasks = tasks
        broken = BrokenCalls(self.store, self.settings.limits.callback_s)
        await broken.close_own()
        chores: tuple[Chore, ...] = (
            broken.look_after_others,
            lambda: keep_house(self.store, self.identity, self.settings),
            self.offers.run,
            self.agents.watch_pages,
        )
        self._chores = [tasks.create_task(for_ever(each)) for each in chores]
        self.webhooks.start(tasks)
        self.speech.start(tasks)
        if await self.speech.wait_ready(READY_S):
            await self.warm_up()
        else:
            _log.error("speech.late", waited_s=READY_S)  # keypad calls are still served
        self.media.start(tasks)
        if not await self.media.wait_ready(READY_S):
            _log.error("media.late", waited_s=READY_S)

    async def warm_up(self) -> None:
        """Render what every call says."""
        brain, language = self.brain, self.settings.server.language
        ahead = spoken_ahead(brain.assistant, brain.offers.texts(), brain.routing.waiting, language)
        await self.speech.prompts.warm_up(ahead, WARM_UP_S)
        self.media.apology_path = str(self.speech.prompts.find(apology(brain.assistant, language)) or "")

    async def reload(self, brain: Brain) -> None:
        """New calls get the new assistant; agents keep their states where they still exist."""
        old, self.brain = self.brain, brain
        self._retired.append(old)  # calls under way still ask it
        self.offers.learn()  # the new desk goes on with what the old one believed
        if old.routing != brain.routing:
            self.agents.directory.replan(brain.routing)
        await self.warm_up()
        _log.info("assistant.reloaded", assistant=brain.assistant.name)

    async def drain(self, within_s: float) -> bool:
        """Take no new calls and wait for the live ones. True when all ended by themselves; the others are told."""
        self.draining = True
        self.media.drain()
        _log.info("drain.began", live=len(self._calls), within_s=within_s)
        if await self._emptied(within_s):
            return True
        _log.warning("drain.limit", live=len(self._calls))
        for call in self._calls.values():
            call.post(ServiceStopping())
        await self._emptied(GOODBYE_S)
        return False

    async def _emptied(self, within_s: float) -> bool:
        try:
            await asyncio.wait_for(self._idle.wait(), within_s)
        except TimeoutError:
            return False
        return True

    async def stop(self) -> None:
        """End the workers, the services' connections and the store."""
        for task in self._chores:
            task.cancel()
        if self._chores:  # a connection that is closed beneath its statement never answers
            await asyncio.wait(self._chores, timeout=SETTLE_S)
        await self.media.stop()
        if not await self._emptied(SETTLE_S):  # the last records are still being written
            _log.error("stop.unsettled", live=len(self._calls))
        await self.speech.stop()
        for room in (self._services, self._signatures, self.identity, self.webhooks):
            await room.close()
        for brain in (*self._retired, self.brain):
            await brain.nlu.close()
        await self.store.close()

    # ---- calls ----------------------------------------------------------------------------------------------------

    @property
    def live_calls(self) -> int:
        """Calls going on."""
        return len(self._calls)

    def post_to_call(self, call_id: str, message: object) -> bool:
        """What the pages ask of a live call. False when there is no such call."""
        call = self._calls.get(call_id)
        if call is not None:
            call.post(message)
        return call is not None

    def _arrived(self, arrived: CallArrived) -> None:
        if self.draining:  # it overtook the order to drain on its way to the media worker
            full = RejectCall(leg=arrived.leg, code=503, reason="draining", retry_after_s=Drain().retry_after_s)
            self.media.send(arrived.leg, full)
            who = {"from_header": arrived.from_header, "to_header": arrived.to_header}
            self._refused(CallRefused(**who, code=503, at_ms=monotonic_ms()))
            return
        self.speech.admit(arrived.leg)
        call = CallController(arrived, self._surroundings(arrived.leg))
        self._calls[arrived.leg] = call
        self._idle.clear()
        self.metrics.live_calls.set(len(self._calls))
        if self._tasks is not None:
            self._tasks.create_task(self._live(call))

    async def _live(self, call: CallController) -> None:
        try:
            await call.run()
        except Exception:  # noqa: BLE001 - one broken call must not take the others with it
            _log.exception("call.broke", call=call.call_id)
        finally:
            self._calls.pop(call.call_id, None)
            self.speech.forget(call.call_id)
            self.metrics.live_calls.set(len(self._calls))
            if not self._calls:
                self._idle.set()

    def _refused(self, message: CallRefused) -> None:
        self.metrics.refused.inc()
        # Not who called: this INVITE may withhold it.
        _log.warning("call.refused", called=message.to_header, code=message.code)

    def _post(self, call_id: str, message: object) -> None:
        """To a call, also under the name of its consult leg: what is heard on that is of no other call."""
        call = self._calls.get(call_id) or self._calls.get(self.media.call_of(call_id))
        if call is not None:
            call.post(message)

    def _move_audio(self, call_id: str, frames_path: str) -> None:
        self.media.send(call_id, SendAudioTo(leg=call_id, frames_path=frames_path))

    def _surroundings(self, call_id: str) -> Surroundings:
        brain, agents = self.brain, self.agents

        async def pop(agent_id: str, packet: Packet) -> bool:
            if agent_id == NO_PAGE:
                return await self.webhooks.acknowledged(packet.token)
            shown = agents.pop(call_id, agent_id, packet)
            return (await asyncio.gather(shown, self.webhooks.acknowledged(packet.token)))[0]

        return Surroundings(
            settings=self.settings,
            assistant=brain.assistant,
            nlu=brain.nlu,
            services=self._services,
            signatures=self._signatures,
            identity=self.identity,
            identity_policy=brain.identity,
            store=self.store,
            codes=self._codes,
            offers=brain.offers,
            routing=brain.routing,
            dispatcher=self.dispatcher,
            metrics=self.metrics,
            to_media=lambda message: self.media.send(call_id, message),
            to_speech=lambda message: self.speech.send(call_id, message),
            find_prompt=self.speech.prompts.find,
            render_prompt=self.speech.prompts.render,
            pop=pop,
            publish=agents.follow,
            load=lambda: len(self._calls) / self.capacity,
            learn=self.offers.learn,
            told_wait=lambda queue: self.waits.expected_ms(queue, monotonic_ms()),
            frames_path=lambda: self.speech.frames_path(call_id),
            hearing=self.speech.hearing(call_id),
            comfort_path=str(self._comfort),
            apology=apology(brain.assistant, self.settings.server.language),
            default_queue=next(iter(brain.routing.queues)),
        )

    # ---- web ------------------------------------------------------------------------------------------------------

    def desk(self) -> Desk:
        """What the web pages are given."""
        return desk_of(self)

    def health(self) -> Mapping[str, Any]:
        """Ready to take a call, and if not, why not."""
        reasons = []
        if self.draining:
            reasons.append("draining: new calls get 503")
        if not self.media.ready:
            reasons.append("no media worker has its SIP port open")
        if not self.speech.ready:
            reasons.append("no speech worker hears: callers are served by keypad")
        if self.store.trouble:
            reasons.append(f"the call log cannot be written: {self.store.trouble}")
        return {
            "ready": not self.draining and bool(self.media.ready),
            "reasons": reasons,
            "live_calls": len(self._calls),
            "capacity": self.capacity,
            "sip_ports": list(self.media.ports),
            "workers": {**self.media.pids(), **self.speech.pids()},
            "at_ms": monotonic_ms(),
        }
