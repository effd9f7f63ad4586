"""What follows a yes is checked before a call: there is somebody who does it, and the words tell of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from ivr.design import after_yes
from ivr.dialog.source import Faults, read
from ivr.model.errors import DesignError
from ivr.model.fulfilment import LEAD, ORDER, queue_of
from ivr.offers.catalogue import load_catalogue
from ivr.offers.fulfilment import speaks_of
from ivr.routing.plan import load_routing
from tests.unit.offers.cases import OFFERS, write_catalogue

ACCEPTED = {
    "en": 'accepted: "Thank you. A colleague will call you',
    "ru": 'accepted: "Спасибо. Вам позвонит сотрудник',
}
CALLS = {"en": "A colleague will call you within four hours.", "ru": "Вам позвонят в течение четырёх часов."}
SMS = {
    "en": "{seller}: {product} for {price}. Answer YES to confirm order {order}.",
    "ru": "{seller}: {product}, {price}. Ответьте ДА, чтобы подтвердить заказ {order}.",
}


def catalogue(folder: Path, fulfil: str, otherwise: Mapping[str, str] = CALLS, sms: Mapping[str, str] = SMS) -> Path:
    """The shipped one, in which a yes to the first product leads elsewhere."""
    text = write_catalogue(folder, ("ranking: fixed", "ranking: fixed")).read_text("utf-8")
    text = text.replace("fulfil: lead", f"fulfil: {fulfil}", 1)
    for language, line in ACCEPTED.items():
        more = {"otherwise": otherwise.get(language, ""), "sms": sms.get(language, "")}
        lines = "".join(f'{name}: "{words}"\n        ' for name, words in more.items() if words)
        assert line in text
        text = text.replace(line, lines + line, 1)
    path = folder / "offers.yml"
    path.write_text(text, "utf-8")
    return path


def refused(path: Path) -> list[str]:
    with pytest.raises(DesignError) as raised:
        load_catalogue(path)
    assert all(fault.line > 1 for fault in raised.value.faults)
    return [fault.what for fault in raised.value.faults if fault.code == "offer-fulfil"]


def test_an_order_and_a_transfer_have_words_for_when_a_colleague_has_to_call(tmp_path: Path) -> None:
    order = load_catalogue(catalogue(tmp_path, ORDER)).products["dacha_furniture"]
    assert order.scripts["ru"].otherwise == CALLS["ru"]
    assert order.scripts["en"].sms.startswith("Northwind Insurance: furniture cover for three euros ninety")
    assert order.scripts["en"].sms.endswith("Answer YES to confirm order {order}.")
    sales = load_catalogue(catalogue(tmp_path, "warm_transfer:sales", sms={})).products["dacha_furniture"]
    assert (queue_of(sales.fulfil), sales.scripts["en"].sms) == ("sales", "")
    missing = refused(catalogue(tmp_path, "warm_transfer:sales", otherwise={"en": CALLS["en"]}, sms={}))
    assert missing == ["ru: nothing is said for when this cannot be, and a colleague calls instead"]


@pytest.mark.parametrize(
    ("fulfil", "otherwise", "sms", "found"),
    [
        (LEAD, {}, SMS, ["en: nobody is told sms: no message is sent", "ru: nobody is told sms: no message is sent"]),
        (LEAD, {"en": CALLS["en"]}, {}, ["en: nobody is told otherwise: a colleague calls anyway"]),
        (
            ORDER,
            CALLS,
            {**SMS, "ru": "{product}, {order}"},
            ["ru: the message that asks to confirm does not tell {price}"],
        ),
        (
            ORDER,
            CALLS,
            {**SMS, "en": "{product} {price} {order} https://pay.example"},
            ["en: a link in a message is taken for a fraud"],
        ),
    ],
)
def test_words_that_mislead_about_what_follows_are_refused(
    tmp_path: Path, fulfil: str, otherwise: Mapping[str, str], sms: Mapping[str, str], found: list[str]
) -> None:
    assert refused(catalogue(tmp_path, fulfil, otherwise, sms)) == found


def found_by_validate(path: Path, *, sends_texts: bool = True) -> list[tuple[str, str, str]]:
    faults = Faults()
    top = read(path, path.parent, faults)
    assert top is not None
    plan = load_routing(OFFERS.parent / "routing.yml", dict.fromkeys(("AGENT_A1_URI", "AGENT_A2_URI"), "sip:a@b"))
    after_yes.check(top, load_catalogue(path), plan, sends_texts=sends_texts)
    lines = path.read_text("utf-8").splitlines()
    return [(fault.severity, fault.code, lines[fault.line - 1].strip()) for fault in faults.found]


def test_validate_knows_the_queue_the_gateway_and_the_words_by_their_line(tmp_path: Path) -> None:
    assert found_by_validate(OFFERS, sends_texts=False) == []
    transferred = found_by_validate(catalogue(tmp_path, "warm_transfer:nosuchqueue", sms={}))
    assert transferred[0] == ("error", "unknown-queue", "fulfil: warm_transfer:nosuchqueue")
    misled = [each[2].partition(" ")[0] for each in transferred[1:] if each[:2] == ("warning", "offer-fulfil")]
    assert misled == ["accepted:", "accepted:"], "both languages say that somebody will call"
    ordered = catalogue(tmp_path, ORDER)
    no_gateway = ("warning", "offer-fulfil", "fulfil: order_pending_sms")
    assert no_gateway in found_by_validate(ordered, sends_texts=False)
    assert no_gateway not in found_by_validate(ordered)


def test_a_text_says_what_follows_in_the_languages_there_are_words_for() -> None:
    assert speaks_of(ORDER, "en", "You will get a text message.")
    assert not speaks_of(ORDER, "ru", "Вам позвонят.")
    assert speaks_of("warm_transfer:sales", "ru", "Сейчас соединю вас с коллегой.")
    assert speaks_of(LEAD, "de", "Wir rufen an.")
