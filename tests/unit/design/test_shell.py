"""`ivr shell`: a whole call at the keyboard, with reasons, and edits that take effect in the middle of it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
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


class Bank:
    """A service that really answers; counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[ev.CallService] = []

    async def __call__(self, command: ev.CallService) -> ev.ServiceEnded:
        self.asked.append(command)
        return ev.ServiceEnded(at_ms=0, service=command.service, outcome="ok", values={"found": {"amount": 3}})


async def call(folder: Path, bank: Bank, *lines: str, echo: bool = False) -> str:
    """What a call with real services prints."""
    printed: list[str] = []
    shell = Shell(folder, printed.append, Caller(), TFIDF, bank, echo=echo)
    await shell.begin()
    for line in lines:
        await shell.take(line)
    await shell.close()
    return "\n".join(printed)


async def test_services_can_be_the_real_ones(small: Path) -> None:
    bank = Bank()
    said = await call(small, bank, "my balance please", "one two three four")
    assert [command.args for command in bank.asked] == [{"account": "1234"}]
    assert "look_up answered ok" in said and "three euros" in said


async def test_a_replay_after_an_edit_asks_no_real_service_twice(small: Path) -> None:
    bank = Bank()
    said = await call(small, bank, "my balance please", "one two three four", "/reload")
    assert len(bank.asked) == 1 and "the call goes on" in said


async def test_a_replay_that_would_ask_something_new_begins_the_call_again(small: Path) -> None:
    bank, printed = Bank(), list[str]()
    shell = Shell(small, printed.append, Caller(), TFIDF, bank)
    await shell.begin()
    await shell.take("/dtmf 1")
    await shell.take("/dtmf 1234")
    file = small / "flows" / "main.yml"
    file.write_text(file.read_text("utf-8").replace('{account: "{account}"}', '{account: "00{account}"}'), "utf-8")
    await shell.take("/reload")
    await shell.close()
    said = "\n".join(printed)
    assert len(bank.asked) == 1 and "asked something new now (look_up)" in said and said.count("How can I help?") == 2


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("words", ["/dtmf 4711", "four seven one one"])
async def test_a_secret_is_never_printed(small: Path, live: bool, words: str) -> None:
    file = small / "flows" / "main.yml"
    text = file.read_text("utf-8").replace("    - collect: account\n", "    - collect: code\n      confirm: never\n")
    text = text.replace("action: look_up", "action: check_code").replace('{account: "{account}"}', '{code: "{code}"}')
    file.write_text(text.replace("missing: human, ", ""), "utf-8")
    with (small / "responses.en.yml").open("a", encoding="utf-8") as responses:
        responses.write('  utter_ask_code: [{text: "The code?"}]\n  utter_invalid_code: [{text: "No."}]\n')
    bank, lines = Bank(), ("my balance please", words, "/slots", "/why")
    if live:
        said = await call(small, bank, *lines, echo=True)
        assert [command.args for command in bank.asked] == [{"code": "4711"}]
    else:
        (small / "tests" / "first.yml").unlink()
        keyboard = Keyboard(small)
        await keyboard.shell.begin()
        said = await keyboard.type(*lines)
        await keyboard.shell.close()
    assert "action check_code code=•••" in said
    assert "4711" not in said and "four seven" not in said


async def test_a_word_without_its_argument_says_what_it_takes(keyboard: Keyboard) -> None:
    assert "keys are 0 to 9" in await keyboard.type("/dtmf")
    assert "keys are 0 to 9" in await keyboard.type("/dtmf one")
    assert "/hearing lost" in await keyboard.type("/hearing")
    assert "one of answered" in await keyboard.type("/agent nobody")


async def test_prompts_are_interrupted_where_the_designer_allows_it(keyboard: Keyboard) -> None:
    said = await keyboard.type("/barge", "/new")
    assert "prompts are interrupted" in said and "-- interrupted" in said
    file = keyboard.folder / "responses.en.yml"
    file.write_text(file.read_text("utf-8").replace("{discloses: bot}", "{discloses: bot, barge_in: false}"), "utf-8")
    assert "-- goes on to its end" in await keyboard.type("/reload", "/new")


async def test_recognition_can_be_lost_and_nobody_is_spoken_to_after_the_handoff(keyboard: Keyboard) -> None:
    assert "use the keypad" in await keyboard.type("/hearing lost")
    assert "nobody listens" in await keyboard.type("/new", "operator", "hello")
    assert "intent -" in await keyboard.type("/new", "/dtmf 1")


async def test_the_agent_ordered_before_a_new_call_answers_in_it(keyboard: Keyboard) -> None:
    await keyboard.type("/hangup", "/agent busy", "/new")
    assert "unresolved" in await keyboard.type("operator")


SHIPPED = Path(__file__).parents[3] / "dialogs" / "insurance"


@pytest.mark.slow
@pytest.mark.parametrize("profile", [{"age": 46}, {}])
async def test_offers_are_decided_as_in_a_call_and_say_why(profile: dict[str, int]) -> None:
    printed: list[str] = []
    customer = {"customer_id": "C1", "household": "H1", "lines": ["dacha"], "profile": profile}
    shell = Shell(SHIPPED, printed.append, Caller(customer=customer), TFIDF)
    await shell.begin()
    for typed in ("/dtmf 1", "/dtmf 204518#", "yes"):
        await shell.take(typed)
    told = "\n".join(printed)
    if profile:
        assert "-- dacha_furniture: p = 1.00, offered" in told and "-- flat: p.eligible: its own condition" in told
        assert "I have one offer from Northwind Insurance" in told
    else:
        assert "-- no offer: g.vulnerable: the caller may be vulnerable, or is not an adult (age=unknown)" in told
        assert "one offer" not in told
    await shell.close()
