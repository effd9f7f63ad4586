"""The CSV of customers: what its columns become, and every fault with its line."""

from __future__ import annotations

import io

from ivr.demo.crm_directory import candidate_of_invented
from ivr.demo.crm_people import invent
from ivr.demo.customer_csv import write_customers
from ivr.identity.customer_file import findable_by, read_customers
from ivr.model.identity import EvidenceKind, Phone

HEADER = "customer_id,name,name_ru,language,birth_date,phones,policy_number,account_number,postcode,pin,pin_hash,flags"
PHONES = "+442079460101@2024-03-01;(202) 555-0101"
ANNA = f'C1,Anna Petrova,Анна Петрова,en,1979-03-05,{PHONES},"D-77;33104417",,SW1A 1AA,4821,,a;b'


def test_a_line_becomes_a_customer() -> None:
    (row,), faults = read_customers(["\ufeff" + HEADER, ANNA, ""], "c.csv", "US")
    assert faults == [] and (row.line, row.pin) == (2, "4821")
    anna = row.candidate
    assert anna.names == {"en": "Anna Petrova", "ru": "Анна Петрова"} and anna.household == "C1"
    assert anna.phones == (Phone(number="+442079460101", since="2024-03-01"), Phone(number="+12025550101"))
    assert anna.flags == ("a", "b") and anna.pin_hash == ""
    assert set(findable_by(anna)) == {
        (EvidenceKind.POLICY_NUMBER, "d77"),
        (EvidenceKind.POLICY_NUMBER, "77"),
        (EvidenceKind.POLICY_NUMBER, "33104417"),
        (EvidenceKind.POSTCODE, "sw1a1aa"),
        (EvidenceKind.BIRTH_DATE, "1979-03-05"),
    }


def test_every_fault_has_its_line_and_no_secret_is_shown() -> None:
    lines = [
        HEADER,
        ANNA,
        ANNA,
        "C2,,,en,5 March,12,,,,12,$2b$xx,",
        "C3,Oleg,,ru,1975-01-02,+1 202 555 0101@soon,,,,4821,$argon2id$v=19$x,",
        ",Nina,,,,,,,,,,",
        "C5,Too,Few",
    ]
    rows, faults = read_customers(lines, "c.csv", "US")
    assert [row.candidate.customer_id for row in rows] == ["C1"]
    assert {(fault.line, fault.code) for fault in faults} == {
        (3, "twice"), (4, "missing"), (4, "date"), (4, "phone"), (4, "hash"), (4, "secret"), (5, "date"), (5, "secret"),
        (6, "missing"), (7, "cells"),
    }  # fmt: skip
    assert not any("4821" in str(fault) for fault in faults)


def test_a_header_nobody_knows_is_refused_as_a_whole() -> None:
    for header in ("id,name", "customer_id,name,shoe_size", "customer_id,name,name"):
        rows, faults = read_customers([header, "C1,Anna,44"], "c.csv", "US")
        assert rows == [] and {fault.line for fault in faults} == {1}
    rows, faults = read_customers(["customer_id,name", 'C1,"Anna'], "c.csv", "US")
    assert rows == [] and faults[0].code == "csv"
    assert read_customers([], "c.csv", "US")[1]


def test_invented_customers_go_through_the_file_unchanged() -> None:
    candidates = [candidate_of_invented(person) for person in invent(120)]
    file = io.StringIO()
    assert write_customers(candidates, file) == 120
    rows, faults = read_customers(file.getvalue().splitlines(), "c.csv", "US")
    assert faults == [] and len({person.customer_id for person in invent(120)}) == 120
    for row, candidate in zip(rows, candidates, strict=True):
        read = row.candidate
        assert (read.names, read.facts, read.phones) == (candidate.names, candidate.facts, candidate.phones)
        assert (read.customer_id, read.birth_date) == (candidate.customer_id, candidate.birth_date)
