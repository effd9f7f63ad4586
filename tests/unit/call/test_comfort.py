"""What a waiting caller hears, in virtual time: music and words between it, with a voice that fails, and after a
contact center's queue has hung up. The media worker's side is a player that takes its time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

from ivr.call.comfort import Comfort, ComfortTools
from ivr.call.dispatch import Dispatcher
from ivr.call.handoff import Handoff
from ivr.call.journal import Journal
from ivr.call.speaking import Speaker
from ivr.model.call import LogEntry
from ivr.model.dialog import Prompt
from ivr.model.errors import SpeechError
from ivr.model.media import Bridge, LegAnswered, LegEnded, LegRinging, Play, PlaybackEnded, StopPlayback
from ivr.model.routing import AcdQueue, TransferResult
from ivr.routing.agents import AgentDirectory
from ivr.routing.waiting_terms import WaitingTerms
from tests.handoffs import WISH, plan_of, tools_of
from tests.unit.call.virtual_time import VirtualLoop

SENTENCE_S = 3.0
TERMS = WaitingTerms(longest_ms=120_000, words_every_ms=20_000)
QUEUE = AcdQueue(acd_id="pbx", title="PBX", sip_uri="sip:q@pbx", skills={"lang:en": 1}, queues=(WISH.queue,))
SORRY = "That line has hung up. You are still connected, one moment please."


class Player:
    """A media worker's playback queue: what sounds from when to when, "music" or the words."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, float, float]] = []
        self.ended: Callable[[PlaybackEnded], None] = lambda _: None
        self._queue: list[Play] = []
        self._since = 0.0
        self._end: asyncio.TimerHandle | None = None

    def take(self, command: object) -> None:
        match command:
            case Play():
                self._queue.append(command)
                if len(self._queue) == 1:
                    self._begin()
            case StopPlayback() | Bridge():
                self._stop()

    def now(self) -> str:
        return _what(self._queue[0]) if self._queue else ""

    def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        self._since, play = loop.time(), self._queue[0]
        if not play.loop:
            self._end = loop.call_later(SENTENCE_S * len(play.files), self._next)

    def _next(self, *, interrupted: bool = False) -> None:
        play = self._queue.pop(0)
        self.heard.append((_what(play), round(self._since, 1), round(asyncio.get_running_loop().time(), 1)))
        ended = PlaybackEnded(leg="c", playback=play.playback, interrupted=interrupted, played_ms=0, at_ms=0)
        asyncio.get_running_loop().call_soon(self.ended, ended)
        if self._queue and not interrupted:
            self._begin()

    def _stop(self) -> None:
        if self._end is not None:
            self._end.cancel()
        while self._queue:
            self._next(interrupted=True)


def _what(play: Play) -> str:
    return "music" if play.loop else " ".join(Path(file).name for file in play.files)


class House:
    """Nobody is free; a contact center has a queue where it is said. The words are rendered, or cannot be."""

    def __init__(
        self, *queues: AcdQueue, terms: WaitingTerms = TERMS, voice: bool = True, language: str = "en"
    ) -> None:
        loop = asyncio.get_running_loop()
        plan = replace(plan_of({"ann": "sip:ann@h"}), waiting=terms, acd={each.acd_id: each for each in queues})
        self.directory, self.player, self.entries = AgentDirectory(plan), Player(), list[LogEntry]()
        self.directory.login("ann", now_ms=0)
        if not queues:
            self.directory.ready("ann", now_ms=0)
            self.directory.reserve("ann", now_ms=0)
        self.voice, self.tasks = voice, list[asyncio.Task[None]]()
        dispatcher = Dispatcher(self.directory, lambda: round(loop.time() * 1000))
        journal = Journal("c", (self.entries.append,))
        self.speaker = Speaker("c", self.player.take, self._find, self._render, journal, mute=lambda: None)
        self.player.ended = self._ended
        self._start(self.speaker.feed())
        self.comfort = Comfort(
            ComfortTools(
                leg="c",
                speaker=self.speaker,
                journal=journal,
                terms=terms,
                music="music.wav",
                language=lambda: language,
                now_ms=dispatcher.now_ms,
                by_voice=lambda _: False,
                send=self.player.take,
                find_prompt=self._find,
                render_prompt=self._render,
                start=self._start,
            )
        )
        tools = tools_of(dispatcher, self.player.take, turned_away=lambda _: self.comfort.excuse(self.handoff))
        self.handoff = Handoff("c", tools, journal)

    def begin(self) -> asyncio.Task[TransferResult]:
        self._start(self.comfort.keep_company(self.handoff))
        return asyncio.ensure_future(self.handoff.run(WISH))

    def texts(self) -> list[str]:
        return [str(entry.data["text"]) for entry in self.entries if entry.kind == "turn.said"]

    async def close(self, running: asyncio.Task[TransferResult]) -> None:
        self.handoff.caller_gone()
        await running
        for task in self.tasks:
            task.cancel()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.append(asyncio.ensure_future(work))

    def _ended(self, message: PlaybackEnded) -> None:
        self.comfort.ended(message)
        if self.speaker.ended(message):
            self.comfort.prompts_ended()

    def _find(self, prompt: Prompt) -> Path | None:
        return Path(prompt.text) if self.voice else None

    async def _render(self, prompt: Prompt) -> Path:
        raise SpeechError(f"no voice for {prompt.text}")


