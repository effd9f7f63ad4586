"""Reading back: never, when in doubt, always; by voice and by key; in both languages; in every slot type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Talks = Callable[..., Any]

# slot -> (keys, typed value); the two values of name and text have no keys
KEYED = {
    "code": ("204518", "204518"),
    "count": ("42", 42),
    "sum": ("500", {"amount": 500, "currency": "EUR"}),
    "day": ("06052027", "2027-05-06"),
    "at": ("1630", "16:30"),
    "line": ("02079460123", "+442079460123"),
    "insured": ("1", True),
    "kind": ("2", "flat"),
}
# slot -> language -> (words, what is read back)
SPOKEN = {
    "code": {
        "en": ("two oh four five one eight", "two zero four, five one eight"),
        "ru": ("два ноль четыре пять один восемь", "два ноль четыре, пять один восемь"),
    },
    "count": {"en": ("forty two", "forty-two"), "ru": ("сорок два", "сорок два")},
    "sum": {"en": ("five hundred euros", "five hundred euros"), "ru": ("пятьсот евро", "пятьсот евро")},
    "day": {"en": ("the sixth of May", "the sixth of May"), "ru": ("шестое мая", "шестого мая")},
    "at": {"en": ("half past four in the afternoon", "four thirty"), "ru": ("в половине пятого вечера", "шестнадцать")},
    "line": {
        "en": ("020 7946 0123", "two oh, seven nine four six"),
        "ru": ("020 7946 0123", "плюс четыре четыре, двадцать"),
    },
    "insured": {"en": ("yes", "yes"), "ru": ("да", "да")},
    "kind": {"en": ("the flat", "flat"), "ru": ("квартиру", "квартира")},
    "holder": {"en": ("maria garcia", "Maria Garcia"), "ru": ("мария гарсия", "Maria Garcia")},
    "story": {"en": ("water in the kitchen", "water in the kitchen"), "ru": ("вода на кухне", "вода на кухне")},
}
EACH = [(slot, language) for slot in SPOKEN for language in ("en", "ru")]
YES_NO = {"en": ("yes", "no"), "ru": ("да", "нет")}


@pytest.mark.parametrize(("slot", "language"), EACH)
def test_always_reads_the_value_back_and_takes_it_after_a_yes(talk: Talks, slot: str, language: str) -> None:
    words, heard = SPOKEN[slot][language]
    call = talk(f"{slot}_always", language).say(words)
    assert heard in call.said[-1] and slot not in call.session.slots
    assert call.hear.keys.max_digits == 1 and "yes_no" in call.hear.slot_types
    call.say(YES_NO[language][0])
    assert slot in call.session.slots and call.step == "after"
    filled = next(n for n in call.notes if n.kind == "dialog.slot")
    assert filled.data["reason"] == "filled" and filled.data["via"] == "confirmed"


@pytest.mark.parametrize(("slot", "language"), EACH)
def test_a_no_asks_again_and_three_failures_are_the_one_way_out(talk: Talks, slot: str, language: str) -> None:
    words, _ = SPOKEN[slot][language]
    call = talk(f"{slot}_always", language)
    for _ in range(3):
        assert not call.handed_over
        call.say(words).say(YES_NO[language][1])
    assert call.handed_over and slot not in call.session.slots
    assert call.reasons(slot) == ["max_tries"]


@pytest.mark.parametrize(("slot", "language"), EACH)
def test_never_reads_nothing_back(talk: Talks, slot: str, language: str) -> None:
    call = talk(f"{slot}_never", language).say(SPOKEN[slot][language][0], confidence=0.5)
    assert slot in call.session.slots and call.step == "after"
    assert call.said[1:] == [f"{language} after?"]


@pytest.mark.parametrize(("slot", "language"), EACH)
def test_doubt_reads_the_value_back_and_certainty_does_not(talk: Talks, slot: str, language: str) -> None:
    words, heard = SPOKEN[slot][language]
    doubtful = talk(f"{slot}_when_unsure", language).say(words, confidence=0.5)
    assert heard in doubtful.said[-1] and slot not in doubtful.session.slots
    certain = talk(f"{slot}_when_unsure", language).say(words)
    # No score tells a right name from a wrong one.
    assert (slot in certain.session.slots) == (slot != "holder")


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("slot", KEYED)
def test_keys_give_the_value_and_keys_one_and_two_answer_its_read_back(talk: Talks, slot: str, language: str) -> None:
    keys, value = KEYED[slot]
    call = talk(f"{slot}_always", language).key(keys)
    assert SPOKEN[slot][language][1] in call.said[-1]
    call.key("2")
    assert slot not in call.session.slots and call.said[-1] == f"{language} {slot} again?"
    call.key(keys).key("1")
    assert call.session.slots[slot] == value and call.step == "after"
    sure = talk(f"{slot}_when_unsure", language).key(keys)
    assert sure.session.slots[slot] == value, "keys are never in doubt"


def test_silence_and_nonsense_at_the_read_back_repeat_it(talk: Talks) -> None:
    call = talk("code_always").key("204518")
    asked = call.said[-1]
    call.silence()
    assert call.said[-2:] == ["en noinput", asked]
    call.say("banana")
    assert call.said[-2:] == ["en nomatch", asked]
    call.silence()
    assert call.handed_over and call.reasons("code") == ["max_tries"]


def test_a_no_reads_back_what_else_the_words_may_have_meant(talk: Talks) -> None:
    call = talk("day_when_unsure").say("next friday")
    first = call.said[-1]
    call.say("no")
    assert call.said[-1].endswith("?") and call.said[-1] not in (first, "en day again?")
    call.say("yes")
    assert "day" in call.session.slots


# ---- two that fit -------------------------------------------------------------------------------------------------


def test_two_names_that_sound_alike_are_asked_apart(talk: Talks) -> None:
    call = talk("holder_when_unsure").say("smith")
    assert call.said[-1] == "John Smith or Joan Smith?"
    assert call.hear.slot_context.candidates == ("John Smith", "Joan Smith", "John", "Joan")
    assert talk("holder_when_unsure").say("smith").say("joan").session.slots["holder"] == "Joan Smith"
    assert talk("holder_when_unsure").say("smith").say("the second one").session.slots["holder"] == "Joan Smith"
    assert talk("holder_when_unsure").say("smith").key("1").session.slots["holder"] == "John Smith"
    again = talk("holder_when_unsure").say("smith").say("no")
    assert "holder" not in again.session.slots and again.said[-1] == "en holder again?"


def test_two_names_are_asked_apart_in_russian_too(talk: Talks) -> None:
    call = talk("holder_when_unsure", "ru").say("джон смит")
    assert call.said[-1] == "John Smith or Joan Smith?"
    call.say("банан").say("второй")
    assert call.session.slots["holder"] == "Joan Smith"
    filled = [n for n in call.notes if n.kind == "dialog.slot"][-1]
    assert filled.data["via"] == "chosen"


def test_two_choices_said_at_once_are_asked_apart_in_the_callers_words(talk: Talks) -> None:
    call = talk("kind_when_unsure", "ru").say("машину или квартиру")
    assert call.said[-1] == "машина or квартира?"
    assert call.say("квартиру").session.slots["kind"] == "flat"
    call = talk("kind_always").say("car or flat").key("2")
    assert call.said[-1] == "en flat?", "always means always"


def test_a_name_said_in_full_is_read_back_though_another_is_near(talk: Talks) -> None:
    call = talk("holder_when_unsure").say("joan smith")
    assert call.said[-1] == "en Joan Smith?"
    assert call.say("no, john smith").said[-1] == "en John Smith?"
    assert call.say("yes").session.slots["holder"] == "John Smith"


def test_a_name_that_is_nobody_is_asked_for_again(talk: Talks) -> None:
    call = talk("holder_when_unsure").say("wolfgang amadeus")
    assert call.said[-1] == "en holder again?" and "holder" not in call.session.slots


# ---- bounds -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slot", "language", "words", "reason"),
    [
        ("sum", "en", "nine thousand euros", "from one hundred euros to five thousand euros"),
        ("sum", "ru", "девять тысяч евро", "from сто евро to пять тысяч евро"),
        ("count", "en", "nine hundred", "from one to five hundred"),
        ("count", "ru", "девятьсот", "from один to пятьсот"),
        ("at", "ru", "в девять вечера", "from восемь часов to двадцать часов"),
        ("at", "en", "at nine in the evening", "from eight o'clock"),
        ("day", "en", "the fifth of May two thousand thirty", "from the nineteenth of November"),
        ("day", "ru", "пятое мая две тысячи тридцатого", "from девятнадцатое ноября"),
    ],
)
def test_a_value_out_of_bounds_is_refused_with_the_reason(
    talk: Talks, slot: str, language: str, words: str, reason: str
) -> None:
    call = talk(f"{slot}_when_unsure", language).say(words)
    assert slot not in call.session.slots
    assert call.said[-2].startswith(reason[:9]) and call.said[-1] == f"{language} {slot} again?"
    assert reason in call.said[-2] or slot in ("at", "day")
    call.say(words).say(words)
    assert call.handed_over and call.reasons(slot) == ["max_tries"]


def test_keys_out_of_bounds_are_refused_with_the_reason(talk: Talks) -> None:
    call = talk("sum_when_unsure").key("9000")
    assert call.said[-2:] == ["from one hundred euros to five thousand euros", "en sum again?"]


def test_without_a_text_for_the_bounds_the_usual_one_is_said(talk: Talks) -> None:
    call = talk("code_when_unsure").say("one two three")
    assert call.said[-2:] == ["en no code", "en code again?"]
