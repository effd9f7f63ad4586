"""Certificates of carriers that sign callers' numbers: the chain to an authority, the numbers covered. Pure.

Owns what makes an STI certificate acceptable (RFC 5280 as far as ATIS-1000080 uses it, TNAuthList of RFC 8226);
fetching is not its matter. STI certificates have no subjectAltName, so no TLS profile fits them. Revocation lists are
not asked: authorities publish short-lived certificates or a list out of band.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtensionOID

from ivr.identity.verdict import StirError, Why

TN_AUTH_LIST = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.26")
MOST_CERTIFICATES = 6
_LONGEST_PATH = 5
_UNDERSTOOD = {
    TN_AUTH_LIST,
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.KEY_USAGE,
    ExtensionOID.EXTENDED_KEY_USAGE,
    ExtensionOID.CERTIFICATE_POLICIES,
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    ExtensionOID.SUBJECT_KEY_IDENTIFIER,
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    ExtensionOID.CRL_DISTRIBUTION_POINTS,
}
Authorities = tuple[x509.Certificate, ...]
_SEQUENCE, _INTEGER, _IA5, _SPC, _RANGE, _ONE = 0x30, 0x02, 0x16, 0xA0, 0xA1, 0xA2


@dataclass(frozen=True, slots=True, kw_only=True)
class TnAuthList:
    """Whose numbers a certificate may sign. providers: service provider codes, which own numbers by a registry of
    their own; ranges: (first number, how many), digits of E.164 without "+"."""

    providers: tuple[str, ...]
    ranges: tuple[tuple[str, int], ...]

    def covers(self, number: str) -> bool:
        """Whether number (E.164) may be signed. A provider code covers what the registry says, so every number."""
        digits = number.removeprefix("+")
        return bool(self.providers) or any(
            len(digits) == len(first) and int(first) <= int(digits) < int(first) + count for first, count in self.ranges
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A certificate whose chain leads to an authority. Times are Unix seconds: all of the chain is valid within."""

    key: ec.EllipticCurvePublicKey
    tn_auth: TnAuthList
    not_before: float
    not_after: float

    def check(self, number: str, now: float) -> None:
        """Raises StirError when it is not valid now or may not sign number."""
        if not self.not_before <= now <= self.not_after:
            raise StirError(Why.EXPIRED)
        if not self.tn_auth.covers(number):
            raise StirError(Why.NOT_COVERED)


def read_certificates(pem: bytes) -> tuple[x509.Certificate, ...]:
    """The certificates of a PEM text. Raises StirError."""
    try:
        found = tuple(x509.load_pem_x509_certificates(pem))
    except ValueError as error:
        raise StirError(Why.BAD_CERTIFICATE) from error
    if not 0 < len(found) <= MOST_CERTIFICATES:
        raise StirError(Why.BAD_CERTIFICATE)
    return found


def read_authorities(pem: bytes) -> Authorities:
    """The authorities an operator trusts, any number. Raises ValueError when pem holds none or is damaged."""
    return tuple(x509.load_pem_x509_certificates(pem))


def credential(pem: bytes, authorities: Authorities) -> Credential:
    """The credential in a fetched PEM text: the signing certificate first, then its issuers. Raises StirError."""
    leaf, *others = read_certificates(pem)
    try:
        _check_extensions(leaf)
        key, tn_auth = leaf.public_key(), _tn_auth_list(leaf)
        path = [] if _is_authority(leaf, below=0) else _path([leaf], others, authorities)
    except (ValueError, TypeError) as error:
        raise StirError(Why.BAD_CERTIFICATE) from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise StirError(Why.BAD_CERTIFICATE)
    if not path:
        raise StirError(Why.UNTRUSTED)
    return Credential(
        key=key,
        tn_auth=tn_auth,
        not_before=max(each.not_valid_before_utc.timestamp() for each in path),
        not_after=min(each.not_valid_after_utc.timestamp() for each in path),
    )


