"""`ivr shell`: a whole call at the keyboard, with reasons, and edits that take effect in the middle of it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from ivr.config import NluSettings
from ivr.design.shell import Caller, Shell
from ivr.model import dialog as ev

TFIDF = NluSettings(engine="tfidf")


class Keyboard:
    """Types into a shell and keeps what it prints."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.printed: list[str] = []
        self.shell = Shell(folder, self.printed.append, Caller(), TFIDF)

    async def type(self, *lines: str) -> str:
        """What was printed for these lines."""
        self.printed.clear()
        for line in lines:
            assert await self.shell.take(line)
        return "\n".join(self.printed)


@pytest_asyncio.fixture
async def keyboard(small: Path) -> AsyncIterator[Keyboard]:
    keyboard = Keyboard(small)
    await keyboard.shell.begin()
    yield keyboard
    await keyboard.shell.close()


async def test_a_call_is_held_in_text_with_the_answers_of_the_tests(keyboard: Keyboard) -> None:
    assert "How can I help?" in "\n".join(keyboard.printed)
    said = await keyboard.type("my balance please")
    assert "Which account?" in said and "intent balance" in said and "step balance/account" in said
    said = await keyboard.type("one two three four")
    assert "action look_up account=1234" in said and "twelve euros and fifty cents" in said
    assert "account=1234" in said and "ends done" in said
    assert "the call is over" in await keyboard.type("hello")
    assert "How can I help?" in await keyboard.type("/new")
    assert not await keyboard.shell.take("/quit")


async def test_keys_silence_noise_and_hanging_up_are_words(keyboard: Keyboard) -> None:
    assert "I heard nothing" in await keyboard.type("/silence") or "Say balance" in "\n".join(keyboard.printed)
    assert "1 silent, 1 not understood" in await keyboard.type("/noise", "/why")
    assert "Which account?" in await keyboard.type("/dtmf 1")
    assert "unresolved: end of dialog" in await keyboard.type("/agent busy", "/dtmf 9999")
    assert "step human/handoff_1" in await keyboard.type("/new", "operator")
    assert "no such word: /dmtf" in await keyboard.type("/dmtf 1")
    assert "over, " in await keyboard.type("/new", "/hangup")
    assert "30% of the words" in await keyboard.type("/noise 0.3")


async def test_why_tells_what_was_understood_and_what_is_waited_for(keyboard: Keyboard) -> None:
    said = await keyboard.type("tell me the balance", "/why")
    assert "balance 1.00" in said and "waits at balance/account" in said and "values looked for: digits" in said


async def test_a_saved_file_takes_effect_in_the_middle_of_the_call(keyboard: Keyboard) -> None:
    await keyboard.type("my balance please")
    file = keyboard.folder / "responses.en.yml"
    file.write_text(file.read_text("utf-8").replace("There are {found", "You have {found"), "utf-8")
    os.utime(file, ns=(1, 1))
    said = await keyboard.type("one two three four")
    assert "read again" in said and "You have twelve euros" in said


async def test_a_broken_edit_is_refused_and_the_old_version_stays(keyboard: Keyboard) -> None:
    file = keyboard.folder / "flows" / "main.yml"
    file.write_text(file.read_text("utf-8").replace("collect: account", "collect: acount"), "utf-8")
    os.utime(file, ns=(1, 1))
    said = await keyboard.type("my balance please")
    assert "unknown-slot" in said and "the old version stays" in said and "Which account?" in said


async def test_services_can_be_the_real_ones(small: Path) -> None:
    asked: list[ev.CallService] = []

    async def serve(command: ev.CallService) -> ev.ServiceEnded:
        asked.append(command)
        return ev.ServiceEnded(at_ms=0, service=command.service, outcome="ok", values={"found": {"amount": 3}})

    printed: list[str] = []
    shell = Shell(small, printed.append, Caller(), TFIDF, serve)
    await shell.begin()
    for line in ("my balance please", "one two three four"):
        await shell.take(line)
    await shell.close()
    assert [command.args for command in asked] == [{"account": "1234"}]
    assert "three euros" in "\n".join(printed)
