"""Names out of whole sentences, and names that are spelled."""

from __future__ import annotations

import pytest

from ivr.nlu.spoken import find


@pytest.mark.parametrize(
    ("language", "text", "readings", "announced"),
    [
        ("en", "my name is Anna Petrova, policy three three one zero four", ("Anna Petrova",), True),
        ("en", "Hi, this is John Smith calling about my claim", ("John Smith",), True),
        ("en", "what is the status of my claim my name is Maria de la Cruz", ("Maria de la Cruz",), True),
        ("en", "Anna Petrova", ("Anna Petrova",), False),
        ("en", "Anna Petrowa, P E T R O V A", ("Anna Petrova", "Anna Petrowa"), False),
        ("en", "p as in peter e t r o v as in victor a", ("Petrova",), False),
        ("en", "P-E-T-R-O-V", ("Petrov",), False),
        ("ru", "меня зовут Анна Петрова, полис три три один ноль", ("Анна Петрова",), True),
        ("ru", "Здравствуйте, это Иван Семёнов, номер полиса 331", ("Иван Семёнов",), True),
        ("ru", "Петрова Анна Петровна, родилась пятого марта", ("Петрова Анна Петровна",), False),
        ("ru", "пэ е тэ эр о вэ а", ("Петрова",), False),
        ("ru", "пэ как павел е т р о в а", ("Петрова",), False),
    ],
)
def test_a_name_is_cut_out_of_what_was_said(
    language: str, text: str, readings: tuple[str, ...], announced: bool
) -> None:
    found = find("name", text, language)
    assert found is not None and found.readings == readings
    assert (found.confidence >= 0.8) == announced


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "I want to know my claim status"),
        ("en", "I'm calling about a claim"),
        ("en", "three three one"),
        ("en", "my policy number is three three one"),
        ("ru", "хочу узнать статус"),
        ("ru", "номер полиса три три один"),
        ("ru", "это мой договор"),
    ],
)
def test_a_sentence_without_a_name_has_none(language: str, text: str) -> None:
    assert find("name", text, language) is None
