"""Figures and signs in designers' texts are words before a voice gets them."""

import re

import pytest

from ivr.speech.verbalization import verbalized

ENGLISH = [
    ("We are open 24/7.", "We are open twenty four seven."),
    ("Call at 8:30.", "Call at eight thirty."),
    ("From 8:00-17:45.", "From eight o'clock to five forty-five PM."),
    ("8 am, 12:05 p.m.", "eight AM, twelve oh five PM"),
    ("15% off", "fifteen percent off"),
    ("See № 5 or No. 7, #3", "See number five or number seven, number three"),
    ("No. That is all.", "No. That is all."),
    ("$20, $1,250.50", "twenty dollars, one thousand two hundred and fifty dollars and fifty cents"),
    ("€1 or £3.5 million", "one euro or three point five million pounds"),
    ("Founded in 1985.", "Founded in nineteen eighty five."),
    ("1985", "nineteen eighty five"),
    ("9-17", "nine to seventeen"),
    ("1-800-555-0199", "one, eight hundred, five five five, oh one nine nine"),
    ("+1 202 555 0101", "plus one, two oh two, five five five, oh one oh one"),
    ("Claim 204518", "Claim two zero four, five one eight"),
    ("12,500 people, 2.5 points", "twelve thousand five hundred people, two point five points"),
    ("2025-03-05", "March fifth, twenty twenty five"),
    ("12/25/2025, Dec. 24", "December twenty-fifth, twenty twenty five, December twenty-fourth"),
    ("5 GB, 1 km, -5 °C", "five gigabytes, one kilometre, minus five degrees Celsius"),
    ("the 1st and 22nd", "the first and twenty-second"),
    ("help@example.com", "help at example dot com"),
    ("yes/no & press 1", "yes or no and press one"),
    ("I heard four five seven, eight nine one.", "I heard four five seven, eight nine one."),
]
RUSSIAN = [
    ("Мы работаем 24/7.", "Мы работаем двадцать четыре на семь."),
    ("в 8:30", "в восемь тридцать"),
    ("с 9:00 до 18:00", "с девяти часов до восемнадцати часов"),
    ("9:00–18:00", "с девяти часов до восемнадцати часов"),
    (
        "15%, до 20%, 1%, 2,5%",
        "пятнадцать процентов, до двадцати процентов, один процент, две целых пять десятых процента",
    ),
    ("№ 5", "номер пять"),
    ("$20, 500 руб., от 100 р.", "двадцать долларов, пятьсот рублей, от ста рублей"),
    ("1 250,50 ₽", "тысяча двести пятьдесят рублей пятьдесят копеек"),
    ("в 1985 году", "в тысяча девятьсот восемьдесят пятом году"),
    ("с 2020 года", "с две тысячи двадцатого года"),
    ("05.03.2025", "пятого марта две тысячи двадцать пятого года"),
    ("+7 495 123-45-67", "плюс семь, четыреста девяносто пять, сто двадцать три, сорок пять, шестьдесят семь"),
    ("Счёт 40817810", "Счёт четыре ноль восемь один, семь восемь один ноль"),
    ("2 минуты, 1 минуту, 21 неделя, 3 дня", "две минуты, одну минуту, двадцать одна неделя, три дня"),
    ("до 5 дней", "до пяти дней"),
    ("1-й, 2-го, 3-я", "первый, второго, третья"),
    ("SMS, PIN-код, Sberbank", "эсэмэс, пин-код, сбербанк"),
    ("Да — один, нет — два.", "Да, один, нет, два."),
    ("9–17 часов", "от девяти до семнадцати часов"),
    ("«Портовый» банк", "Портовый банк"),
]


@pytest.mark.parametrize(("written", "said"), ENGLISH)
def test_english_figures_are_said_as_people_say_them(written: str, said: str) -> None:
    assert verbalized(written, "en") == said


@pytest.mark.parametrize(("written", "said"), RUSSIAN)
def test_russian_figures_are_said_as_people_say_them(written: str, said: str) -> None:
    assert verbalized(written, "ru") == said


@pytest.mark.parametrize("language", ["en", "ru"])
def test_no_figure_and_no_sign_of_a_text_is_left_to_the_engine(language: str) -> None:
    text = "A1 2b 3/8 4:99 5.6.7 #8 9% 10€ 11:11:11 12-13-14 1e5 00 1,2,3 № 99999999999999 25/13/2020 0x7F ½"
    said = verbalized(text, language)
    assert not re.search(r"[0-9€$№#%]", said), said


def test_a_language_without_rules_is_spoken_as_written() -> None:
    assert verbalized("um 8:30  Uhr", "de") == "um 8:30 Uhr"