def _path(
    path: list[x509.Certificate], others: Sequence[x509.Certificate], authorities: Sequence[x509.Certificate]
) -> list[x509.Certificate]:
    """The chain from path[0] to an authority, [] when there is none."""
    last, below = path[-1], len(path) - 1
    for authority in authorities:
        if _issued(last, authority, below):
            return [*path, authority]
    if len(path) >= _LONGEST_PATH:
        return []
    for other in others:
        if other not in path and _issued(last, other, below) and (found := _path([*path, other], others, authorities)):
            return found
    return []


def _issued(child: x509.Certificate, issuer: x509.Certificate, below: int) -> bool:
    if child.issuer != issuer.subject or not _is_authority(issuer, below):
        return False
    if not isinstance(child.signature_hash_algorithm, hashes.SHA256 | hashes.SHA384 | hashes.SHA512):
        return False
    _check_extensions(issuer)
    try:
        child.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _is_authority(certificate: x509.Certificate, below: int) -> bool:
    """Whether it may issue certificates, with that many issuers below it on the path."""
    extensions = certificate.extensions
    try:
        basic = extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return False
    try:
        signs = extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound:
        signs = True
    return basic.ca and signs and (basic.path_length is None or basic.path_length >= below)


def _check_extensions(certificate: x509.Certificate) -> None:
    """Raises ValueError for a critical extension that is not understood (RFC 5280 4.2)."""
    for extension in certificate.extensions:
        if extension.critical and extension.oid not in _UNDERSTOOD:
            raise ValueError(f"critical extension {extension.oid.dotted_string} is not understood")


def _tn_auth_list(leaf: x509.Certificate) -> TnAuthList:
    """Raises StirError when the certificate has none, or none that can be read."""
    try:
        value = leaf.extensions.get_extension_for_oid(TN_AUTH_LIST).value
    except x509.ExtensionNotFound as error:
        raise StirError(Why.NO_TN_AUTH_LIST) from error
    try:
        return parse_tn_auth_list(value.value if isinstance(value, x509.UnrecognizedExtension) else b"")
    except ValueError as error:
        raise StirError(Why.NO_TN_AUTH_LIST) from error


def parse_tn_auth_list(der: bytes) -> TnAuthList:
    """TNAuthorizationList of RFC 8226 section 9 (explicit tags). Raises ValueError for anything else."""
    providers: list[str] = []
    ranges: list[tuple[str, int]] = []
    for tag, value in _elements(_only(der, _SEQUENCE)):
        if tag == _SPC:
            providers.append(_only(value, _IA5).decode("ascii"))
        elif tag == _ONE:
            ranges.append((_digits(_only(value, _IA5)), 1))
        elif tag == _RANGE:
            (first_tag, first), (count_tag, count) = list(_elements(_only(value, _SEQUENCE)))[:2]
            if (first_tag, count_tag) != (_IA5, _INTEGER) or len(count) > 8:
                raise ValueError("no telephone number range")
            ranges.append((_digits(first), int.from_bytes(count, "big", signed=True)))
        else:
            raise ValueError(f"unknown entry {tag:#x}")
    if not providers and not ranges:
        raise ValueError("no entry")
    return TnAuthList(providers=tuple(providers), ranges=tuple(ranges))


def _digits(raw: bytes) -> str:
    text = raw.decode("ascii")
    if not text.isdigit() or len(text) > 15:
        raise ValueError(f"no telephone number: {text!r}")
    return text


def _only(der: bytes, tag: int) -> bytes:
    found = list(_elements(der))
    if len(found) != 1 or found[0][0] != tag:
        raise ValueError(f"one element {tag:#x} expected")
    return found[0][1]


def _elements(der: bytes) -> Iterator[tuple[int, bytes]]:
    """The (tag, value) pairs of concatenated DER elements."""
    at = 0
    while at < len(der):
        if at + 2 > len(der):
            raise ValueError("cut off")
        tag, length = der[at], der[at + 1]
        at += 2
        if length > 0x80:
            size = length & 0x7F
            if size > 2 or at + size > len(der):
                raise ValueError("length is wrong")
            length, at = int.from_bytes(der[at : at + size], "big"), at + size
        elif length == 0x80:
            raise ValueError("indefinite length is no DER")
        if at + length > len(der):
            raise ValueError("cut off")
        yield tag, der[at : at + length]
        at += length
