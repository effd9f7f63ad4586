"""A slot's value is the same whether it was said or keyed, and its options choose among readings."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.dialog import slots as sl
from ivr.dialog.checksums import CHECKSUMS, correct
from ivr.dialog.slot_options import read_slots
from ivr.dialog.source import Faults, read
from ivr.model.dialog import UtteranceHeard
from ivr.model.hearing import Hypothesis, Recognition
from ivr.model.understanding import Entity, Intent, Understanding

TODAY = "2026-11-18T09:00:00Z"


def slot(**options: object) -> sl.Slot:
    return sl.Slot(name="it", **options)  # type: ignore[arg-type]


def heard(entity: Entity, text: str = "...") -> UtteranceHeard:
    hypothesis = Hypothesis(text=text, confidence=0.9, engine="test")
    recognition = Recognition(
        hypothesis=hypothesis,
        language="en",
        speech_started_at_ms=0,
        speech_ended_at_ms=1,
        decided_at_ms=2,
        decode_ms=1,
        decodes=1,
    )
    meaning = Understanding(text=text, intent=Intent(name="", confidence=0), entities=(entity,))
    return UtteranceHeard(at_ms=0, recognition=recognition, understanding=meaning)


def entity(kind: str, *readings: str, scores: tuple[float, ...] = ()) -> Entity:
    return Entity(entity=kind, value=readings[0], readings=readings, start=0, end=1, scores=scores)


def domain(tmp_path: Path, text: str) -> tuple[dict[str, sl.Slot], list[str]]:
    (tmp_path / "domain.yml").write_text(f"slots:\n  it: {text}\n", encoding="utf-8")
    faults = Faults()
    top = read(tmp_path / "domain.yml", tmp_path, faults)
    assert top is not None
    return read_slots(top.get("slots"), "EUR"), [fault.code for fault in faults.found]


@pytest.mark.parametrize(
    ("options", "keys", "value"),
    [
        ({"type": "date"}, "05031982", "1982-03-05"),
        ({"type": "date", "order": "MDY"}, "03051982", "1982-03-05"),
        ({"type": "date", "region": "US"}, "03051982", "1982-03-05"),
        ({"type": "date", "past": True}, "050382", "1982-03-05"),
        ({"type": "date", "past": True}, "181126", "2026-11-18"),
        ({"type": "date", "past": True}, "191126", "1926-11-19"),
        ({"type": "time"}, "0930", "09:30"),
        ({"type": "time"}, "930", "09:30"),
        ({"type": "time"}, "16", "16:00"),
        ({"type": "money", "currency": "EUR"}, "1250*5", "1250.50 EUR"),
        ({"type": "money", "currency": "EUR"}, "1250", "1250 EUR"),
        ({"type": "number"}, "2*50", "2.5"),
        ({"type": "number"}, "007", "7"),
        ({"type": "phone", "region": "GB"}, "02079460123", "+442079460123"),
        ({"type": "yes_no"}, "2", "no"),
        ({"type": "digits", "min_length": 4, "max_length": 4}, "0471", "0471"),
    ],
)
def test_keys_give_the_typed_value(options: dict[str, object], keys: str, value: str) -> None:
    assert sl.keyed(slot(**options), keys, today=TODAY).fitting == (value,)


@pytest.mark.parametrize(
    ("options", "keys"),
    [
        ({"type": "date"}, "31021982"),
        ({"type": "date", "past": True}, "01012030"),
        ({"type": "time"}, "2575"),
        ({"type": "money"}, "*"),
        ({"type": "phone", "region": "GB"}, "12"),
        ({"type": "digits", "checksum": "luhn"}, "4111111111111112"),
        ({"type": "number", "least": "1", "most": "500"}, "501"),
    ],
)
def test_keys_that_make_no_such_value_are_rejected(options: dict[str, object], keys: str) -> None:
    readings = sl.keyed(slot(**options), keys, today=TODAY)
    assert readings.heard and readings.fitting == ()


def test_choices_are_keyed_by_their_key_or_by_their_place() -> None:
    car, flat = sl.ChoiceValue(value="car"), sl.ChoiceValue(value="flat")
    assert sl.keyed(slot(type="choice", choices=(car, flat)), "2").fitting == ("flat",)
    keyed = (sl.ChoiceValue(value="car", dtmf="7"), sl.ChoiceValue(value="flat", dtmf="8"))
    assert sl.keyed(slot(type="choice", choices=keyed), "8").fitting == ("flat",)
    assert sl.keyed(slot(type="choice", choices=keyed), "2").fitting == ()


def test_length_checksum_and_bounds_choose_among_the_readings() -> None:
    digits = heard(entity("digits", "805", "8005"))
    assert sl.spoken(slot(type="digits", min_length=4, max_length=4), digits, "en").fitting == ("8005",)
    card = heard(entity("digits", "4111111111111112", "4111111111111111"))
    assert sl.spoken(slot(type="digits", checksum="luhn"), card, "en").fitting == ("4111111111111111",)
    hour = heard(entity("time", "15:00", "03:00"))
    assert sl.spoken(slot(type="time", least="08:00", most="20:00"), hour, "en").fitting == ("15:00",)
    amount = heard(entity("money", "12.50 USD", "1250 USD"))
    assert sl.spoken(slot(type="money", least="100", most="5000"), amount, "en").fitting == ("1250 USD",)


def test_a_name_is_always_read_back() -> None:
    one = sl.spoken(slot(type="name"), heard(entity("name", "Ann Lee", scores=(0.99,))), "en")
    assert one.fitting == ("Ann Lee",) and one.unsure


def test_what_services_and_conditions_see_is_typed() -> None:
    assert slot(type="money").typed("1250.50 EUR") == {"amount": 1250.5, "currency": "EUR"}
    assert slot(type="number").typed("2.5") == 2.5
    assert slot(type="number").typed("42") == 42
    assert slot(type="yes_no").typed("yes") is True


def test_the_context_carries_what_the_words_leave_unsaid() -> None:
    choice = slot(type="choice", choices=(sl.ChoiceValue(value="car", phrases={"en": ("my car", "car")}),))
    known = {"language": "en", "today": TODAY, "currency": "EUR"}
    assert sl.context([choice], names={}, **known).choices == (("my car", "car"), ("car", "car"))  # type: ignore[arg-type]
    named = slot(type="name", candidates_from="branches")
    assert sl.context([named], names={"branches": ["Ann Lee"]}, **known).candidates == ("Ann Lee",)  # type: ignore[arg-type]
    born = sl.context([slot(type="date", past=True, region="US")], names={}, **known)  # type: ignore[arg-type]
    assert (born.today, born.past, born.order, born.currency) == ("2026-11-18", True, "MDY", "EUR")


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("luhn", "4111111111111111", "4111111111111121"),
        ("mod11", "86011117947", "86011117948"),
        ("mod97", "1234567889", "2134567889"),
        ("verhoeff", "2363", "2336"),
        ("inn", "7707083893", "7707083983"),
        ("inn", "500100732259", "500100732295"),
        ("snils", "11223344595", "11223344559"),
    ],
)
def test_a_checksum_finds_a_wrong_digit_and_a_swap(name: str, right: str, wrong: str) -> None:
    assert name in CHECKSUMS
    assert correct(name, right) and not correct(name, wrong)
    assert not correct(name, right[:-1] + "x") and not correct(name, "")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{type: digits, past: true}", "slot-option"),
        ("{type: date, length: 8}", "slot-option"),
        ("{type: digits, checksum: lun}", "unknown-value"),
        ("{type: phone, region: England}", "region"),
        ("{type: money, currency: BTC}", "currency"),
        ("{type: number, between: [5, 1]}", "type"),
        ("{type: time, between: [8, 20]}", "type"),
        ("{type: digits, pattern: '['}", "pattern"),
        ("{type: name}", "no-candidates"),
        ("{type: date, order: YMD}", "unknown-value"),
    ],
)
def test_an_option_that_makes_no_sense_is_a_finding(tmp_path: Path, text: str, code: str) -> None:
    assert domain(tmp_path, text)[1] == [code]


def test_options_are_read(tmp_path: Path) -> None:
    slots, codes = domain(tmp_path, "{type: money, between: [1, 500.50]}")
    assert codes == [] and (slots["it"].currency, slots["it"].least, slots["it"].most) == ("EUR", "1", "500.5")
    slots, codes = domain(tmp_path, "{type: date, between: [2020-01-01, 2030-12-31]}")
    assert codes == [] and slots["it"].accepts("2026-11-18") and not slots["it"].accepts("2019-12-31")
