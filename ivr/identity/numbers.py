"""The number of an INVITE: whose word it is, in E.164, and what kind of number. Pure; never raises.

Owns who may name the caller (RFC 3261, 3323, 3325; draft-ietf-sip-privacy-04 for Remote-Party-ID) and the peer's
verdict on STIR (`verstat`, ATIS-1000074). Only a trusted trunk asserts; everybody else has a From, which is a claim.
Diversion and History-Info name who was called first, never who calls. A withheld number leaves this module for the
verification of its signature and for nothing else.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumberType

from ivr.config import TrunkSettings
from ivr.model.identity import Caller
from ivr.model.media import CallArrived
from ivr.model.sip import MOST_ADDRESSES, MOST_CHARS, Address, address, addresses, split_outside

# The trunk of those who belong to none: nothing they assert is believed.
STRANGERS = TrunkSettings.model_construct(name="", peers=())

_NOT_A_NUMBER = re.compile(r"[^0-9+().\- ]", re.ASCII)
_LONGEST_NUMBER = 40
_WITHHELD_USERS = {"anonymous", "restricted", "private", "withheld"}
_WITHHOLDING = {"id", "user", "header", "session"}
_VERSTAT = re.compile(r"TN-Validation-(Passed|Failed)(?:-([ABC]))?", re.IGNORECASE)
_TYPES = {
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE: "fixed",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed_or_mobile",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.PREMIUM_RATE: "premium",
    PhoneNumberType.SHARED_COST: "shared_cost",
    PhoneNumberType.TOLL_FREE: "toll_free",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberEvidence:
    """What an INVITE says of its caller. signed: the number a PASSporT must name, withheld or not; never to be kept."""

    caller: Caller
    signed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """A number and the header that named it. claimed: nobody we trust stands for it."""

    source: str
    address: Address
    number: str
    claimed: bool


def trunk_of(source: str, trunks: Iterable[TrunkSettings]) -> TrunkSettings:
    """The trunk of the sender "ip:port" or "[ip]:port": that of the narrowest network; STRANGERS when there is none."""
    host = source.rpartition(":")[0].strip("[]").partition("%")[0]
    try:
        sender = ipaddress.ip_address(host)
    except ValueError:
        return STRANGERS
    sender = getattr(sender, "ipv4_mapped", None) or sender
    best, narrowest = STRANGERS, -1
    for trunk in trunks:
        for peer in trunk.peers:
            network = ipaddress.ip_network(peer, strict=False)
            if network.version == sender.version and sender in network and network.prefixlen > narrowest:
                best, narrowest = trunk, network.prefixlen
    return best


def number_evidence(arrived: CallArrived, trunk: TrunkSettings, *, region: str) -> NumberEvidence:
    """Who calls, by the headers of an INVITE that came by trunk. region: of numbers without a country code where the
    trunk names none."""
    region = trunk.region or region
    named, others = _named(arrived, trunk, region)
    spoofed = not trunk.trusted and any(e164(each, region) != named.number for each in _asserted(arrived))
    private = _is_private(arrived)
    verification, attest = _peer_verdict(named, trunk)
    kept = "" if private or (spoofed and trunk.strict) else named.number
    caller = Caller(
        ani=kept,
        dnis=_dialled(arrived),
        claimed=named.claimed,
        diverted_from=_diverted_from(arrived),
        private=private,
        number_source=named.source if named.number else "none",
        number_type=number_type(kept),
        verification=verification,
        attest=attest,
        trunk=trunk.name,
        signals=(*(("spoofed_header",) if spoofed else ()), *(("several_identities",) if others else ())),
    )
    return NumberEvidence(caller=caller, signed=named.number)


def called_numbers(arrived: CallArrived, trunk: TrunkSettings, *, region: str) -> frozenset[str]:
    """The numbers a PASSporT may name as called, E.164: the Request-URI's, To's where that has none, the trunk's."""
    region = trunk.region or region
    dialled = e164(address(f"<{arrived.request_uri}>"), region) or e164(address(arrived.to_header), region)
    ours = (_to_e164(number, region) for number in trunk.numbers)
    return frozenset(number for number in (dialled, *ours) if number)


def e164(named: Address, region: str) -> str:
    """The number of an address in E.164 as dialled from region, "" when it is no possible telephone number."""
    context = named.param("phone-context")
    local = named.user
    if context.startswith("+") and not local.startswith("+"):
        local = context + local
    return _to_e164(local, region)


