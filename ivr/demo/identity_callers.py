"""Simulated callers: who they are, what they know, how they answer each question, and what they should reach.

Owns the cases: known numbers, households, offices, unknown numbers, people without their policy number, slips and
corrections, names as a recogniser writes them, and people who are not who they say. Drawn by chance from a seed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from ivr.demo.crm_people import Invented
from ivr.demo.misheard import misheard
from ivr.demo.spoken_facts import said_day, said_number, wrong_number

STRANGE = {"en": "+13125550", "ru": "+74990000"}
REQUESTS = {
    "en": ("I need a copy of my policy", "copy of my policy please"),
    "ru": ("нужна копия полиса", "копия полиса"),
}
INTRODUCTIONS = {"en": ("my name is {}", "{}", "it's {}"), "ru": ("меня зовут {}", "{}", "это {}")}
NOT_KNOWN = {
    "en": ("I don't know", "I don't know the number", "I don't have it with me"),
    "ru": ("не знаю", "я не знаю номера", "я не помню номер полиса"),
}
YES_NO = {"en": ("yes", "no"), "ru": ("да", "нет")}
SPELLING = frozenset({"en"})
"""Languages in which who is asked for the name once more is asked to spell it."""
HOUSEHOLD_MOST = 5
KEYED_WHEN_ASKED_AGAIN = {1: 0.0, 2: 0.75, 3: 1.0}
"""How often a question stood -> share of callers who key their answer."""
MISHEARD_NUMBERS = 0.06
"""Share of spoken numbers with a wrong digit, where no recogniser does that by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """One simulated caller. person: who it really is; claims: whose facts are told (the same, but for impostors).

    on_number: everybody with the number called from. right: should this caller be identified at all? keyed: numbers are
    pressed, not spoken. patient: hears prompts out; others answer as soon as something was asked. sentence: names
    himself with the request. lacks: facts not known. slips: wrong the first time. wrong: facts that stay wrong.
    """

    kind: str
    person: Invented
    claims: Invented
    number: str
    on_number: tuple[Invented, ...] = ()
    right: bool = True
    keyed: bool = False
    patient: bool = True
    sentence: bool = False
    lacks: frozenset[str] = frozenset()
    slips: frozenset[str] = frozenset()
    wrong: frozenset[str] = frozenset()

    @property
    def language(self) -> str:
        return self.person.language


class Answers:
    """What a caller says to the questions of one call. heard_badly: names and numbers come out as a recogniser would
    write them; by ear the recogniser does that itself, and everything is said in words."""

    def __init__(self, caller: Caller, chance: Random, *, heard_badly: bool) -> None:
        self._caller, self._chance, self._heard_badly = caller, chance, heard_badly
        self._asked: Counter[str] = Counter()

    def request(self, key: str = "") -> str:
        """The first words; asked again, most press the key (if there is one), the others say what they want and no
        more."""
        caller, language = self._caller, self._caller.language
        self._asked["request"] += 1
        again = self._asked["request"] > 1
        if again and key and self._keys_now("request"):
            return "#" + key
        wish = self._chance.choice(REQUESTS[language])
        if again or not caller.sentence:
            return wish
        introduced = INTRODUCTIONS[language][0].format(self._name())
        if "policy_number" in caller.lacks:
            return f"{introduced}, {wish}"
        number = said_number(_digits(caller.claims.policy), language, self._chance, aloud=not self._heard_badly)
        return f"{introduced}, {'policy' if language == 'en' else 'полис'} {number}, {wish}"

    def to(self, slot: str, *, again: bool = False) -> str:
        """Words, or keys with a # before them; "" = silence. again: it was asked in the words for whoever is asked once
        more, for names with the spelling."""
        self._asked[slot] += 1
        caller, language = self._caller, self._caller.language
        if slot in caller.lacks:
            return self._chance.choice(NOT_KNOWN[language])
        if slot == "policy_number":
            return self._number(_digits(caller.claims.policy), slot)
        if slot in ("home_postcode", "postcode"):
            return self._number(caller.claims.postcode, slot)
        if slot == "account_number":
            return self._number(caller.claims.account, slot)
        if slot == "birth_date":
            return self._day()
        if slot in ("first_name", "full_name", "name"):
            name = self._name(first_only=slot == "first_name", spelled=again and slot == "full_name")
            return self._chance.choice(INTRODUCTIONS[language]).format(name)
        return ""

    def means(self, slot: str) -> str:
        """The right value of a slot, as it would be read back."""
        claims = self._caller.claims
        known = {
            "policy_number": _digits(claims.policy),
            "account_number": claims.account,
            "birth_date": claims.birth_date,
        }
        return known.get(slot, claims.postcode)

    def yes_no(self, *, yes: bool) -> str:
        return YES_NO[self._caller.language][0 if yes else 1]

    def _keys_now(self, slot: str) -> bool:
        """Most of those who are asked again do as the prompt says and key it in."""
        return self._chance.random() < KEYED_WHEN_ASKED_AGAIN[min(self._asked[slot], 3)]

    def _number(self, digits: str, slot: str) -> str:
        caller = self._caller
        told = wrong_number(digits, self._chance) if slot in caller.wrong else digits
        first = self._asked[slot] == 1
        if caller.keyed or self._keys_now(slot):
            return "#" + (wrong_number(told, self._chance) if first and slot in caller.slips else told)
        if self._heard_badly and self._chance.random() < MISHEARD_NUMBERS:
            told = wrong_number(told, self._chance)
        slip, aloud = first and slot in caller.slips, not self._heard_badly
        return said_number(told, caller.language, self._chance, slip=slip, aloud=aloud)

    def _day(self) -> str:
        caller, day = self._caller, self._caller.claims.birth_date
        wrong = "birth_date" in caller.wrong or ("birth_date" in caller.slips and self._asked["birth_date"] == 1)
        if wrong:
            day = (
                f"{int(day[:4]) + self._chance.choice((-3, -1, 1, 2))}{day[4:]}" if day[5:] != "02-29" else "1970-01-01"
            )
        if caller.keyed or self._keys_now("birth_date"):
            return "#" + day[8:] + day[5:7] + day[:4]
        return said_day(day, caller.language, self._chance)

    def _name(self, *, first_only: bool = False, spelled: bool = False) -> str:
        caller = self._caller
        name = caller.claims.name if "name" not in caller.wrong else caller.person.name
        if first_only:
            name = name.split()[0]
        if not self._heard_badly:
            words = name.split()
            said = name if len(words) < 3 or self._chance.random() < 0.4 else f"{words[0]} {words[-1]}"
            spells = spelled and caller.language in SPELLING
            return f"{said}, {', '.join(filter(str.isalpha, words[-1].upper()))}" if spells else said
        return misheard(name, caller.language, self._chance, slips=0.4 if first_only else 0.7)