def virtually(story: Callable[[], Awaitable[None]]) -> None:
    loop = VirtualLoop()
    try:
        loop.run_until_complete(story())  # type: ignore[arg-type]
    finally:
        loop.close()


def test_music_begins_when_all_is_said_and_words_come_between_it_at_the_times_of_the_plan() -> None:
    async def story() -> None:
        house = House()
        house.speaker.say([Prompt(text="One moment.", language="en", name="utter_connecting")])
        running = house.begin()
        assert not house.comfort.choices_known, "nobody was told a key"
        await asyncio.sleep(60)
        music = [(since, until) for what, since, until in house.player.heard if what == "music"]
        words = [(what, since) for what, since, _ in house.player.heard if what != "music"]
        assert words[0] == ("One moment.", 0.0) and music[0] == (3.0, 5.0)
        assert [since for _, since in words[1:]] == [5.0, 25.0, 45.0]
        assert "All my colleagues are busy" in words[1][0] and "Thank you for waiting." in words[2][0]
        assert "press one" in words[1][0] and house.comfort.choices_known
        assert house.player.now() == "music", "and it goes on"
        await house.close(running)

    virtually(story)


def test_a_voice_that_fails_costs_the_words_and_never_the_music() -> None:
    async def story() -> None:
        house = House(voice=False)
        running = house.begin()
        await asyncio.sleep(30)
        assert (house.player.heard, house.player.now(), house.comfort.choices_known) == ([], "music", False)
        assert [e.data["where"] for e in house.entries if e.kind == "trouble"][:1] == ["waiting"]
        house.voice = True
        await asyncio.sleep(10)
        assert house.comfort.choices_known, "as soon as there is a voice again"
        await house.close(running)

    virtually(story)


def test_where_nothing_is_to_be_said_there_is_music_alone_and_the_keys_count_at_once() -> None:
    async def story() -> None:
        house = House(terms=replace(TERMS, words_every_ms=0))
        running = house.begin()
        assert house.comfort.choices_known
        await asyncio.sleep(90)
        assert (house.player.heard, house.player.now(), house.texts()) == ([], "music", [])
        await house.close(running)

    virtually(story)


async def turned_away(house: House) -> asyncio.Task[TransferResult]:
    """The queue rings, answers, and hangs up."""
    running = house.begin()
    await asyncio.sleep(1)
    house.handoff.receive(LegRinging(leg=house.handoff.leg, at_ms=0, code=180))
    house.handoff.receive(LegAnswered(leg=house.handoff.leg, at_ms=0))
    await asyncio.sleep(1)
    assert house.player.now() == "", "the queue is heard, and nothing of ours"
    house.handoff.receive(LegEnded(leg=house.handoff.leg, code=200, reason="", by="remote", at_ms=0))
    await asyncio.sleep(0.1)
    return running


def test_who_was_turned_away_is_told_so_and_then_hears_music_while_another_way_is_tried() -> None:
    async def story() -> None:
        for language, words in (("en", SORRY), ("de", "")):
            other = replace(QUEUE, acd_id="other", skills={f"lang:{language}": 1, "lang:en": 1})
            house = House(replace(QUEUE, skills={"lang:en": 2}), other, language=language)
            running = await turned_away(house)
            assert house.player.now() == (words or "music")
            await asyncio.sleep(SENTENCE_S)
            assert house.player.now() == "music" and not running.done()
            assert not house.comfort.hush()
            await house.close(running)

    virtually(story)


def test_words_for_who_was_turned_away_are_heard_out_before_the_dialog_goes_on_and_no_music_follows() -> None:
    async def story() -> None:
        house = House(QUEUE)
        running = await turned_away(house)
        assert await running is TransferResult.REFUSED and house.comfort.hush()
        house.speaker.say([Prompt(text="Shall we call you back?", language="en", name="utter_offer_callback")])
        await asyncio.sleep(2 * SENTENCE_S + 0.5)
        assert [what for what, _, _ in house.player.heard if what != "music"] == [SORRY, "Shall we call you back?"]
        assert house.player.now() == ""
        await house.close(running)

    virtually(story)


def test_a_second_queue_that_answers_in_the_middle_of_the_words_is_heard_without_music() -> None:
    async def story() -> None:
        house = House(replace(QUEUE, skills={"lang:en": 2}), replace(QUEUE, acd_id="other"))
        running = await turned_away(house)
        house.handoff.receive(LegAnswered(leg=house.handoff.leg, at_ms=0))
        await asyncio.sleep(SENTENCE_S)
        assert house.handoff.joined and house.player.now() == ""
        await house.close(running)

    virtually(story)
