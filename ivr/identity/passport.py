"""PASSporTs: a carrier's signed word for a caller's number (RFC 8224, 8225, 8588, 8946; ATIS-1000074).

Owns the Identity header, the claims and the signature. Pure: the time and the certificate are arguments, and nothing a
header may hold raises anything but StirError. Verified are `shaken` PASSporTs and plain ones (full or compact form);
`div` says a call was diverted and attests nothing of the caller.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ivr.identity.verdict import StirError, Verdict, Why
from ivr.model.sip import split_outside

if TYPE_CHECKING:
    from ivr.identity.credentials import Credential

MOST_HEADERS = 8
_LONGEST_HEADER, _LONGEST_URL, _MOST_CALLED = 8192, 1024, 64
_SAFE_PORTS = {None, 443, 8443}
_TOKEN = re.compile(r"[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+")
_ORIGID = re.compile(r"[\x21-\x7e]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFacts:
    """What a PASSporT must agree with. caller and called: E.164; date: the Date header; call: what tells the INVITE of
    this call from another one that carries the same PASSporT; now: Unix seconds."""

    caller: str
    called: frozenset[str]
    date: str
    call: str
    now: float
    freshness_s: int = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Passport:
    """A PASSporT whose claims agree with the call; its signature is still to be verified. ppt: "shaken" or ""."""

    token: str
    x5u: str
    ppt: str
    iat: int
    attest: str = ""
    origid: str = ""

    def verify(self, credential: Credential, facts: CallFacts) -> Verdict:
        """The verdict of a certificate that was fetched from x5u. Raises StirError."""
        import jwt  # with cryptography 9 MB, for those alone whose trunks sign

        credential.check(facts.caller, facts.now)
        try:
            jwt.PyJWS().decode_complete(self.token, credential.key, algorithms=["ES256"])
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise StirError(Why.BAD_SIGNATURE) from error
        return Verdict(why=Why.VERIFIED, attest=self.attest, origid=self.origid)


class SeenPassports:
    """PASSporTs that were verified lately: one that comes with another call was copied. Holds at most `most`; when they
    are too many the oldest are forgotten, which only verified ones can bring about."""

    def __init__(self, most: int = 100_000) -> None:
        self._most = most
        self._seen: OrderedDict[bytes, tuple[str, float]] = OrderedDict()

    def note(self, passport: Passport, facts: CallFacts) -> None:
        """Remember it. Raises StirError when it came with another call before."""
        while self._seen and next(iter(self._seen.values()))[1] < facts.now:
            self._seen.popitem(last=False)
        # Of the signed words alone: one ES256 signature has many spellings.
        name = sha256(passport.token.rpartition(".")[0].encode()).digest()
        call, _ = self._seen.setdefault(name, (facts.call, facts.now + 2 * facts.freshness_s + 1))
        if call != facts.call:
            raise StirError(Why.REPLAYED)
        if len(self._seen) > self._most:
            self._seen.popitem(last=False)


def read_passports(headers: Iterable[str], facts: CallFacts) -> tuple[tuple[Passport, ...], Verdict]:
    """The PASSporTs of an INVITE that agree with the call, and the verdict should none of them be verified."""
    fields = [part.strip() for value in headers for part in split_outside(value[: 4 * _LONGEST_HEADER], ",")]
    found: list[Passport] = []
    kinds, failures = [], []
    for text in fields[:MOST_HEADERS]:
        try:
            token, params = _header(text)
            kind = params.get("ppt") or ("" if token[0] == "." else _json(token.split(".")[0]).get("ppt", ""))
            kinds.append(kind)
            if kind in ("", "shaken"):
                found.append(_compact(token, params, facts) if token[0] == "." else _full(token, params, facts))
        except StirError as error:
            failures.append(error.why)
    if failures:
        diverted = "div" in kinds and failures == [Why.WRONG_CALLED]
        return tuple(found), Verdict(why=Why.DIVERTED if diverted else failures[0])
    return tuple(found), Verdict(why=Why.UNSUPPORTED if fields else Why.UNSIGNED)


def check_url(url: str, hosts: Iterable[str]) -> None:
    """Raises StirError unless url is https and its host is among hosts (see StirSettings)."""
    if len(url) > _LONGEST_URL or any(not "!" <= character <= "~" for character in url):
        raise StirError(Why.UNSAFE_URL)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise StirError(Why.UNSAFE_URL) from error
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme != "https" or not host or "@" in parts.netloc or "\\" in url:
        raise StirError(Why.UNSAFE_URL)
    if not any(_fits(host, port, allowed.lower()) for allowed in hosts):
        raise StirError(Why.HOST_NOT_ALLOWED)


def _fits(host: str, port: int | None, allowed: str) -> bool:
    if f"{host}:{port or 443}" == allowed:
        return True
    if port not in _SAFE_PORTS:
        return False
    if host == allowed:
        return True
    if allowed == "*":  # any host by name; an address of our own network never by accident
        return "." in host and not _is_address(host)
    return allowed.startswith("*.") and host.endswith(allowed[1:])


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host.rpartition(".")[2].isdigit()
    return True


def _header(text: str) -> tuple[str, Mapping[str, str]]:
    """(token, parameters) of an Identity header field. Raises StirError."""
    token, *rest = (part.strip() for part in split_outside(text, ";"))
    if len(text) > _LONGEST_HEADER or not _TOKEN.fullmatch(token):
        raise StirError(Why.MALFORMED)
    pairs = (part.partition("=") for part in rest)
    params = {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}
    if params.get("alg", "ES256") != "ES256":
        raise StirError(Why.ALGORITHM)
    return token, params


def _full(token: str, params: Mapping[str, str], facts: CallFacts) -> Passport:
    head, body = (_json(part) for part in token.split(".")[:2])
    if head.get("alg") != "ES256":
        raise StirError(Why.ALGORITHM)
    ppt, x5u = head.get("ppt", ""), head.get("x5u")
    info = params.get("info", "").removeprefix("<").removesuffix(">")
    agree = info == x5u and params.get("ppt", ppt) == ppt
    if head.get("typ") != "passport" or ppt not in ("", "shaken") or not isinstance(x5u, str) or not agree:
        raise StirError(Why.MALFORMED)
    if "crit" in head or "b64" in head:
        raise StirError(Why.MALFORMED)
    attest, origid = body.get("attest", ""), body.get("origid", "")
    if ppt == "shaken" and (attest not in ("A", "B", "C") or not _is_origid(origid)):
        raise StirError(Why.MALFORMED)
    iat = _check_claims(body, facts)
    if ppt != "shaken":
        attest = origid = ""
    return Passport(token=token, x5u=x5u, ppt=ppt, iat=iat, attest=attest, origid=origid)


def _compact(token: str, params: Mapping[str, str], facts: CallFacts) -> Passport:
    """The compact form leaves out what SIP says anyway (RFC 8224 section 7); `shaken` has no compact form."""
    x5u = params.get("info", "").removeprefix("<").removesuffix(">")
    if params.get("ppt"):
        raise StirError(Why.UNSUPPORTED)
    if not token.startswith("..") or not x5u:
        raise StirError(Why.MALFORMED)
    try:
        iat = int(parsedate_to_datetime(facts.date).timestamp())
    except (ValueError, TypeError, OverflowError) as error:
        raise StirError(Why.STALE) from error
    called = sorted(number.removeprefix("+") for number in facts.called)
    body = {"dest": {"tn": called}, "iat": iat, "orig": {"tn": facts.caller.removeprefix("+")}}
    _check_claims(body, facts)
    head = {"alg": "ES256", "typ": "passport", "x5u": x5u}
    return Passport(token=f"{_encoded(head)}.{_encoded(body)}.{token[2:]}", x5u=x5u, ppt="", iat=iat)


def _check_claims(body: Mapping[str, Any], facts: CallFacts) -> int:
    """iat, when time, caller and called agree. Raises StirError."""
    iat, orig, dest = body.get("iat"), body.get("orig"), body.get("dest")
    if type(iat) is not int or not 0 <= iat < 1 << 40 or not isinstance(orig, dict) or not isinstance(dest, dict):
        raise StirError(Why.MALFORMED)
    if abs(facts.now - iat) > facts.freshness_s:
        raise StirError(Why.STALE)
    if not facts.caller or _canonical(orig.get("tn")) != facts.caller:
        raise StirError(Why.WRONG_CALLER)
    called = dest.get("tn")
    if not isinstance(called, list) or not 0 < len(called) <= _MOST_CALLED:
        raise StirError(Why.MALFORMED if called is not None else Why.WRONG_CALLED)
    if not facts.called.intersection(_canonical(number) for number in called):
        raise StirError(Why.WRONG_CALLED)
    return iat


def _canonical(number: object) -> str:
    """A number of a claim as E.164; "" when it is none. RFC 8225 has digits alone, some carriers write the plus."""
    if not isinstance(number, str):
        return ""
    digits = number.removeprefix("+")
    return f"+{digits}" if digits.isascii() and digits.isdigit() else ""


def _is_origid(origid: object) -> bool:
    return isinstance(origid, str) and bool(_ORIGID.fullmatch(origid))


def _json(part: str) -> dict[str, Any]:
    """The JSON object in base64url without padding. Raises StirError."""
    try:
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)), object_pairs_hook=_no_twins)
    except (binascii.Error, ValueError, RecursionError) as error:
        raise StirError(Why.MALFORMED) from error
    if not isinstance(found, dict):
        raise StirError(Why.MALFORMED)
    return found


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a claim stands twice")
    return found


def _encoded(claims: Mapping[str, Any]) -> str:
    """The canonical form of RFC 8225 section 9: sorted, no white space, base64url without padding."""
    text = json.dumps(claims, sort_keys=True, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()