def _digits(policy: str) -> str:
    return policy.rpartition("-")[2]


def identifications(people: Sequence[Invented], count: int, seed: int) -> list[Caller]:
    """That many callers of all kinds, in turn."""
    chance, by_number = Random(seed), _by_number(people)
    kinds = tuple(_KINDS)
    return [_KINDS[kinds[n % len(kinds)]](kinds[n % len(kinds)], people, by_number, chance, n) for n in range(count)]


ByNumber = Mapping[str, tuple[Invented, ...]]


def _by_number(people: Sequence[Invented]) -> ByNumber:
    found: dict[str, list[Invented]] = {}
    for person in people:
        for number, _ in person.phones:
            found.setdefault(number, []).append(person)
    return {number: tuple(owners) for number, owners in found.items()}


def _strange(person: Invented, n: int) -> str:
    return f"{STRANGE[person.language]}{n:03d}"


def _known(kind: str, people: Sequence[Invented], by_number: ByNumber, chance: Random, _n: int) -> Caller:
    number, owners = next(o for o in _drawn(by_number, chance) if len(o[1]) == 1)
    return _caller(kind, owners[0], number, owners, chance)


def _household(kind: str, people: Sequence[Invented], by_number: ByNumber, chance: Random, _n: int) -> Caller:
    number, owners = next(o for o in _drawn(by_number, chance) if 2 <= len(o[1]) <= HOUSEHOLD_MOST)
    return _caller(kind, chance.choice(owners), number, owners, chance)


def _office(kind: str, people: Sequence[Invented], by_number: ByNumber, chance: Random, _n: int) -> Caller:
    number, owners = next(o for o in _drawn(by_number, chance) if len(o[1]) > HOUSEHOLD_MOST)
    return _caller(kind, chance.choice(owners), number, owners, chance)


def _unknown(kind: str, people: Sequence[Invented], by_number: ByNumber, chance: Random, n: int) -> Caller:
    person = chance.choice(people)
    caller = _caller(kind, person, _strange(person, n) if n % 2 else "", (), chance)
    return replace(
        caller,
        sentence=kind == "sentence" or (kind == "no_policy" and n % 4 > 1),
        lacks=_LACKING.get(kind, frozenset()),
    )


def _slip(kind: str, people: Sequence[Invented], by_number: ByNumber, chance: Random, n: int) -> Caller:
    base = (_known if chance.random() < 0.5 else _unknown)(kind, people, by_number, chance, n)
    return replace(base, slips=frozenset({chance.choice(("policy_number", "birth_date"))}))


def _friend(kind: str, people: Sequence[Invented], by_number: ByNumber, chance: Random, n: int) -> Caller:
    """Calls from somebody else's telephone: a friend's, a former partner's, one that was given out again."""
    known = _known(kind, people, by_number, chance, n)
    person = chance.choice([p for p in people if p.language == known.language and p is not known.person])
    return replace(known, person=person, claims=person)


def _impostor(kind: str, people: Sequence[Invented], by_number: ByNumber, chance: Random, n: int) -> Caller:
    """Knows the name and one fact of somebody, at that somebody's telephone or elsewhere."""
    victim = (_known if n % 2 else _unknown)(kind, people, by_number, chance, n)
    person = chance.choice([p for p in people if p.language == victim.language and p is not victim.person])
    wrong = frozenset({chance.choice(("policy_number", "birth_date"))} | ({"home_postcode"} if n % 3 else set()))
    return replace(victim, person=person, wrong=wrong, right=False, slips=frozenset())


_LACKING = {"no_policy": frozenset({"policy_number"})}
_KINDS = {
    "known": _known, "household": _household, "unknown": _unknown, "sentence": _unknown, "no_policy": _unknown,
    "slip": _slip, "office": _office, "known_again": _known, "friend": _friend, "impostor": _impostor,
}  # fmt: skip


def _caller(kind: str, person: Invented, number: str, owners: tuple[Invented, ...], chance: Random) -> Caller:
    return Caller(
        kind=kind,
        person=person,
        claims=person,
        number=number,
        on_number=owners,
        keyed=chance.random() < 0.15,
        patient=chance.random() < 0.5,
    )


def _drawn(by_number: ByNumber, chance: Random) -> Iterator[tuple[str, tuple[Invented, ...]]]:
    """Numbers in an order of chance."""
    numbers = list(by_number)
    while True:
        number = chance.choice(numbers)
        yield number, by_number[number]
