from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from ivr.model.errors import DesignError
from ivr.offers.catalogue import Catalogue, load_catalogue
from ivr.offers.eligibility import CallView, Eligibility, view_of
from ivr.offers.packs import load_pack, pack_names
from ivr.offers.price import Period, Price, mentions_money, speak
from tests.unit.offers.cases import DACHA_OWNER, NOW, OFFERS, write_catalogue


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(OFFERS)


def faults_of(path: Path) -> list[tuple[int, str]]:
    with pytest.raises(DesignError) as caught:
        load_catalogue(path)
    return [(fault.line, fault.code) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("amount", "currency", "period", "language", "spoken"),
    [
        ("3.90", "EUR", Period.MONTH, "en", "three euros ninety a month"),
        ("24", "EUR", Period.YEAR, "en", "twenty-four euros a year"),
        ("1.05", "USD", Period.DAY, "en", "one dollar and five cents a day"),
        ("0.01", "GBP", Period.TRIP, "en", "one penny a trip"),
        ("1250.50", "EUR", Period.ONCE, "en", "one thousand two hundred and fifty euros fifty once"),
        ("3.90", "EUR", Period.MONTH, "ru", "три евро девяносто центов в месяц"),
        ("391", "RUB", Period.MONTH, "ru", "триста девяносто один рубль в месяц"),
        ("42.02", "RUB", Period.TRIP, "ru", "сорок два рубля две копейки за поездку"),
        ("111.11", "RUB", Period.YEAR, "ru", "сто одиннадцать рублей одиннадцать копеек в год"),
    ],
)
def test_a_price_is_read_in_words(amount: str, currency: str, period: Period, language: str, spoken: str) -> None:
    assert speak(Price(amount=Decimal(amount), currency=currency, period=period), language) == spoken


@pytest.mark.parametrize("text", ["only 3.90", "four euros", "€4", "за три евро", "пять рублей", "50 cents"])
def test_money_is_noticed_in_a_text(text: str) -> None:
    assert mentions_money(text)


@pytest.mark.parametrize("text", ["It takes 20 seconds", "press 1", "за двадцать секунд", "a central house"])
def test_other_numbers_are_not_money(text: str) -> None:
    assert not mentions_money(text)


def test_the_shipped_scripts_read_the_price_of_the_catalogue(catalogue: Catalogue) -> None:
    assert catalogue.products["dacha_furniture"].price.amount == Decimal("3.90")
    for product in catalogue.products.values():
        script = product.scripts["en"]
        assert speak(product.price, "en") in script.confirm
        assert "{" not in script.ask + script.pitch + script.confirm + script.accepted + script.declined
        assert script.ask.endswith("?") and "offer" in script.ask


def test_the_relation_is_computed_from_what_the_customer_has(catalogue: Catalogue) -> None:
    furniture, car = catalogue.products["dacha_furniture"], catalogue.products["car"]
    assert furniture.relation(DACHA_OWNER) == "cross"
    assert car.relation(DACHA_OWNER) == "up"
    better = replace(furniture, replaces="dacha_basic")
    assert better.relation(replace(DACHA_OWNER, owns=("dacha_basic",))) == "upgrade"


