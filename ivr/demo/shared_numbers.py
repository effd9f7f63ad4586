"""Numbers that more than one person calls from: who may be taken for whom there, and who must not.

Owns the cases: households, twins, offices, hotels and payphones listed as shared, former partners, numbers given out
again. The callers are simulated ones; nobody among them may hear a word of somebody else's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from random import Random

from ivr.demo.crm_people import Invented
from ivr.demo.identity_callers import HOUSEHOLD_MOST, Caller

HOTEL, PAYPHONE = "+12025559990", "+12025559991"
LISTED = frozenset({HOTEL, PAYPHONE})
"""Numbers the policy lists as shared."""

Owners = tuple[Invented, ...]
Case = Callable[[str, str, Owners, Sequence[Invented], Random], Caller]


def shared_number_cases(people: Sequence[Invented], each: int, seed: int) -> list[Caller]:
    """So many callers of every situation."""
    chance = Random(seed)
    numbers = _by_size(people)
    found = []
    for kind, (fits, case) in _CASES.items():
        fitting = [(number, owners) for number, owners in sorted(numbers.items()) if fits(owners)]
        for _ in range(each):
            number, owners = chance.choice(fitting)
            found.append(case(kind, number, owners, people, chance))
    return found


def guesses(people: Sequence[Invented], seed: int) -> Iterator[tuple[Caller, Caller, Caller]]:
    """Three strangers at the telephones of three households, with a wrong name, a wrong day, and both, none with a
    right policy number: in one language they must hear the same words."""
    chance = Random(seed)
    for language in ("en", "ru"):
        families = [
            (number, owners)
            for number, owners in sorted(_by_size(people).items())
            if _family(owners) and owners[0].language == language
        ]
        chance.shuffle(families)
        for at in range(0, len(families) - 2, 3):
            first, second, third = families[at : at + 3]
            yield (
                _guess(first, frozenset({"name"}), people, chance),
                _guess(second, frozenset({"birth_date"}), people, chance),
                _guess(third, frozenset({"name", "birth_date"}), people, chance),
            )


def _guess(at: tuple[str, Owners], wrong: frozenset[str], people: Sequence[Invented], chance: Random) -> Caller:
    number, owners = at
    member = chance.choice(owners)
    return Caller(
        kind="guess",
        person=_other(member, owners, people, chance),
        claims=member,
        number=number,
        on_number=owners,
        right=False,
        wrong=wrong | {"policy_number"},
    )


def _by_size(people: Sequence[Invented]) -> Mapping[str, Owners]:
    found: dict[str, list[Invented]] = {}
    for person in people:
        for number, _ in person.phones:
            found.setdefault(number, []).append(person)
    return {number: tuple(owners) for number, owners in found.items()}


def _alone(owners: Owners) -> bool:
    return len(owners) == 1


def _family(owners: Owners) -> bool:
    return 2 <= len(owners) <= HOUSEHOLD_MOST


def _with_twins(owners: Owners) -> bool:
    return _family(owners) and sum("twin" in person.traits for person in owners) == 2


def _crowd(owners: Owners) -> bool:
    return len(owners) > HOUSEHOLD_MOST


def _other(person: Invented, owners: Owners, people: Sequence[Invented], chance: Random) -> Invented:
    """Somebody of that language who has nothing to do with the number."""
    return chance.choice([p for p in people if p.language == person.language and p not in owners])


def _caller(kind: str, person: Invented, number: str, owners: Owners, **more: object) -> Caller:
    return replace(Caller(kind=kind, person=person, claims=person, number=number, on_number=owners), **more)  # type: ignore[arg-type]


def _member(kind: str, number: str, owners: Owners, _people: Sequence[Invented], chance: Random) -> Caller:
    return _caller(kind, chance.choice(owners), number, owners)


def _twin(kind: str, number: str, owners: Owners, _people: Sequence[Invented], chance: Random) -> Caller:
    return _caller(kind, chance.choice([p for p in owners if "twin" in p.traits]), number, owners)


def _relative(kind: str, number: str, owners: Owners, _people: Sequence[Invented], chance: Random) -> Caller:
    """Says another member's name with a birth date of one's own."""
    me, other = chance.sample(owners, 2)
    claims = replace(other, birth_date=_not(other.birth_date, me.birth_date), policy=me.policy, postcode=me.postcode)
    return _caller(kind, me, number, owners, claims=claims, right=False)


def _not(theirs: str, mine: str) -> str:
    return mine if mine != theirs else f"{int(mine[:4]) - 1}-01-02"


def _stranger(kind: str, number: str, owners: Owners, people: Sequence[Invented], chance: Random) -> Caller:
    """A visitor who knows a member's name, and no more."""
    member = chance.choice(owners)
    wrong = frozenset({"birth_date", "policy_number", "home_postcode"})
    return _caller(
        kind, _other(member, owners, people, chance), number, owners, claims=member, wrong=wrong, right=False
    )


def _of_own(kind: str, number: str, owners: Owners, people: Sequence[Invented], chance: Random) -> Caller:
    """A customer at somebody else's telephone, with facts of one's own."""
    return _caller(kind, _other(owners[0], owners, people, chance), number, owners)


def _nobody(kind: str, number: str, owners: Owners, people: Sequence[Invented], chance: Random) -> Caller:
    """No customer at all, with facts of one's own."""
    like = _other(owners[0], owners, people, chance)
    claims = replace(like, policy="90000001", birth_date="1977-07-07", postcode="00001")
    return _caller(kind, replace(like, customer_id=""), number, owners, claims=claims, right=False)


def _in_hotel(kind: str, _number: str, owners: Owners, people: Sequence[Invented], chance: Random) -> Caller:
    return _caller(kind, chance.choice(people), chance.choice(sorted(LISTED)), owners)


_CASES: Mapping[str, tuple[Callable[[Owners], bool], Case]] = {
    "household": (_family, _member),
    "household_relative": (_family, _relative),
    "household_stranger": (_family, _stranger),
    "twins": (_with_twins, _twin),
    "office": (_crowd, _member),
    "office_stranger": (_crowd, _stranger),
    "listed": (_crowd, _in_hotel),
    "former_partner": (_alone, _of_own),
    "former_partner_posing": (_alone, _stranger),
    "recycled": (_alone, _nobody),
    "recycled_household": (_family, _nobody),
}
