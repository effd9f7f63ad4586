"""Customers as the CSV file `ivr customers import` reads. Owns the writing; secrets leave as hashes or not at all."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import TextIO

from ivr.identity.customer_file import FACTS, HASH
from ivr.model.identity import Candidate

COLUMNS = (
    *("customer_id", "household", "language", "name_en", "name_ru", "birth_date", "phones"),
    *FACTS,
    *("flags", "pin_hash", "passphrase_hash"),
)


def write_customers(candidates: Iterable[Candidate], to: TextIO) -> int:
    """Write them all; how many."""
    writer = csv.writer(to, lineterminator="\n")
    writer.writerow(COLUMNS)
    count = 0
    for candidate in candidates:
        facts = [";".join(candidate.facts.get(kind, ())) for kind in FACTS]
        phones = ";".join(f"{p.number}@{p.since}" if p.since else p.number for p in candidate.phones)
        hashes = [known if known.startswith(HASH) else "" for known in (candidate.pin_hash, candidate.passphrase_hash)]
        names = [candidate.names.get("en", ""), candidate.names.get("ru", "")]
        first = [candidate.customer_id, candidate.household, candidate.language]
        writer.writerow([*first, *names, candidate.birth_date, phones, *facts, ";".join(candidate.flags), *hashes])
        count += 1
    return count
