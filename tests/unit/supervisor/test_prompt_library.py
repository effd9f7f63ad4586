"""What the control process knows of prompts: recordings first, each text once, parts of what nobody rendered yet."""

import asyncio
from pathlib import Path

from ivr.call.speaking import Speaker
from ivr.model.dialog import Prompt
from ivr.model.hearing import Render, Rendered, RenderFailed
from ivr.model.media import Play
from ivr.speech.cache import prompt_path
from ivr.speech.phrasing import phrases
from ivr.speech.rendering import RenderQueue, write_prompt
from ivr.supervisor.prompt_library import PromptLibrary
from tests.fakes.speech import ToneVoice, spoken

LONG = "Your claim was approved by our office on the fourth of March, and we will pay five hundred euros by Friday."


class House:
    """A library with a worker's render queue behind it."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[Render] = []
        self.library = PromptLibrary(folder / "cache", folder / "assistant", self._send)
        self.library.voice_ids = {"en": "tone-en"}
        self.voice = ToneVoice()
        self.queue = RenderQueue([self.voice], folder / "cache", self._answer)

    def _send(self, message: object) -> bool:
        assert isinstance(message, Render)
        self.asked.append(message)
        self.queue.submit(message)
        return True

    def _answer(self, answer: Rendered | RenderFailed) -> None:
        if isinstance(answer, Rendered):
            self.library.rendered(answer)
        else:
            self.library.failed(answer)


async def test_a_recording_goes_before_the_voice_and_a_bad_one_is_spoken(tmp_path: Path) -> None:
    house = House(tmp_path)
    serving = asyncio.create_task(house.queue.run())
    write_prompt(tmp_path / "assistant" / "prompts" / "good.wav", spoken("hello"))
    (tmp_path / "assistant" / "prompts" / "bad.wav").write_bytes(b"?")
    good = Prompt(text="Hello.", language="en", audio="prompts/good.wav")
    bad = Prompt(text="Goodbye.", language="en", audio="prompts/bad.wav")
    assert await house.library.warm_up([good, bad], 5) == 2
    assert house.voice.rendered == ["Goodbye."]
    assert house.library.find(good) not in (None, house.library.find(bad))
    assert house.library.find(bad) == prompt_path(tmp_path / "cache", "tone-en", "en", "Goodbye.")
    serving.cancel()


async def test_warming_up_tells_how_far_it_is(tmp_path: Path) -> None:
    house = House(tmp_path)
    serving = asyncio.create_task(house.queue.run())
    told: list[tuple[int, int]] = []
    prompts = [Prompt(text=f"Sentence {word}.", language="en") for word in ("one", "two", "three", "one")]
    await house.library.warm_up(prompts, 5, lambda done, all_: told.append((done, all_)))
    assert told == [(1, 3), (2, 3), (3, 3)]
    serving.cancel()


async def test_what_a_caller_waits_for_overtakes_the_warming_up(tmp_path: Path) -> None:
    house = House(tmp_path)
    prompts = [Prompt(text=f"Sentence {word}.", language="en") for word in ("one", "two", "three")]
    warming = asyncio.create_task(house.library.warm_up(prompts, 5))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert len(house.asked) == 3
    waited = asyncio.create_task(house.library.render(prompts[2], within_s=5))
    await asyncio.sleep(0)
    serving = asyncio.create_task(house.queue.run())
    assert (await waited).is_file()
    assert await warming == 3
    assert house.voice.rendered == ["Sentence three.", "Sentence one.", "Sentence two."]
    serving.cancel()


async def said(house: House, prompt: Prompt) -> list[Play]:
    played: list[Play] = []
    whole = asyncio.Event()

    def play(message: object) -> None:
        assert isinstance(message, Play)
        played.append(message)
        if message.last:
            whole.set()

    speaker = Speaker(
        "leg",
        play,
        house.library.find,
        house.library.render,
        _Unread(),  # type: ignore[arg-type]
        mute=lambda: None,
    )
    tasks = [asyncio.create_task(house.queue.run()), asyncio.create_task(speaker.feed())]
    speaker.say([prompt])
    async with asyncio.timeout(5):
        await whole.wait()
    for task in tasks:
        task.cancel()
    return played


class _Unread:
    def note(self, _kind: str, **_data: object) -> None:
        """Nobody reads it."""


async def test_the_first_part_of_an_uncached_sentence_plays_while_the_others_are_rendered(tmp_path: Path) -> None:
    house = House(tmp_path)
    played = await said(house, Prompt(text=LONG, language="en"))
    parts = phrases(LONG, "en")
    assert len(parts) >= 3 and " ".join(parts).replace(",", "") == LONG.replace(",", "")
    assert house.voice.rendered == list(parts)
    assert len(played) > 1 and len(played[0].files) == 1


async def test_a_sentence_with_a_value_begins_with_its_cached_part_at_once(tmp_path: Path) -> None:
    house = House(tmp_path)
    parts = ("Your account balance is,", "twelve euros.")
    carrier = prompt_path(tmp_path / "cache", "tone-en", "en", parts[0])
    write_prompt(carrier, spoken("x"))
    prompt = Prompt(text="Your account balance is twelve euros.", language="en", parts=parts)
    played = await said(house, prompt)
    assert played[0].files == (str(carrier),) and not played[0].last
    assert house.voice.rendered == ["twelve euros."]


async def test_a_sentence_in_the_cache_is_played_whole(tmp_path: Path) -> None:
    house = House(tmp_path)
    write_prompt(prompt_path(tmp_path / "cache", "tone-en", "en", LONG), spoken("x"))
    played = await said(house, Prompt(text=LONG, language="en", parts=("Your claim", "and so on.")))
    assert len(played) == 1 and not house.voice.rendered
