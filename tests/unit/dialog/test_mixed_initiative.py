"""What callers volunteer fills open slots: with the request, in an answer, two at once; never a secret."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Talks = Callable[..., Any]


def test_values_said_with_the_request_are_not_asked_for(talk: Talks) -> None:
    call = talk("menu").say("the policy two oh four five one eight please by post for the flat", intent="several")
    assert call.session.slots["code"] == "204518" and call.step == "secret"
    call.key("4711").say("fifth of may")
    assert call.session.slots["kind"] == "flat" and call.session.slots["channel"] == "post"
    assert call.step == "sum"


def test_the_same_in_russian(talk: Talks) -> None:
    call = talk("menu", "ru").say("полис два ноль четыре пять один восемь письмом на квартиру", intent="several")
    assert call.session.slots["code"] == "204518" and call.step == "secret"
    call.key("4711").say("пятое мая")
    assert (call.session.slots["kind"], call.session.slots["channel"]) == ("flat", "post")


def test_a_value_said_beside_the_answer_is_kept(talk: Talks) -> None:
    call = talk("several").key("204518").key("4711").say("on the fifth of may by post for my flat")
    assert call.session.slots["day"] == "2027-05-05"
    assert (call.session.slots["kind"], call.session.slots["channel"]) == ("flat", "post")
    assert call.step == "sum"


def test_a_choice_of_a_later_question_said_beside_a_choice_is_kept(talk: Talks) -> None:
    call = talk("several").key("204518").key("4711").key("06052027").say("the flat by post")
    assert (call.session.slots["kind"], call.session.slots["channel"]) == ("flat", "post") and call.step == "sum"


def test_an_answer_to_a_later_question_is_kept_and_this_one_asked_once_more(talk: Talks) -> None:
    call = talk("several").key("204518").key("4711").say("by post please")
    assert call.step == "day" and call.said[-1] == "en day?" and call.session.repairs == 0
    assert "volunteered" in call.reasons("channel")
    call.say("by post please")
    assert call.session.repairs == 1, "the second time it is no news"
    call.say("fifth of may").say("the flat")
    assert call.session.slots["channel"] == "post" and call.step == "sum"


def test_the_same_words_fill_one_slot_only(talk: Talks) -> None:
    call = talk("several").key("204518").key("4711").key("06052027").say("the flat for 300 euros")
    assert call.session.slots["kind"] == "flat" and call.step == "channel"
    call.say("by email")
    assert call.session.slots["sum"] == {"amount": 300, "currency": "EUR"}
    assert call.session.slots.get("count") is None and call.ended


def test_a_secret_is_never_taken_unasked_and_never_fills_another_slot(talk: Talks) -> None:
    call = talk("menu").say("my pin is four seven one one", intent="cards")
    assert call.step == "secret" and "secret" not in call.session.slots
    assert "4711" in call.session.sensitive_values
    call.key("1234")
    assert call.step == "last_four" and "last_four" not in call.session.slots
    call = talk("menu").say("the last four are four four one seven", intent="cards")
    call.key("1234")
    assert call.session.slots["last_four"] == "4417" and call.ended


def test_what_was_named_fills_that_slot_alone(talk: Talks) -> None:
    call = talk("menu").say("the policy number is two oh four five one eight", intent="several")
    assert call.session.slots["code"] == "204518"
    call = talk("menu").say("the policy number is four four one seven", intent="cards")
    call.key("1234")
    assert call.step == "last_four" and "last_four" not in call.session.slots


def test_what_was_said_with_one_request_fills_nothing_of_the_next(talk: Talks) -> None:
    call = talk("menu").say("on the fifth of may", intent="cards")
    assert call.session.volunteered
    call = talk("menu").key("2")
    call.key("1234").key("4417")
    assert call.session.volunteered == ()
    keyed = talk("menu").key("1")
    assert keyed.session.volunteered == () and keyed.step == "code"


def test_what_is_said_on_the_side_replaces_no_value_the_flow_has(talk: Talks) -> None:
    call = talk("several").say("two oh four five one eight").key("4711").say("fifth of may").say("the flat")
    assert call.step == "channel"
    call.say("by post in a car")
    assert call.session.slots["kind"] == "flat" and call.session.slots["channel"] == "post"


def test_what_is_volunteered_in_doubt_is_read_back(talk: Talks) -> None:
    call = talk("several").key("204518").key("4711").say("fifth of may by post", confidence=0.5)
    call.say("yes").say("the flat")
    assert call.said[-1] == "en post?" and "channel" not in call.session.slots
    assert call.key("1").session.slots["channel"] == "post"
