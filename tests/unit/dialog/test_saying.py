"""SSML in responses: resolved into words, shown without tags, found when wrong; sentences cut where a voice rests."""

from pathlib import Path

import pytest

from ivr.dialog.saying import parts, prompt, resolved
from ivr.dialog.source import Faults, read
from ivr.dialog.texts import Response, Values, read_responses, render
from ivr.model.markup import marked


def responses(folder: Path, text: str, language: str = "en") -> tuple[dict[str, Response], Faults]:
    (folder / "responses.yml").write_text(f"responses:\n  utter_x:\n  - text: '{text}'\n", encoding="utf-8")
    faults = Faults()
    top = read(folder / "responses.yml", folder, faults)
    assert top is not None
    return read_responses(top, language), faults


def test_say_as_around_a_value_is_read_in_words_and_the_break_stays(tmp_path: Path) -> None:
    text = 'Your code: <break time="300ms"/> <say-as interpret-as="digits">{code}</say-as>.'
    found, faults = responses(tmp_path, text)
    (said,), missing = render(found["utter_x"], Values(names={"code": "4578"}))
    assert not missing and not faults.found
    assert said.text == "Your code: four five seven eight."
    assert said.markup.count("<break") == 1 and "say-as" not in said.markup and said.spoken == said.markup


@pytest.mark.parametrize(
    ("interpret", "value", "language", "words"),
    [
        ("digits", "12345", "en", "one two three, four five"),
        ("date", "2025-03-05", "en", "the fifth of March twenty twenty-five"),
        ("telephone", "+12025550101", "en", "two oh two, five five five, oh one oh one"),
        ("currency", "12.50 USD", "en", "twelve dollars and fifty cents"),
        ("characters", "AB7", "en", "A, B, seven"),
        ("characters", "ШЪ7", "ru", "ша, твёрдый знак, семь"),
        ("currency", "21 RUB", "ru", "двадцать один рубль"),
        ("date", "2025-03-05", "ru", "пятого марта две тысячи двадцать пятого года"),
    ],
)
def test_every_interpretation_is_spoken_as_people_say_it(interpret: str, value: str, language: str, words: str) -> None:
    assert resolved(f'<say-as interpret-as="{interpret}">{value}</say-as>', language) == words


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("One <emphasis>two</emphasis>.", "emphasis"),
        ('One <break time="9s"/>.', "9s"),
        ('<prosody rate="slow">One.', "not closed"),
        ('<say-as interpret-as="date">soon</say-as>', "cannot be read so"),
    ],
)
def test_wrong_markup_is_a_finding_with_its_line(tmp_path: Path, text: str, what: str) -> None:
    _, faults = responses(tmp_path, text)
    (fault,) = faults.found
    assert (fault.code, fault.file, fault.line) == ("markup", "responses.yml", 3)
    assert what in fault.what and fault.fix


def test_a_rate_over_several_sentences_stays_around_all_of_them(tmp_path: Path) -> None:
    found, faults = responses(tmp_path, '<prosody rate="slow">One. Two.</prosody>')
    assert not faults.found
    (said,), _ = render(found["utter_x"], Values(names={}))
    assert said.text == "One. Two." and marked(said.spoken)


def test_a_secret_in_markup_is_masked_in_the_log(tmp_path: Path) -> None:
    found, _ = responses(tmp_path, 'It is <say-as interpret-as="digits">{pin}</say-as>.')
    (said,), _ = render(found["utter_x"], Values(names={"pin": "4578"}, sensitive=frozenset({"pin"})))
    assert "four five" in said.text and "four" not in said.log_text and "4578" not in said.log_text


def test_a_value_with_a_tag_in_it_is_a_value(tmp_path: Path) -> None:
    found, _ = responses(tmp_path, 'Hello {name} <break time="100ms"/> there.')
    (said,), _ = render(found["utter_x"], Values(names={"name": "<break>"}))
    assert "&lt;break>" in said.markup and said.text == "Hello <break> there."


@pytest.mark.parametrize(
    ("sentence", "cut"),
    [
        ("Your account balance is {a|money}.", ("Your account balance is,", "{a|money}.")),
        ("We will pay it on {d|date}.", ("We will pay it,", "on {d|date}.")),
        ("На вашем счёте {a|money}.", ("На вашем счёте,", "{a|money}.")),
        (
            "Карта, последние цифры {c|digits}, заблокирована.",
            ("Карта, последние цифры,", "{c|digits},", "заблокирована."),
        ),
        ("I heard {x|digits}.", ()),
        ("There is a fee of {a|money}.", ()),
        ("Nothing changes here at all.", ()),
        ('<prosody rate="slow">Your account balance is {a}</prosody>', ()),
    ],
)
def test_a_sentence_is_cut_only_where_a_speaker_would_rest(sentence: str, cut: tuple[str, ...]) -> None:
    assert parts(sentence) == cut


def test_the_parts_of_a_prompt_carry_its_values(tmp_path: Path) -> None:
    found, _ = responses(tmp_path, "Your account balance is {a|money}.")
    (said,), _ = render(found["utter_x"], Values(names={"a": "12"}, currency="EUR"))
    assert said.parts == ("Your account balance is,", "twelve euros.")
    assert prompt("Hello.", "en").parts == ()
