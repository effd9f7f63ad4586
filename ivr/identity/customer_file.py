"""Customers as a CSV file: what the columns mean, and what is wrong in which line. Pure: lines in, customers out.

Columns: customer_id; household; name or name_en, name_ru, ...; birth_date (YYYY-MM-DD); phones, policy_number,
account_number, postcode, flags, lines, owns (several values separated by ";"; a telephone number may be followed by
@YYYY-MM-DD, the day it was registered); language; pin or pin_hash; passphrase or passphrase_hash (Argon2id, PHC
format). Refuses to hash: what is still to be hashed comes out beside the customer.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from string import ascii_lowercase

import phonenumbers

from ivr.identity.candidates import plain
from ivr.identity.secrets import plain_passphrase, plain_pin
from ivr.model.errors import Fault
from ivr.model.identity import Candidate, Customer, EvidenceKind, Phone

FACTS = (EvidenceKind.POLICY_NUMBER, EvidenceKind.ACCOUNT_NUMBER, EvidenceKind.POSTCODE)
LISTS = ("phones", *FACTS, "flags", "lines", "owns")
COLUMNS = (
    *("customer_id", "household", "name", "birth_date", "language", "pin", "pin_hash", "passphrase", "passphrase_hash"),
    *LISTS,
)
HASH = "$argon2id$"


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRow:
    """A customer of the file. pin and passphrase: as they are to be hashed, "" = none or hashed already."""

    line: int
    candidate: Candidate
    pin: str = ""
    passphrase: str = ""


def read_customers(lines: Iterable[str], file: str, region: str) -> tuple[list[CustomerRow], list[Fault]]:
    """All customers without a fault, and all faults. region: country (ISO 3166) of numbers written without one."""
    faults: list[Fault] = []
    reader = csv.reader(lines, strict=True)
    header = [name.strip().lower().lstrip("\ufeff") for name in next(reader, [])]
    faults += _faults_of_header(header, file)
    if faults:
        return [], faults
    rows: dict[str, CustomerRow] = {}
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                row = _Line(file, reader.line_num, header, cells, region)
                found = row.customer(rows)
                faults += row.faults
                if found and not row.faults:
                    rows[found.candidate.customer_id] = found
    except csv.Error as error:
        faults.append(_fault(file, reader.line_num, "csv", f"not readable as CSV: {error}", "Mend the quotes."))
    return list(rows.values()), faults


def _fault(file: str, line: int, code: str, what: str, fix: str) -> Fault:
    return Fault(file=file, line=line, column=0, code=code, what=what, fix=fix)


def _faults_of_header(header: list[str], file: str) -> Iterator[Fault]:
    known = f"The columns are: {', '.join(COLUMNS)}, name_<language>."
    if "customer_id" not in header:
        yield _fault(file, 1, "missing", "there is no column customer_id", known)
    for name in header:
        if name not in COLUMNS and not name.startswith("name_"):
            yield _fault(file, 1, "column", f"{name!r} is no known column", known)
        elif header.count(name) > 1:
            yield _fault(file, 1, "column", f"the column {name} stands twice", "Keep one of them.")
            return


class _Line:
    """One line of the file being read."""

    def __init__(self, file: str, line: int, header: list[str], cells: list[str], region: str) -> None:
        self.file, self.line, self.region = file, line, region
        self.faults: list[Fault] = []
        if len(cells) != len(header):
            self.fault("cells", f"{len(cells)} cells where there are {len(header)} columns", "Quote cells with commas.")
        self.cells = {name: cell.strip() for name, cell in zip(header, cells, strict=False)}

    def fault(self, code: str, what: str, fix: str) -> None:
        self.faults.append(_fault(self.file, self.line, code, what, fix))

    def customer(self, rows: Mapping[str, CustomerRow]) -> CustomerRow | None:
        who = self.cells.get("customer_id", "")
        if not who:
            self.fault("missing", "no customer_id", "Give every customer an id.")
        elif who in rows:
            self.fault("twice", f"customer {who} stands in line {rows[who].line} already", "Keep one of the lines.")
        names = self._names()
        if not names:
            self.fault("missing", "the customer has no name", "Fill in name or name_<language>.")
        candidate = Candidate(
            customer_id=who,
            household=self.cells.get("household", "") or who,
            names=names,
            birth_date=self._birth_date(),
            facts={kind: values for kind in FACTS if (values := self._listed(kind))},
            phones=tuple(self._phones()),
            language=self.cells.get("language", ""),
            pin_hash=self._hash("pin_hash"),
            passphrase_hash=self._hash("passphrase_hash"),
            flags=self._listed("flags"),
            customer=Customer(
                customer_id=who,
                household=self.cells.get("household", "") or who,
                name=next(iter(names.values()), ""),
                language=self.cells.get("language", ""),
                lines=self._listed("lines"),
                owns=self._listed("owns"),
                flags=self._listed("flags"),
            ),
        )
        return CustomerRow(
            line=self.line, candidate=candidate, pin=self._secret("pin"), passphrase=self._secret("passphrase")
        )

    def _names(self) -> dict[str, str]:
        own = {self.cells.get("language") or "en": self.cells["name"]} if self.cells.get("name") else {}
        named = {key[5:]: cell for key, cell in self.cells.items() if key.startswith("name_") and cell}
        return own | named

    def _listed(self, name: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in self.cells.get(name, "").split(";") if part.strip())

    def _birth_date(self) -> str:
        told = self.cells.get("birth_date", "")
        return self._day(told, "birth_date") if told else ""

    def _day(self, told: str, name: str) -> str:
        try:
            return date.fromisoformat(told).isoformat()
        except ValueError:
            self.fault("date", f"{name} {told!r} is no date", "Write YYYY-MM-DD.")
            return ""

    def _phones(self) -> Iterator[Phone]:
        for told in self._listed("phones"):
            number, _, since = told.partition("@")
            try:
                parsed = phonenumbers.parse(number, self.region)
                possible = phonenumbers.is_possible_number(parsed)
            except phonenumbers.NumberParseException:
                possible = False
            if not possible:
                self.fault("phone", f"{number!r} is no telephone number", "Write it with + and the country code.")
                continue
            e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
            yield Phone(number=e164, since=self._day(since, "registration") if since else "")

    def _hash(self, name: str) -> str:
        told = self.cells.get(name, "")
        if told and not told.startswith(HASH):
            self.fault("hash", f"{name} is no Argon2id hash", f"It begins with {HASH}; a PIN itself goes into pin.")
        return told

    def _secret(self, name: str) -> str:
        told = self.cells.get(name, "")
        if told and self.cells.get(f"{name}_hash"):
            self.fault("secret", f"both {name} and {name}_hash are given", "Keep the hash.")
        plainly = (plain_pin if name == "pin" else plain_passphrase)(told)
        if told and not plainly:  # the value itself is never shown
            self.fault(
                "secret", f"this {name} cannot be one", "A PIN has 4 to 12 digits, a passphrase 8 letters or more."
            )
        return plainly


def findable_by(candidate: Candidate) -> list[tuple[str, str]]:
    """The plain facts a customer is looked up by: (kind, value). A policy number also without its letters."""
    found: list[tuple[str, str]] = []
    for kind in FACTS:
        for value in candidate.facts.get(kind, ()):
            written = plain(kind, value)
            found.append((kind, written))
            if kind is EvidenceKind.POLICY_NUMBER and (bare := written.lstrip(ascii_lowercase)) not in ("", written):
                found.append((kind, bare))
    if candidate.birth_date:
        found.append((EvidenceKind.BIRTH_DATE, candidate.birth_date))
    return found
