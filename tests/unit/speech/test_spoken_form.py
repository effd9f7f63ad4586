"""Texts are compared as they are said."""

from __future__ import annotations

import pytest

from ivr.speech.spoken_form import digit_string, errors, likeness, same


@pytest.mark.parametrize(
    ("language", "heard", "said"),
    [
        ("en", "press 1 now", "Press one, now!"),
        ("en", "you owe $1,250", "You owe one thousand two hundred and fifty dollars."),
        ("en", "dial 500", "Dial five hundred"),
        ("en", "dial 500", "Dial five zero zero"),
        ("en", "on the 3rd", "on the third"),
        ("en", "it's oh 4 5", "It's zero four five"),
        ("en", "your mailbox", "Your mail box"),
        ("en", "touch-tone", "touchtone"),
        ("en", "followed by the # key", "followed by the pound key"),
        ("ru", "нажмите 7", "Нажмите семь."),
        ("ru", "чтобы выйти", "... что бы выйти"),
        ("ru", "ещё один звонок", "Еще 1 звонок"),
        ("ru", "эхо-тест", "«Эхотест»"),
    ],
)
def test_the_same_words_are_the_same_however_they_are_written(language: str, heard: str, said: str) -> None:
    assert same(heard, said, language)


@pytest.mark.parametrize(
    ("heard", "said", "wrong", "words"),
    [
        ("press two", "press one", 1, 2),
        ("press", "press one now", 2, 3),
        ("press one one now", "press one now", 1, 3),
        ("", "press one", 2, 2),
        ("hello", "", 1, 0),
        ("471", "four seven two", 1, 3),
    ],
)
def test_errors_are_counted_in_words(heard: str, said: str, wrong: int, words: int) -> None:
    assert errors(heard, said, "en") == (wrong, words)


@pytest.mark.parametrize(
    ("text", "language", "digits"),
    [
        ("4 7 1", "en", "471"),
        ("471", "en", "471"),
        ("four seven one", "en", "471"),
        ("oh double five", "en", "055"),
        ("4-7-1.", "en", "471"),
        ("четыре 7 один", "ru", "471"),
        ("нуль ноль", "ru", "00"),
        ("my number", "en", ""),
        ("", "en", ""),
    ],
)
def test_a_digit_string_is_read_from_figures_and_words(text: str, language: str, digits: str) -> None:
    assert digit_string(text, language) == digits


@pytest.mark.parametrize(
    ("heard", "said", "least", "most"),
    [
        ("сидиниясь с трудником", "Соединяю с сотрудником.", 0.78, 0.9),
        ("на берете номер счета 8 флифор", "Наберите номер счёта, восемь цифр.", 0.85, 0.95),
        ("мы запитим на тьмаль", "Вы хотите узнать баланс?", 0.0, 0.6),
        ("voice mail", "Voicemail.", 1.0, 1.0),
        ("", "Voicemail.", 0.0, 0.0),
    ],
)
def test_misspelt_words_are_alike_and_others_are_not(heard: str, said: str, least: float, most: float) -> None:
    language = "en" if said == "Voicemail." else "ru"
    assert least <= likeness(heard, said, language) <= most
