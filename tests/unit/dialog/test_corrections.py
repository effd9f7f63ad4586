"""Corrections win: at the read-back, after the value was taken, and of an earlier question, in every slot type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ivr.dialog.corrections import Force, amended, named, opening
from ivr.dialog.slots import Slot

Talks = Callable[..., Any]

Case = tuple[str, str, str, Any, str, Any]

EURO = {"currency": "EUR"}
# slot, language, what is said, what it is, the correction, what it is then
SPOKEN: list[Case] = [
    ("code", "en", "two oh four five one eight", "204518", "no, seven two", "204572"),
    ("code", "ru", "два ноль четыре пять один восемь", "204518", "нет, семь два", "204572"),
    ("code", "en", "two oh four five one eight", "204518", "the last two are seven two, sorry", "204518"),
    ("code", "en", "two oh four five one eight", "204518", "no, the last two are seven two", "204572"),
    ("code", "ru", "два ноль четыре пять один восемь", "204518", "нет, последние две семь два", "204572"),
    ("code", "en", "two oh four five one eight", "204518", "no, it starts with three one", "314518"),
    ("code", "en", "two oh four five one eight", "204518", "not five one eight, five one nine", "204519"),
    ("code", "en", "two oh four five one eight", "204518", "no, one two three four five six", "123456"),
    ("count", "en", "forty two", 42, "no, fifty", 50),
    ("count", "ru", "сорок два", 42, "нет, пятьдесят", 50),
    ("sum", "en", "five hundred euros", {"amount": 500, **EURO}, "no, fifteen hundred", {"amount": 1500, **EURO}),
    ("sum", "ru", "пятьсот евро", {"amount": 500, **EURO}, "нет, полторы тысячи евро", {"amount": 1500, **EURO}),
    ("day", "en", "the sixth of May", "2027-05-06", "no, it's the fifth of May", "2027-05-05"),
    ("day", "ru", "шестое мая", "2027-05-06", "нет, пятое мая", "2027-05-05"),
    ("at", "en", "half past four in the afternoon", "16:30", "no, half past five in the afternoon", "17:30"),
    ("at", "ru", "в половине пятого вечера", "16:30", "нет, в половине шестого вечера", "17:30"),
    ("line", "en", "020 7946 0123", "+442079460123", "no, 020 7946 0124", "+442079460124"),
    ("line", "en", "020 7946 0123", "+442079460123", "no, the last two are seven two", "+442079460172"),
    ("line", "ru", "020 7946 0123", "+442079460123", "нет, 020 7946 0124", "+442079460124"),
    ("insured", "en", "no", False, "sorry, yes", True),
    ("insured", "ru", "нет", False, "ой, да", True),
    ("kind", "en", "the flat", "flat", "not the flat, the car", "car"),
    ("kind", "ru", "квартира", "flat", "не квартира, а машина", "car"),
    ("holder", "en", "maria garcia", "Maria Garcia", "no, ivan petrov", "Ivan Petrov"),
    ("holder", "ru", "мария гарсия", "Maria Garcia", "нет, иван петров", "Ivan Petrov"),
    ("story", "en", "water in the kitchen", "water in the kitchen", "no, water in the cellar", "water in the cellar"),
    ("story", "ru", "вода на кухне", "вода на кухне", "нет, вода в подвале", "вода в подвале"),
]
RIGHT = [c for c in SPOKEN if c[3] != c[5]]
RIGHT_IDS = [f"{c[0]} {c[1]} {c[4]}" for c in RIGHT]


@pytest.mark.parametrize("case", RIGHT, ids=RIGHT_IDS)
def test_a_correction_at_the_read_back_replaces_the_value_and_is_read_back_again(talk: Talks, case: Case) -> None:
    slot, language, first, _, correction, meant = case
    call = talk(f"{slot}_always", language).say(first)
    assert call.session.slots.get(slot) is None
    readings_back = len(call.said)
    call.say(correction)
    assert call.session.slots.get(slot) is None and len(call.said) == readings_back + 1
    assert call.said[-1].startswith(f"{language} ") and call.said[-1] != call.said[-2]
    call.say("да" if language == "ru" else "yes")
    assert call.session.slots[slot] == meant
    assert call.reasons(slot) == ["filled"]


@pytest.mark.parametrize("case", RIGHT, ids=RIGHT_IDS)
def test_a_correction_right_after_the_value_was_taken_replaces_it(talk: Talks, case: Case) -> None:
    slot, language, first, value, correction, meant = case
    call = talk(f"{slot}_never", language).say(first)
    assert call.session.slots[slot] == value and call.step == "after"
    call.say(correction)
    assert call.session.slots[slot] == meant and call.step == "after"
    assert call.said[-1] == f"{language} after?"
    assert "corrected" in call.reasons(slot)


@pytest.mark.parametrize("case", RIGHT, ids=RIGHT_IDS)
def test_what_was_confirmed_is_never_replaced_without_being_read_back(talk: Talks, case: Case) -> None:
    slot, language, first, value, correction, meant = case
    yes = "да" if language == "ru" else "yes"
    call = talk(f"{slot}_always", language).say(first).say(yes)
    assert call.session.slots[slot] == value and call.step == "after"
    call.say(correction)
    assert call.session.slots[slot] == value, "it was replaced silently"
    assert call.step == slot
    call.say(yes)
    assert call.session.slots[slot] == meant and call.step == "after"


def test_words_that_are_no_correction_change_nothing(talk: Talks) -> None:
    for words in ("the last two are seven two", "seven two", "hello", "what do you mean"):
        call = talk("code_never").say("two oh four five one eight").say(words)
        assert call.session.slots["code"] == "204518", words


def test_the_answer_to_the_question_that_stands_is_no_correction(talk: Talks) -> None:
    call = talk("code_never").say("two oh four five one eight").say("sorry, one two three")
    assert call.session.slots["code"] == "204518" and call.session.slots["after"] == "123"


def test_a_part_that_could_stand_in_two_places_is_read_back(talk: Talks) -> None:
    call = talk("code_when_unsure").say("two oh four five one eight").say("no, seven two")
    assert call.said[-1] == "en two zero four, five seven two?"
    assert call.say("no, the first two").session.slots.get("code") != "204572"
    call = talk("code_when_unsure").say("two oh four five one eight").say("no, the last two are seven two")
    assert call.session.slots["code"] == "204572" and call.step == "after"


def test_an_earlier_slot_is_corrected_by_its_name_while_another_is_asked(talk: Talks) -> None:
    call = talk("several").say("two oh four five one eight").key("4711").say("fifth of may")
    assert call.step == "kind"
    call.say("sorry, the policy number was one two three four five six")
    assert call.session.slots["code"] == "123456" and call.session.slots["day"] == "2027-05-05"
    assert call.step == "kind" and call.said[-1] == "en kind?"


def test_more_than_one_question_back_the_slot_is_named_or_told_by_its_kind(talk: Talks) -> None:
    call = talk("several", "ru").say("два ноль четыре пять один восемь").key("4711").say("пятое мая").say("квартира")
    assert call.step == "channel"
    call.say("нет, шестое мая")
    assert call.session.slots["day"] == "2027-05-06" and call.session.slots["kind"] == "flat"
    call.say("извините, номер полиса был один два три четыре пять шесть")
    assert call.session.slots["code"] == "123456" and call.step == "channel"


def test_a_secret_said_after_no_is_put_into_no_earlier_slot(talk: Talks) -> None:
    call = talk("several").say("two oh four five one eight")
    assert call.step == "secret"
    call.say("no, four seven one")
    assert call.session.slots["code"] == "204518"
    call.say("no, four seven one one")
    assert call.session.slots["code"] == "204518" and call.session.slots["secret"] == "4711"


def test_a_corrected_value_is_looked_up_again(talk: Talks) -> None:
    call = talk("looked_up").say("two oh four five one eight").answered()
    assert call.said[-1] == "en right"
    call.say("no, it ends in one nine")
    assert [c.args["x"] for c in call.called] == ["204518", "204519"]
    call.answered()
    assert call.said[-1] == "en right"


def test_what_was_done_cannot_be_corrected(talk: Talks) -> None:
    call = talk("done_once").say("two oh four five one eight").answered()
    call.say("no, it ends in one nine")
    assert [c.args["x"] for c in call.called] == ["204518"]
    assert call.handed_over, "a no at this question leads to a human"


def test_whoever_corrects_again_and_again_is_not_understood(talk: Talks) -> None:
    call = talk("code_never").say("two oh four five one eight")
    for number in range(12):
        if call.handed_over:
            break
        call.say("no, " + ("seven two" if number % 2 else "nine nine"))
    assert call.handed_over


def test_the_value_being_read_back_survives_a_correction_of_an_earlier_one(talk: Talks) -> None:
    call = talk("several").say("two oh four five one eight").key("4711").say("next friday")
    asked = call.said[-1]
    assert call.step == "day" and call.session.pending
    call.say("sorry, the policy number was one two three four five six")
    assert call.session.slots["code"] == "123456" and call.said[-1] == asked
    call.say("yes")
    assert "day" in call.session.slots


@pytest.mark.parametrize(
    ("text", "language", "force", "rest"),
    [
        ("no, seven two", "en", Force.DENIAL, "seven two"),
        ("um no wait sorry I meant the car", "en", Force.DENIAL, "the car"),
        ("sorry, yes", "en", Force.SOFT, "yes"),
        ("нет, семь два", "ru", Force.DENIAL, "семь два"),
        ("ой, я имела в виду машину", "ru", Force.DENIAL, "машину"),
        ("nothing", "en", Force.NONE, "nothing"),
        ("нету", "ru", Force.NONE, "нету"),
        ("", "en", Force.NONE, ""),
    ],
)
def test_the_words_a_correction_begins_with(text: str, language: str, force: Force, rest: str) -> None:
    begins = opening(text, language)
    assert (begins.force, begins.rest) == (force, rest)


def test_a_slot_is_named_in_any_form_of_its_words() -> None:
    policy = Slot(name="policy_number", type="digits", called={"ru": ("номер полиса",)})
    assert named("извините номера полисов", [policy], "ru") == (policy,)
    assert named("the policy numbers were", [policy], "en") == (policy,)
    assert named("the number was", [policy], "en") == () and named("", [policy], "en") == ()


@pytest.mark.parametrize(
    ("said", "text", "value", "certain"),
    [
        (("72",), "no seven two", "204572", False),
        (("72", "272"), "the last two are seven two", "204572", True),
        (("518519",), "not five one eight five one nine", "204519", True),
        (("018",), "zero one eight", "204018", True),
        (("1",), "no one", "204511", False),
        (("2045180",), "too long", None, True),
        (("204518",), "the same", "204518", True),
    ],
)
def test_where_a_part_belongs(said: tuple[str, ...], text: str, value: str | None, certain: bool) -> None:
    slot = Slot(name="code", type="digits", min_length=6, max_length=6)
    found = amended(slot, "204518", said, text, "en")
    assert found == (None if value is None else (value, certain))