def test_every_fault_is_reported_with_its_line(tmp_path: Path) -> None:
    path = write_catalogue(
        tmp_path,
        ("    line: car\n", "    line: boat\n"),
        ("has_line('dacha') and not owns('dacha_furniture')", "caller.is_rich and has_line('dacha')"),
        ("price: {amount: 4.90", "price: {amount: 4.999"),
    )
    text = path.read_text(encoding="utf-8").splitlines()
    found = faults_of(path)
    assert [text[line - 1].strip()[:6] for line, _ in found] == ["price:"]  # the shape first, alone
    path.write_text("\n".join(text).replace("4.999", "4.99"), encoding="utf-8")
    found = faults_of(path)
    assert [(text[line - 1].split(":")[0].strip(), code) for line, code in found] == [
        ("eligible", "offer-eligible"),
        ("line", "offer-line"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("You can stop it {cancel}", "It costs 3.50 euros until {cancel}", "offer-price"),
        ("for {price}? Say yes or press one", "? Say yes or press one", "offer-price-unread"),
        ("{seller} for your summer", "{company} for your summer", "offer-placeholder"),
        ("I have one offer from {seller} for your summer", "One thing for your summer", "offer-disclosure"),
        ("You can stop it {cancel}", "It renews", "offer-disclosure"),
        ("disclosures: [seller, sales_purpose, total_cost, renewal]", "disclosures: [seller]", "offer-disclosure"),
        ("languages: [en, ru]", "languages: [en, ru, de]", "offer-language"),
        ("currency: EUR", "currency: XAU", "offer-language"),
        ("policy: [eu]", "policy: [mars]", "offer-policy"),
        ("legal_basis: legitimate_interest", "legal_basis: ''", "offer-legal-basis"),
        ("ranking: fixed", "ranking: fixed\npin: yacht", "offer-pin"),
        ("requires: {level: L1}", "requires: {level: L1, licensed_agent: true}", "offer-licensed"),
        ("against fire, water and break-in", "against " + "fire and water and " * 12, "offer-long"),
        ("for your summer house. May", "for your summer house" + " and all that is in it" * 5 + ". May", "offer-long"),
        ("has_line('dacha') and not owns", "has_line('datcha') and not owns", "offer-eligible"),
        ("fulfil: lead", "fulfil: charge_card", "wrong-form"),
        ("margin: 12.00", "margin: .inf", "no-number"),
        ("annoyed: 0.02", "annoyed: 2", "out-of-range"),
        ("repeat_7d: 4.5", "repeats: 4.5", "offer-prices"),
        ("customer.age < 30", "has_line('datcha')", "offer-group"),
        ("customer.age >= 18", "customer.age >= 'eighteen'", "offer-eligible"),
        ("version: 1\n", "version: 1\nextra: 1\n", "unknown-key"),
        ("version: 1\n", "version: 1\nversion: 1\n", "yaml"),
    ],
)
def test_a_catalogue_that_could_mislead_a_caller_is_refused(tmp_path: Path, old: str, new: str, code: str) -> None:
    assert code in {found for _, found in faults_of(write_catalogue(tmp_path, (old, new)))}


def test_the_shipped_catalogue_may_be_sold_under_us_rules_only_with_refund_terms(tmp_path: Path) -> None:
    codes = faults_of(write_catalogue(tmp_path, ("policy: [eu]", "policy: [us, eu]")))
    assert {code for _, code in codes} == {"offer-disclosure"}
    assert len(codes) == 4  # refund, once per product


def test_a_missing_file_is_a_fault_and_not_a_crash(tmp_path: Path) -> None:
    assert faults_of(tmp_path / "none.yml") == [(0, "unreadable")]


@pytest.mark.parametrize("name", pack_names())
def test_every_shipped_policy_pack_can_be_read(name: str) -> None:
    assert load_pack(name).disclosures


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "customer.__class__",
        "customer.lines.append('x')",
        "[x for x in customer.lines]",
        "2 ** 100",
        "owns(customer.age)",
        "customer.salary > 3",
        "customer.age >",
        "lambda: 1",
        "customer.age in (30, 'forty')",
        "'46' in customer.age",
        "customer.lines == 'dacha'",
        "3 in customer.owns",
        "call.intent == 3",
        "true",
    ],
)
def test_an_expression_outside_the_fixed_names_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not|unknown|, and .* is no (number|word)|is a list"):
        Eligibility(text)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("'dacha' in customer.lines and customer.age >= 18", True),
        ("has_line('car')", False),
        ("call.intent in ('claim_status', 'payment')", True),
        ("customer.tenure_years > 2", False),  # unknown counts as no
        ("customer.age == 46", True),
        ("40 <= customer.age < 65 and call.language in ['en', 'de']", True),
    ],
)
def test_an_expression_is_decided_over_the_customer_and_the_call(text: str, holds: bool) -> None:
    missing = Eligibility(text).missing(view_of(DACHA_OWNER, NOW), CallView(intent="claim_status", language="en"))
    assert (missing == "") is holds
