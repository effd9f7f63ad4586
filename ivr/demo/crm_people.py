"""Ten thousand invented customers, English and Russian, as alike as real ones are: family names shared by hundreds,
twins, same birthdays, Jon beside John, Petrov beside Petrova and Petroff, households and offices on one number.

Owns the invention: a seed gives the same people for ever. Nothing in it is about a living person: names are drawn,
American telephone numbers end in 555-01xx as in films, Russian ones are counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import accumulate
from random import Random

from ivr.demo.crm_names import ENGLISH, RUSSIAN, RussianName, latin_name

CUSTOMERS = 10_000
RUSSIAN_SHARE = 0.45
HOUSEHOLD_SIZES = (1, 2, 3, 4, 5)
HOUSEHOLD_WEIGHTS = (58, 24, 9, 6, 3)
OFFICES = 12
_OFFICE_SIZE = (6, 40)
_OLDEST, _YOUNGEST = date(1938, 1, 1), date(2006, 12, 31)
_REGISTERED = date(2024, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invented:
    """A customer. name: in the customer's own script; latin: as a passport writes it. phones: (E.164, since)."""

    customer_id: str
    household: str
    language: str
    name: str
    latin: str
    birth_date: str
    policy: str
    account: str
    postcode: str
    pin: str
    phones: tuple[tuple[str, str], ...]
    traits: frozenset[str] = field(default_factory=frozenset)

    @property
    def names(self) -> dict[str, str]:
        """language -> name."""
        return {"en": self.latin} if self.language == "en" else {"ru": self.name, "en": self.latin}


class _Draw:
    """Everything that is drawn by chance, from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self._used: set[str] = set()
        self._phones = 0

    def digits(self, first: str, count: int) -> str:
        """A number that nobody else has."""
        while True:
            number = first + "".join(self.random.choice("0123456789") for _ in range(count))
            if number not in self._used:
                self._used.add(number)
                return number

    def birth_date(self, after: date = _OLDEST, before: date = _YOUNGEST) -> str:
        return (after + timedelta(days=self.random.randrange((before - after).days))).isoformat()

    def since(self) -> str:
        return (_REGISTERED + timedelta(days=self.random.randrange(900))).isoformat()

    def phone(self, language: str) -> str:
        """E.164: +1 area 555-01xx, +7 999 and a count."""
        self._phones += 1
        if language == "ru":
            return f"+7999{self._phones:07d}"
        return f"+1{201 + self._phones // 100 % 780}555{100 + self._phones % 100:04d}"

    def zipf(self, names: tuple[str, ...]) -> str:
        """Names by rank: the first is many times as frequent as the last."""
        weights = list(accumulate(1 / (rank + 6) for rank in range(len(names))))
        return self.random.choices(names, cum_weights=weights)[0]


def invent(count: int = CUSTOMERS, seed: int = 2026) -> list[Invented]:
    """That many customers, the same for the same seed."""
    draw = _Draw(seed)
    people: list[Invented] = []
    for person in _households(draw):
        if len(people) >= count:
            break
        people.append(replace(person, customer_id=f"P{10_001 + len(people)}"))
    return _in_offices(people, draw)


def _households(draw: _Draw) -> Iterator[Invented]:
    number = 0
    while True:
        number += 1
        size = draw.random.choices(HOUSEHOLD_SIZES, HOUSEHOLD_WEIGHTS)[0]
        language = "ru" if draw.random.random() < RUSSIAN_SHARE else "en"
        yield from _household(draw, f"H{10_000 + number}", language, size)


def _household(draw: _Draw, household: str, language: str, size: int) -> Iterator[Invented]:
    """People of one address: mostly of one family name, half of them on one number, sometimes twins."""
    postcode = "".join(draw.random.choice("0123456789") for _ in range(5))
    family, shared = _family(draw, language), draw.phone(language)
    since, on_one_number = draw.since(), draw.random.random() < 0.6
    twins = size >= 3 and draw.random.random() < 0.15
    born = draw.birth_date(date(1985, 1, 1))
    father = draw.zipf(RUSSIAN.men)
    for place in range(size):
        stranger = place == 1 and draw.random.random() < 0.15  # another name at the same address
        female = draw.random.random() < 0.5
        person = _person(
            draw, language, _family(draw, language) if stranger else family, female, father if place > 1 else None
        )
        phones = [(shared, since)] if on_one_number or place == 0 else []
        if not phones or draw.random.random() < 0.25:
            phones.insert(0, (draw.phone(language), draw.since()))
        traits = {"household"} if size > 1 and on_one_number else set()
        if twins and place >= size - 2:
            person, traits = replace(person, birth_date=born), traits | {"twin"}
        yield replace(person, household=household, postcode=postcode, phones=tuple(phones), traits=frozenset(traits))


def _family(draw: _Draw, language: str) -> str:
    if language == "ru":
        return draw.zipf(RUSSIAN.families)
    family = draw.zipf(ENGLISH.families)
    return f"{family}-{draw.zipf(ENGLISH.families)}" if draw.random.random() < 0.03 else family


def _person(draw: _Draw, language: str, family: str, female: bool, father: str | None) -> Invented:
    if language == "ru":
        given = draw.zipf(RUSSIAN.women if female else RUSSIAN.men)
        full = RussianName(given=given, father=father or draw.zipf(RUSSIAN.men), family=family, female=female)
        name = full.in_full if draw.random.random() < 0.8 else full.short
        latin = latin_name(name, draw.random.choice(("passport", "library", "german", "french")))
    else:
        given = draw.zipf(ENGLISH.women if female else ENGLISH.men)
        if draw.random.random() < 0.02:
            given = f"{given}-{draw.zipf(ENGLISH.women if female else ENGLISH.men)}"
        middle = f" {draw.zipf(ENGLISH.women if female else ENGLISH.men)}" if draw.random.random() < 0.15 else ""
        name = latin = f"{given}{middle} {family}"
    return Invented(
        customer_id="",
        household="",
        language=language,
        name=name,
        latin=latin,
        birth_date=draw.birth_date(),
        policy=draw.random.choice(("", "", "", "D-", "K-")) + draw.digits(draw.random.choice("3456789"), 7),
        account=draw.digits("7", 7),
        postcode="",
        pin="".join(draw.random.choice("0123456789") for _ in range(6)),
        phones=(),
    )


def _in_offices(people: list[Invented], draw: _Draw) -> list[Invented]:
    """Some give the number of their office as well."""
    for number in range(min(OFFICES, len(people) // 100)):
        phone = f"+1202555{9000 + number}" if number % 2 else f"+7999999{number:04d}"
        for at in draw.random.sample(range(len(people)), draw.random.randint(*_OFFICE_SIZE)):
            phones = (*people[at].phones, (phone, "2025-01-15"))
            people[at] = replace(people[at], phones=phones, traits=people[at].traits | {"office"})
    return people
