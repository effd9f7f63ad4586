"""Facts within candidates: what fits, what refutes, what tells people apart; and that a number alone is not enough."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ivr.identity.candidates import common_language, match, plain, recognised
from ivr.identity.names import Verdict
from ivr.model.identity import Candidate, Customer, EvidenceKind

NAME, BORN = EvidenceKind.NAME, EvidenceKind.BIRTH_DATE
POLICY, ACCOUNT, POSTCODE = EvidenceKind.POLICY_NUMBER, EvidenceKind.ACCOUNT_NUMBER, EvidenceKind.POSTCODE


def person(who: str, name: str, born: str = "1979-03-05", **facts: str) -> Candidate:
    return Candidate(
        customer_id=who,
        household="H",
        names={"en": name},
        birth_date=born,
        facts={kind: (value,) for kind, value in facts.items()},
    )


ANNA = person("1", "Anna Petrova", policy_number="D-33104417", postcode="SW1A 1AA", account_number="70011001")
INNA = person("2", "Inna Petrova", "1979-03-05", policy_number="33104418", account_number="70011002")
OLEG = person("3", "Oleg Petrov", "1975-01-02", policy_number="33104419")


def test_all_that_was_said_must_fit() -> None:
    found = match([ANNA, INNA, OLEG], {NAME: ["anna petrov a"], POLICY: ["33104417"]})
    assert (found.candidate, found.matched) == (ANNA, (NAME, POLICY))
    for said in ({NAME: ["Anna Petrova"], POLICY: ["33104418"]}, {NAME: ["Oleg Petrov"], BORN: ["1979-03-05"]}):
        wrong = match([ANNA, OLEG], said)
        assert (wrong.verdict, wrong.candidates, wrong.matched, wrong.apart_by) == (Verdict.NONE, (), (), ())


def test_numbers_are_digit_exact_with_or_without_their_letters() -> None:
    for said in ("D-33104417", "d 33104417", "Д33104417", "33104417"):
        assert match([ANNA], {POLICY: [said]}).candidate == ANNA, said
    for said in ("33104416", "3310441", "K33104417", "104417"):
        assert match([ANNA], {POLICY: [said]}).verdict is Verdict.NONE, said
    assert match([ANNA], {POSTCODE: ["sw1a1aa"]}).candidate == ANNA
    assert plain(POLICY, "С-12 (3)") == plain(POLICY, "c123")


def test_an_account_is_known_by_its_last_four_digits_not_three() -> None:
    assert match([ANNA, INNA], {ACCOUNT: ["1001"]}).candidate == ANNA
    assert match([ANNA, INNA], {ACCOUNT: ["001"]}).verdict is Verdict.NONE
    assert match([ANNA, INNA], {ACCOUNT: ["0011001"]}).candidate == ANNA


def test_every_reading_of_a_date_is_tried() -> None:
    assert match([ANNA], {BORN: ["1979-05-03", "1979-03-05"]}).candidate == ANNA
    assert match([ANNA], {BORN: ["1979-05-03"]}).verdict is Verdict.NONE


def test_several_say_what_would_tell_them_apart() -> None:
    found = match([ANNA, INNA], {BORN: ["1979-03-05"]})
    assert found.verdict is Verdict.SEVERAL and found.apart_by[0] is NAME
    twins = match([person("1", "Jon Smith"), person("2", "John Smith", "1981-01-01")], {NAME: ["john smith"]})
    assert twins.verdict is Verdict.SEVERAL and twins.apart_by == (BORN,)


def test_first_names_are_enough_within_a_household() -> None:
    assert match([ANNA, OLEG], {NAME: ["Аня"]}).candidate == ANNA
    assert match([ANNA, OLEG], {NAME: ["Oleg"], BORN: ["1975-01-02"]}).candidate == OLEG


def test_facts_nobody_keeps_prove_and_refute_nothing() -> None:
    found = match([OLEG], {NAME: ["Oleg Petrov"], POSTCODE: ["10115"]})
    assert found.matched == (NAME,)
    assert match([OLEG], {POSTCODE: ["10115"]}).verdict is Verdict.NONE
    assert match([OLEG], {}).verdict is Verdict.NONE
    assert match([OLEG], {EvidenceKind.PIN: ["4821"]}).verdict is Verdict.NONE


def test_one_on_a_number_is_recognised_a_household_asked_an_office_is_nobody() -> None:
    assert recognised([ANNA]).candidate == ANNA
    household = recognised([ANNA, INNA, OLEG])
    assert household.verdict is Verdict.SEVERAL and household.apart_by == (NAME, BORN)
    assert recognised([person(str(n), "Anna Petrova") for n in range(6)]).verdict is Verdict.NONE
    assert recognised([ANNA], shared=True).verdict is Verdict.NONE
    assert recognised([]).verdict is Verdict.NONE


@given(st.lists(st.text(max_size=12), max_size=3), st.lists(st.text(max_size=12), max_size=3), st.text(max_size=40))
def test_what_does_not_fit_never_matches_and_nothing_raises(numbers: list[str], days: list[str], name: str) -> None:
    found = match([ANNA, INNA, OLEG], {POLICY: numbers, BORN: days, NAME: [name]})
    for kind, said in ((POLICY, numbers), (BORN, days)):
        if kind in found.matched:
            assert {plain(kind, s) for s in said} & {
                "d33104417", "33104417", "33104418", "33104419", "1979-03-05", "1975-01-02"
            }  # fmt: skip


def test_people_of_one_number_have_a_language_in_common_or_none() -> None:
    def speaks(who: str, language: str, profile: str = "") -> Candidate:
        customer = Customer(customer_id=who, household="H1", language=profile)
        return Candidate(customer_id=who, household="H1", language=language, customer=customer)

    assert common_language([speaks("C1", "ru"), speaks("C2", "", "ru")]) == "ru"
    assert common_language([speaks("C1", "ru"), speaks("C2", "en")]) == ""
    assert common_language([]) == common_language([speaks("C1", "")]) == ""
