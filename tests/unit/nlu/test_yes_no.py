import pytest

from ivr.nlu.spoken.yes_no import find_yes_no


def answer(said: str, language: str = "en") -> str | None:
    found = find_yes_no(said, language)
    return found.value if found else None


@pytest.mark.parametrize(
    "said",
    [
        *(
            "yes",
            "Yes, please.",
            "yeah",
            "yep that's right",
            "correct",
            "go ahead",
            "sure",
            "okay",
            "why not",
            "uh huh",
        ),
        *("of course", "no problem", "i think so", "yes it's the red one", "no wait yes", "that's correct", "uh yes"),
        *("please do", "absolutely", "i guess so", "right", "yes i would like that", "no that's right", "sounds good"),
    ],
)
def test_yes_in_its_many_forms(said: str) -> None:
    assert answer(said) == "yes"


@pytest.mark.parametrize(
    "said",
    [
        *("no", "No, thank you.", "nope", "not really", "not at all", "of course not", "i don't think so", "wrong"),
        *("that's not right", "not now", "no that's all", "no i want the other one", "absolutely not", "yeah no"),
        *("the answer is no", "incorrect", "no it isn't", "i'd rather not", "maybe later", "uh no", "not quite"),
    ],
)
def test_no_in_its_many_forms(said: str) -> None:
    assert answer(said) == "no"


@pytest.mark.parametrize(
    "said",
    [
        *(
            "i don't know",
            "not sure",
            "maybe",
            "no idea",
            "i'm not sure",
            "no i don't know",
            "yes and no",
            "it depends",
        ),
        *("", "uh", "check it right now", "there is no answer at this address", "operator", "two oh four"),
        *(
            "i would know that",
            "correct my address please",
            "you have the wrong address",
            "it is not working",
            "okay i want to talk to a person",
            "what is the status of my claim please",
        ),
    ],
)
def test_what_is_neither_is_no_answer(said: str) -> None:
    assert answer(said) is None


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("да", "yes"), ("ага", "yes"), ("не против", "yes"), ("всё верно", "yes"), ("да, конечно", "yes"),
        ("нет", "no"), ("нет, спасибо", "no"), ("да нет", "no"), ("конечно нет", "no"), ("не надо", "no"),
        ("не знаю", None), ("да нет, наверное", None), ("может быть", None), ("какой статус", None),
    ],
)  # fmt: skip
def test_russian_idioms(said: str, meant: str | None) -> None:
    assert answer(said, "ru") == meant


def test_an_answer_among_other_words_is_less_sure_and_its_span_is_the_answer() -> None:
    text = "well yes it's the red one"
    found = find_yes_no(text, "en")
    assert found is not None
    assert text[found.start : found.end] == "yes"
    assert found.confidence < 1.0
    alone = find_yes_no("well yes please", "en")
    assert alone is not None
    assert alone.confidence == 1.0


def test_a_language_without_a_table_gives_nothing() -> None:
    assert answer("yes", "fi") is None
