"""A certificate authority, a carrier and its PASSporTs, made for tests: everything real but the trust in them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

X5U = "https://cr.example.com/shaken.pem"
TN_AUTH_LIST = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.26")


def der(tag: int, value: bytes) -> bytes:
    """One DER element."""
    length = len(value)
    size = bytes([length]) if length < 128 else bytes([0x80 | 2, *length.to_bytes(2, "big")])
    return bytes([tag]) + size + value


def provider(code: str = "709J") -> bytes:
    return der(0xA0, der(0x16, code.encode()))


def one_number(number: str) -> bytes:
    return der(0xA2, der(0x16, number.encode()))


def number_range(first: str, count: int) -> bytes:
    return der(0xA1, der(0x30, der(0x16, first.encode()) + der(0x02, count.to_bytes(2, "big"))))


@dataclass(frozen=True)
class Holder:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def issue(
    name: str,
    issuer: Holder | None = None,
    *,
    ca: bool = False,
    entries: Sequence[bytes] | None = (provider(),),
    valid: tuple[int, int] = (-1, 30),
    path_length: int | None = None,
    key: ec.EllipticCurvePrivateKey | None = None,
    extra: Sequence[tuple[x509.ExtensionType, bool]] = (),
) -> Holder:
    """A certificate for name, self-signed without an issuer. valid: days from now. entries: of the TNAuthList."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=valid[0]))
        .not_valid_after(now + timedelta(days=valid[1]))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=path_length if ca else None), critical=True)
    )
    if not ca and entries is not None:
        value = der(0x30, b"".join(entries))
        builder = builder.add_extension(x509.UnrecognizedExtension(TN_AUTH_LIST, value), critical=False)
    for extension, critical in extra:
        builder = builder.add_extension(extension, critical=critical)
    return Holder(certificate=builder.sign(issuer.key if issuer else key, hashes.SHA256()), key=key)


def web_server(authority: Holder, host: str = "127.0.0.1") -> Holder:
    """A certificate for an HTTPS server at an IP address."""
    return issue(
        host, authority, entries=None, extra=[(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), False)]
    )


def encoded(value: Mapping[str, Any] | bytes) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signature(key: ec.EllipticCurvePrivateKey, words: str) -> str:
    r, s = decode_dss_signature(key.sign(words.encode(), ec.ECDSA(hashes.SHA256())))
    return encoded(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def passport(
    key: ec.EllipticCurvePrivateKey,
    *,
    orig: str,
    dest: str,
    iat: float,
    head: Mapping[str, Any] | None = None,
    body: Mapping[str, Any] | None = None,
    x5u: str = X5U,
) -> str:
    """A full-form shaken PASSporT; head and body replace or, with None, leave out claims."""
    heads: dict[str, Any] = {"alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": x5u, **(head or {})}
    bodies: dict[str, Any] = {"attest": "A", "dest": {"tn": [dest]}, "iat": int(iat), "orig": {"tn": orig}}
    bodies |= {"origid": "123e4567-e89b-12d3-a456-426655440000", **(body or {})}
    words = ".".join(encoded({k: v for k, v in each.items() if v is not None}) for each in (heads, bodies))
    return f"{words}.{signature(key, words)}"


def identity(token: str, *, x5u: str = X5U, ppt: str = "shaken") -> str:
    """The Identity header of a PASSporT."""
    return f"{token};info=<{x5u}>;alg=ES256" + (f';ppt="{ppt}"' if ppt else "")