def _to_e164(number: str, region: str) -> str:
    if not number or len(number) > _LONGEST_NUMBER or _NOT_A_NUMBER.search(number):
        return ""
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(parsed):
        return ""
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def number_type(number: str) -> str:
    """What kind of number an E.164 number is, in the words of Caller.number_type."""
    if not number:
        return ""
    parsed = phonenumbers.parse(number, None)
    if not phonenumbers.is_valid_number(parsed):
        return "invalid"
    return _TYPES.get(phonenumbers.number_type(parsed), "other")


def header(arrived: CallArrived, name: str) -> list[str]:
    """The values of a header, one for each time it came."""
    return [value for key, value in arrived.headers if key.lower() == name.lower()]


def _named(arrived: CallArrived, trunk: TrunkSettings, region: str) -> tuple[_Named, bool]:
    """The best word for the caller's number, and whether asserted identities name several."""
    if trunk.trusted:
        asserted = [found for value in header(arrived, "P-Asserted-Identity") for found in addresses(value)]
        asserted.sort(key=lambda found: found.scheme != "tel")
        numbers = [(found, number) for found in asserted if (number := e164(found, region))]
        if numbers:
            found, number = numbers[0]
            several = len({number for _, number in numbers}) > 1
            return _Named(source="pai", address=found, number=number, claimed=False), several
        for found in _calling_parties(arrived):
            if number := e164(found, region):
                screened = found.param("screen").lower() != "no"
                return _Named(source="rpid", address=found, number=number, claimed=not screened), False
    sender = address(arrived.from_header)
    number = e164(sender, region)
    believed = trunk.trusted and trunk.from_asserted
    return _Named(source="from", address=sender, number=number, claimed=not believed), False


def _asserted(arrived: CallArrived) -> list[Address]:
    """Whoever is asserted to call, by whatever peer."""
    asserted = [each for value in header(arrived, "P-Asserted-Identity") for each in addresses(value)]
    return asserted + _calling_parties(arrived)


def _calling_parties(arrived: CallArrived) -> list[Address]:
    found = [each for value in header(arrived, "Remote-Party-ID") for each in addresses(value)]
    return [each for each in found if each.param("party").lower() in {"", "calling"}]


def _is_private(arrived: CallArrived) -> bool:
    """Whether the number is withheld, in any of the ways there are and by whoever says so."""
    asked = {
        token.lower() for value in header(arrived, "Privacy") for token in re.split(r"[;,\s]+", value[:MOST_CHARS])
    }
    if asked & _WITHHOLDING:
        return True
    if any(each.param("privacy").lower() in {"full", "uri"} for each in _calling_parties(arrived)):
        return True
    asserted = (each for value in header(arrived, "P-Asserted-Identity") for each in addresses(value))
    return any(
        each.host == "anonymous.invalid" or each.user.lower() in _WITHHELD_USERS
        for each in (address(arrived.from_header), *asserted, *_calling_parties(arrived))
    )


def _peer_verdict(named: _Named, trunk: TrunkSettings) -> tuple[str, str]:
    """(verification, attest) as the peer says, where its word counts."""
    found = _VERSTAT.fullmatch(named.address.param("verstat")) if trunk.verstat and named.number else None
    if found is None:
        return "none", ""
    if found[1].lower() == "failed":
        return "failed", ""
    return "passed", (found[2] or trunk.plain_verstat).upper()


def _dialled(arrived: CallArrived) -> str:
    """What was dialled: the user part of the Request-URI, its host when it has none."""
    dialled = address(f"<{arrived.request_uri}>")
    return dialled.user or dialled.host


def _diverted_from(arrived: CallArrived) -> str:
    """Who was called first, as the newest Diversion or the oldest History-Info says, "" when that is private."""
    diversions = [each for value in header(arrived, "Diversion") for each in addresses(value)]
    history = [
        part
        for value in header(arrived, "History-Info")
        for part in split_outside(value[:MOST_CHARS], ",")[:MOST_ADDRESSES]
        if address(part).scheme
    ]
    if diversions:
        first = diversions[0]
        return "" if first.param("privacy").lower() in {"full", "uri"} else first.user or first.host
    if history and not re.search(r"privacy(=|%3d)(history|header|session)", history[0], re.IGNORECASE):
        return address(history[0]).user or address(history[0]).host
    return ""
